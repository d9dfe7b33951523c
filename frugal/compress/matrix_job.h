#pragma once

/// A whole model by one MatrixMethod: calibrated in as many passes over a text as memory asks for,
/// killed and resumed at any point.

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "frugal/compress/calibrate.h"
#include "frugal/compress/matrix_method.h"
#include "frugal/compress/quantize.h"
#include "frugal/compress/rounded_store.h"
#include "frugal/model/model.h"

namespace frugal::compress {

struct MatrixJobOptions {
  QuantizeOptions rounding = {};  ///< types, kernels, threads, progress, notes; no importance
  std::size_t context = 512;      ///< tokens of a window
  std::size_t max_tokens = 0;     ///< of the text; 0: all
  std::uint64_t sums_bytes = 0;   ///< most memory for sums at once; 0: the least that does
  std::string version = {};       ///< of the program: another version does not go on with a job
};

/// What a job will need, told before it starts.
struct JobForecast {
  std::size_t matrices = 0;   ///< that the method is tried on
  std::size_t finished = 0;   ///< of them, by an earlier run
  std::size_t passes = 0;     ///< over the text
  std::size_t tokens = 0;     ///< of a pass
  std::size_t most_cols = 0;  ///< of a matrix
  std::uint64_t bytes = 0;    ///< of memory, besides the model and the engine's caches
};

struct JobResult {
  QuantizeResult file = {};
  std::vector<RoundedRecord> matrices = {};  ///< what was tried, in the order of the network
  std::vector<Unweighted> without = {};      ///< matrices that the method could not be tried on
  std::uint64_t numbers = 0;                 ///< in the matrices that were tried
  JobForecast forecast = {};
};

/// Rounds a model as `quantize` does, but every matrix that the method takes, that takes part in a
/// product and gets any input, by the method.
///
/// Numbers: the matrices are calibrated with the model as it was; each is made on its own. The
///          bytes do not depend on threads, on `sums_bytes`, nor on where a job was stopped.
/// Errors:  those of the method, second_moments, check_storable, RoundedStore and quantize.
/// Memory:  as forecast; `sums_bytes` bounds all of it but what one input and one matrix need.
/// Files:   OUTPUT.rounded holds what is finished and is removed at the end.
class MatrixJob {
 public:
  /// Model, text and method must outlive the job.  The text may be empty for a method that learns
  /// from none.
  MatrixJob(const model::Model& model, std::span<const text::TokenId> text, MatrixMethod& method,
            std::filesystem::path output, MatrixJobOptions options);
  MatrixJob(const MatrixJob&) = delete;
  MatrixJob& operator=(const MatrixJob&) = delete;

  [[nodiscard]] const JobForecast& forecast() const { return forecast_; }
  /// To be called once.
  JobResult run();

 private:
  struct Target {
    const format::TensorInfo* tensor;
    DType type;
  };
  [[nodiscard]] static std::vector<Target> targets_of(const model::Model& model,
                                                      const MatrixMethod& method,
                                                      MatrixJobOptions& options);
  [[nodiscard]] std::string key() const;
  [[nodiscard]] const Target* target(const std::string& tensor) const;
  [[nodiscard]] std::vector<Input> inputs() const;
  void plan();
  void run_pass(std::size_t pass, ThreadPool& pool);
  [[nodiscard]] std::vector<SecondMoments> moments_of(std::size_t pass) const;
  void make_tensor(const Target& target, ThreadPool& pool);
  void report(std::string_view stage, std::uint64_t done, std::uint64_t total) const;

  const model::Model& model_;
  std::span<const text::TokenId> text_;
  MatrixMethod& method_;
  std::filesystem::path output_;
  MatrixJobOptions options_;
  const kernels::Kernels& kernels_;
  std::vector<Target> targets_;  ///< tensors that the method takes
  RoundedStore store_;
  std::vector<Input> inputs_;  ///< of matrices that are not finished
  std::vector<std::span<const Input>> passes_;
  JobForecast forecast_;
  std::vector<Unweighted> blind_;
  std::uint64_t bytes_done_ = 0;  ///< of matrices as they were
  std::uint64_t bytes_all_ = 0;
};

}  // namespace frugal::compress
