#pragma once

/// How much each column of a matrix matters to what a model says: sums of its squared inputs, in
/// the files of llama.cpp.

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "frugal/format/tensor_file.h"

namespace frugal::compress {

/// What went into one weight tensor of `counts.size()` matrices (one, or one per expert).
struct InputSums {
  std::vector<float> sum2;      ///< [matrices][cols] of the sum of x[c]^2 over the counted inputs
  std::vector<double> counts;   ///< [matrices] inputs (tokens) in the sums; 0: none came by
  std::vector<float> sum = {};  ///< [matrices][cols] of the sum of x[c]; empty where not kept
};

/// The contents of one file.
struct Imatrix {
  std::map<std::string, InputSums, std::less<>> tensors;  ///< by name: "blk.0.ffn_up.weight"
  std::vector<std::string> datasets;                      ///< paths of the calibration texts
  std::optional<std::uint32_t> chunk_count;               ///< pieces of text; nothing: not known
  std::optional<std::uint32_t> chunk_size;                ///< tokens of a piece
};

/// A file in either form of llama.cpp: GGUF (`NAME.in_sum2`, `NAME.counts`, `NAME.in_sum`,
/// `imatrix.*`), or the older binary one, whose counts are in pieces of text, not in tokens.
///
/// Errors: kCorrupt for bytes that are neither; for sums or counts that are negative or no finite
///         number, or that do not fit each other (file, tensor, place); kInvalidArgument for a GGUF
///         file of another kind; those of opening a file.
/// Source: tools/imatrix/imatrix.cpp of llama.cpp; docs/formats/imatrix.md.
[[nodiscard]] Imatrix read_imatrix(const std::filesystem::path& path);

/// Either form from memory; `name` stands for the path.
[[nodiscard]] Imatrix imatrix_from_bytes(std::span<const std::byte> bytes, const std::string& name);

/// Writes the GGUF form, tensors by name; llama-quantize reads it.
///
/// Errors: those of AtomicFile.  Sums that do not fit the counts are a bug and fail FRUGAL_CHECK.
void write_imatrix(const std::filesystem::path& path, const Imatrix& imatrix);

/// Weights for the columns of tensors: E[x^2] = sum2 / count.
///
/// Threads: const after construction; safe from all.
class Importance {
 public:
  Importance() = default;
  explicit Importance(const Imatrix& imatrix, std::string path = {});

  /// [matrices][cols], each finite and not negative, at least one above 0; or why there is none.
  struct Weights {
    std::span<const float> values;  ///< empty: round unweighted
    std::string_view why_none;      ///< "is not in the imatrix", "saw no input"
  };
  /// Of a matrix without inputs, or with none but zeros, all weights are 1.
  /// Errors: kInvalidArgument when the sums are not as long as the tensor's rows (another model's).
  [[nodiscard]] Weights find(const format::TensorInfo& tensor) const;

  [[nodiscard]] const std::string& path() const { return path_; }
  [[nodiscard]] std::size_t size() const { return weights_.size(); }  ///< tensors
  [[nodiscard]] const std::vector<std::string>& datasets() const { return datasets_; }
  [[nodiscard]] std::optional<std::uint32_t> chunk_count() const { return chunk_count_; }

 private:
  std::map<std::string, std::vector<float>, std::less<>> weights_;
  std::string path_;
  std::vector<std::string> datasets_;
  std::optional<std::uint32_t> chunk_count_;
};

}  // namespace frugal::compress
