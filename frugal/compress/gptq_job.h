#pragma once

/// A whole model by GPTQ: calibrated in as many passes over a text as memory asks for, killed and
/// resumed at any point.

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "frugal/compress/calibrate.h"
#include "frugal/compress/gptq.h"
#include "frugal/compress/quantize.h"
#include "frugal/compress/rounded_store.h"
#include "frugal/model/model.h"

namespace frugal::compress {

struct GptqOptions {
  QuantizeOptions rounding = {};  ///< types, kernels, threads, progress, notes; no importance
  std::size_t context = 512;      ///< tokens of a window
  std::size_t max_tokens = 0;     ///< of the text; 0: all
  std::uint64_t sums_bytes = 0;   ///< most memory for sums at once; 0: the least that does
  std::string version = {};       ///< of the program: another version does not go on with a job
};

/// What a job will need, told before it starts.
struct GptqForecast {
  std::size_t matrices = 0;   ///< that GPTQ is tried on
  std::size_t finished = 0;   ///< of them, by an earlier run
  std::size_t passes = 0;     ///< over the text
  std::size_t tokens = 0;     ///< of a pass
  std::size_t most_cols = 0;  ///< of a matrix
  std::uint64_t bytes = 0;    ///< of memory, besides the model and the engine's caches
};

struct GptqResult {
  QuantizeResult file = {};
  std::vector<RoundedRecord> matrices = {};  ///< what was tried, in the order of the network
  std::vector<Unweighted> without = {};      ///< matrices in block types that GPTQ was not tried on
  GptqForecast forecast = {};
};

/// Rounds a model as `quantize` does, but every matrix of two dimensions that takes part in a
/// product, is stored in a type with a grid and gets any input by `round_matrix`.
///
/// Numbers: the matrices are calibrated with the model as it was; each is rounded on its own. The
///          bytes do not depend on threads, on `sums_bytes`, nor on where a job was stopped.
/// Errors:  those of second_moments, check_storable, RoundedStore and quantize.
/// Memory:  as forecast; `sums_bytes` bounds all of it but what one input and one matrix need.
/// Files:   OUTPUT.rounded holds what is finished and is removed at the end.
class GptqJob {
 public:
  /// Both must outlive the job.
  GptqJob(const model::Model& model, std::span<const text::TokenId> text,
          std::filesystem::path output, GptqOptions options);
  GptqJob(const GptqJob&) = delete;
  GptqJob& operator=(const GptqJob&) = delete;

  [[nodiscard]] const GptqForecast& forecast() const { return forecast_; }
  /// To be called once.
  GptqResult run();

 private:
  struct Target {
    const format::TensorInfo* tensor;
    DType type;
  };
  [[nodiscard]] static std::vector<Target> targets_of(const model::Model& model,
                                                      GptqOptions& options);
  [[nodiscard]] std::string key() const;
  [[nodiscard]] const Target* target(const std::string& tensor) const;
  void plan();
  void round_pass(std::size_t pass, ThreadPool& pool);
  void round_tensor(const Target& target, const ErrorFeedback& feedback, ThreadPool& pool);
  void report(std::string_view stage, std::uint64_t done, std::uint64_t total) const;

  const model::Model& model_;
  std::span<const text::TokenId> text_;
  std::filesystem::path output_;
  GptqOptions options_;
  const kernels::Kernels& kernels_;
  std::vector<Target> targets_;  ///< tensors that are stored in a type with a grid
  RoundedStore store_;
  std::vector<Input> inputs_;  ///< of matrices that are not finished
  std::vector<std::span<const Input>> passes_;
  GptqForecast forecast_;
  std::vector<Unweighted> blind_;
  std::uint64_t bytes_done_ = 0;  ///< of matrices as they were
  std::uint64_t bytes_all_ = 0;
};

}  // namespace frugal::compress
