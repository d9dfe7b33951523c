#pragma once

/// Private to this folder: what the loss would change by if a weight were gone.

#include <cstdint>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "frugal/train/torch/network.h"

namespace frugal::train {

/// Sums over batches of |w g|, g being the gradient of a batch's mean loss: to first order, how
/// much the loss changes when the weight w becomes 0.  Added up over
///
///   rows, cols   each row and each column of each matrix
///   channels     of a layer's MLP: row of gate and up, column of down
///   heads        of a layer's attention: rows of the query, columns of the output
///
/// Numbers: float32; means over the batches.
/// Source:  Molchanov et al. 2019, arXiv:1906.10771, section 3, with |.| in place of the square.
class Scores {
 public:
  /// The network must outlive this.
  explicit Scores(const Network& network);

  /// Adds what the gradients, which the parameters hold now, say.
  void add();
  [[nodiscard]] std::uint64_t batches() const { return batches_; }

  /// "blk.0.ffn_up.weight.rows", "….cols", "blk.0.channels", "blk.0.heads", each with its means.
  [[nodiscard]] std::vector<std::pair<std::string, Tensor>> means() const;
  /// The same as a GGUF file (docs/formats/scores.md).
  /// Errors: those of write_gguf; kCorrupt for a score that is not finite.
  void save(const std::filesystem::path& path) const;

 private:
  struct Sum {
    std::string name;
    Tensor value;  ///< float32 [n]
  };
  void add_layer(std::size_t index);
  [[nodiscard]] Tensor taylor_of(const model::Weight& weight) const;
  void add_to(const std::string& name, const Tensor& value);

  const Network& network_;
  std::vector<Sum> sums_;
  std::uint64_t batches_ = 0;
};

}  // namespace frugal::train
