#pragma once

/// Private to this folder: typed, checked access to a file, with errors that name the place.

#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "frugal/model/model.h"

namespace frugal::model {

/// What an architecture's description reads through.
///
/// Errors: kCorrupt that names the file, the key or tensor, what was found and expected;
///         kUnsupported for a weight type without a kernel.
class Reader {
 public:
  Reader(const format::TensorFile& file, std::string_view architecture)
      : file_(file), prefix_(std::string(architecture) + ".") {}

  /// Value of "<architecture>.<key>"; from 1 to `max`.
  [[nodiscard]] std::size_t size(std::string_view key, std::size_t max = kMaxSize) const;
  [[nodiscard]] std::size_t size_or(std::string_view key, std::size_t fallback,
                                    std::size_t max = kMaxSize) const;
  /// The same, and 0 is allowed.
  [[nodiscard]] std::size_t count_or(std::string_view key, std::size_t fallback,
                                     std::size_t max = kMaxSize) const;
  /// Finite and above 0.
  [[nodiscard]] float positive_or(std::string_view key, float fallback) const;
  /// The same, and 0 is allowed.
  [[nodiscard]] float non_negative_or(std::string_view key, float fallback) const;
  [[nodiscard]] std::string string_or(std::string_view key, std::string_view fallback) const;

  /// Elements of an array of strings; empty when absent.
  [[nodiscard]] std::vector<std::string> strings(std::string_view key) const;

  /// Elements of an array of numbers below `end`, under the key as it is; empty when absent.
  [[nodiscard]] std::vector<std::size_t> indices(std::string_view whole_key, std::size_t end) const;

  /// A matrix of exactly this shape.
  [[nodiscard]] Weight weight(const std::string& name, std::size_t rows, std::size_t cols) const;
  /// A vector of exactly this length, as floats, all finite.
  [[nodiscard]] std::vector<float> vector(const std::string& name, std::size_t length) const;
  /// The first row of a matrix, as floats, all finite.
  [[nodiscard]] std::vector<float> first_row(const Weight& stored) const;
  [[nodiscard]] bool has(std::string_view tensor) const { return file_.find(tensor) != nullptr; }
  [[nodiscard]] const format::TensorInfo& tensor(const std::string& name) const;

  [[noreturn]] void corrupt(std::string_view what) const;
  [[noreturn]] void unsupported(std::string_view what) const;

 private:
  static constexpr std::size_t kMaxSize = std::size_t{1} << 24U;

  const format::TensorFile& file_;
  std::string prefix_;
};

}  // namespace frugal::model
