#pragma once

/// Element types of tensors, as GGUF numbers them.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace frugal {

/// Every type that a GGUF file may name; the value is the number in the file.
/// Source: the `ggml_type` enumeration (ggml.h); gaps are types that were withdrawn.
enum class DType : std::uint32_t {
  kF32 = 0,
  kF16 = 1,
  kQ4_0 = 2,
  kQ4_1 = 3,
  kQ5_0 = 6,
  kQ5_1 = 7,
  kQ8_0 = 8,
  kQ8_1 = 9,
  kQ2_K = 10,
  kQ3_K = 11,
  kQ4_K = 12,
  kQ5_K = 13,
  kQ6_K = 14,
  kQ8_K = 15,
  kIQ2_XXS = 16,
  kIQ2_XS = 17,
  kIQ3_XXS = 18,
  kIQ1_S = 19,
  kIQ4_NL = 20,
  kIQ3_S = 21,
  kIQ2_S = 22,
  kIQ4_XS = 23,
  kI8 = 24,
  kI16 = 25,
  kI32 = 26,
  kI64 = 27,
  kF64 = 28,
  kIQ1_M = 29,
  kBF16 = 30,
  kTQ1_0 = 34,
  kTQ2_0 = 35,
  kMXFP4 = 39,
};

/// A type stores `block_elements` numbers in `block_bytes` bytes.
struct DTypeTraits {
  DType type;
  std::string_view name;  ///< as llama.cpp prints it: "F32", "Q4_K"
  std::size_t block_elements;
  std::size_t block_bytes;
};

[[nodiscard]] const DTypeTraits& traits(DType type);
[[nodiscard]] inline std::string_view name(DType type) {
  return traits(type).name;
}

/// The type with this number in a file, if there is one.
[[nodiscard]] std::optional<DType> dtype_from_ggml(std::uint32_t number);

/// The type of this name, in any letter case.
[[nodiscard]] std::optional<DType> dtype_from_name(std::string_view name);

/// Bytes of a row of `cols` elements; nothing when `cols` is not a multiple of the block or the
/// bytes do not fit in a size_t.
[[nodiscard]] std::optional<std::size_t> row_bytes(DType type, std::size_t cols);

}  // namespace frugal
