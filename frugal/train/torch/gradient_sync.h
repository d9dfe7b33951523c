#pragma once

/// Private to this folder: gradients summed over ranks while backward is still under way.

#include <cstddef>
#include <exception>
#include <memory>
#include <vector>

#include "frugal/train/recipe.h"
#include "frugal/train/torch/bucket.h"
#include "frugal/train/torch/communicator.h"
#include "frugal/train/torch/compressor.h"

namespace torch::autograd {
struct Node;
}

namespace frugal::train {

/// Buckets that are summed over ranks, each by a compressor of its own.
class Exchange {
 public:
  Exchange(Communicator& communicator, const ParallelRecipe& recipe,
           const std::vector<Slot>& slots);

  [[nodiscard]] const std::vector<Bucket>& buckets() const { return buckets_; }
  /// Sends the next bucket, in order.
  void begin_next();
  /// Sends the rest; then every bucket holds its sum.
  void finish();

 private:
  Communicator& communicator_;
  std::vector<Bucket> buckets_;
  std::vector<std::unique_ptr<Compressor>> compressors_;
  std::size_t begun_ = 0;
};

/// Makes the slots' gradients sums over ranks.  From now on they lie in buckets; a bucket is sent
/// when backward has put the last of its gradients in place, and those before it are sent: all
/// ranks send them in one order, whatever the order of their gradients.
///
/// A step: backward of all batches but the last; `arm`; backward of the last; `finish`.
///
/// Errors:  LostRanks from `finish` alone, also where backward met it.
/// Threads: one at a time; on a GPU hooks run in LibTorch's thread, while its caller waits.
/// Source:  Li et al. 2020, arXiv:2006.15704, sections 3.2.2 and 3.2.3.
class GradientSync {
 public:
  /// The slots' values must be leaves that want gradients.
  GradientSync(Communicator& communicator, const ParallelRecipe& recipe, std::vector<Slot>& slots);
  ~GradientSync();
  GradientSync(const GradientSync&) = delete;
  GradientSync& operator=(const GradientSync&) = delete;

  void arm();
  void finish();
  /// Buckets that went off during the latest backward.
  [[nodiscard]] std::size_t overlapped() const { return next_; }

 private:
  struct Watch;  ///< what hooks may outlive
  void arrived(std::size_t bucket);

  Exchange exchange_;
  std::vector<std::size_t> missing_;  ///< gradients per bucket
  std::size_t next_ = 0;              ///< bucket to send
  bool armed_ = false;
  std::exception_ptr fault_;
  std::shared_ptr<Watch> watch_;
  std::vector<std::shared_ptr<torch::autograd::Node>> hooked_;  ///< live as long as they are held
};

}  // namespace frugal::train
