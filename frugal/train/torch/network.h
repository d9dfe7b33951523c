#pragma once

/// Private to this folder: a model as LibTorch sees it, from a file and back.

#include <ATen/ATen.h>

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "frugal/format/gguf.h"
#include "frugal/model/model.h"
#include "frugal/train/packer.h"
#include "frugal/train/torch/ops.h"

namespace frugal::train {

/// A tensor of the file as float32 with a gradient: [rows, cols], or [n] for a vector.
struct Parameter {
  std::string name;
  Tensor value;
};

/// A batch on the device of the network.
struct Inputs {
  Tensor tokens;     ///< int64 [rows * length]
  Tensor positions;  ///< int64 [rows * length]
  Tensor segments;   ///< int64 [rows * length]
  Tensor targets;    ///< int64 [rows * length]; -100: none
  std::int64_t rows = 0;
  std::vector<Block> blocks;
};

/// int64 [n] on a device.
[[nodiscard]] Tensor to_device(const std::vector<std::int64_t>& values, const at::Device& device);

[[nodiscard]] Inputs inputs_of(const Batch& batch, const at::Device& device);

/// The forward pass of every architecture that `model` describes: the arithmetic that the roles in
/// model::Layer say, over the parameters of a file.
///
/// Numbers: float32 parameters; activations as autocast decides.
/// Errors:  what LibTorch throws, which `train` turns into Error at its border.
/// Threads: one caller; LibTorch spreads the work.
class Network {
 public:
  /// Errors: those of model::describe.
  Network(std::shared_ptr<const format::TensorFile> file, const at::Device& device);

  [[nodiscard]] const model::Model& model() const { return model_; }
  [[nodiscard]] const at::Device& device() const { return device_; }
  /// In file order.
  [[nodiscard]] std::vector<Parameter>& parameters() { return parameters_; }
  [[nodiscard]] const std::vector<Parameter>& parameters() const { return parameters_; }
  [[nodiscard]] std::int64_t parameter_count() const;
  /// Tensors of a run that are not of the file: checkpoints hold them, the saved model does not.
  [[nodiscard]] const std::vector<Parameter>& memory() const { return memory_; }
  void remember(Parameter parameter) { memory_.push_back(std::move(parameter)); }

  /// Rows after the last norm: [rows * length, embedding].  `after_layer`, where given, is called
  /// with each layer's index and the residual stream after it.
  using LayerFn = std::function<void(std::size_t layer, const Tensor& x)>;
  [[nodiscard]] Tensor hidden(const Inputs& inputs, const LayerFn& after_layer = {}) const;
  /// [n, embedding] -> [n, vocab_size]
  [[nodiscard]] Tensor logits(const Tensor& hidden) const;
  /// The model's output norm: for streams taken after an earlier layer.
  [[nodiscard]] Tensor final_norm(const Tensor& x) const;
  /// What the exit after `layer` says of the stream there: [n, embedding] -> [n, vocab_size].
  [[nodiscard]] Tensor exit_logits(std::size_t layer, const Tensor& x) const;
  /// Pooled rows to the classifier's scores: [n, embedding] -> [n, labels].
  [[nodiscard]] Tensor classify(const Tensor& pooled) const;

  /// What stands between a parameter and its use: the identity, or rounding, gates, a low-rank sum.
  using Lens = std::function<Tensor(const std::string& name, const Tensor& value)>;
  /// A later lens sees what those before it show.
  void look_through(Lens lens);

  /// Writes the parameters, seen through the lens, with the file's metadata.  Matrices get `type`;
  /// vectors and what llama.cpp keeps stay F32.
  /// Errors: those of write_gguf; kCorrupt for a parameter that is not finite.
  void save(const std::filesystem::path& path, DType type,
            const format::Metadata& further = {}) const;

 private:
  [[nodiscard]] Tensor value(const std::string& name) const;
  [[nodiscard]] Tensor rows_of(const model::Weight& weight) const;
  [[nodiscard]] Tensor bias_of(const model::Linear& linear) const;
  [[nodiscard]] Tensor linear(const model::Linear& linear, const Tensor& x) const;
  [[nodiscard]] Tensor norm(const model::Norm& norm, const Tensor& x) const;
  [[nodiscard]] Tensor embed(const Inputs& inputs) const;
  struct Turns;
  [[nodiscard]] Turns turns_of(const Tensor& positions) const;
  [[nodiscard]] Tensor attention(const model::Layer& layer, const Tensor& x, const Turns& turns,
                                 Visibility& visible) const;
  [[nodiscard]] Tensor mlp(const model::Layer& layer, const Tensor& x) const;
  [[nodiscard]] Tensor join(const Tensor& x, const Tensor& delta, const model::Norm& post,
                            const model::Norm& end) const;

  model::Model model_;
  at::Device device_;
  std::vector<Parameter> parameters_;
  std::vector<Parameter> memory_;
  std::map<std::string, std::size_t, std::less<>> by_name_;
  std::vector<Tensor> angles_;  ///< of each rotation: [context, pairs]
  Lens lens_;
};

}  // namespace frugal::train
