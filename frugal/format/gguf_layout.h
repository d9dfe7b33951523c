#pragma once

/// What reader and writer of GGUF agree on: numbers of the format, limits of ours, sizes.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "frugal/format/gguf.h"

namespace frugal::format {

inline constexpr std::string_view kMagic = "GGUF";
inline constexpr std::uint32_t kOldestVersion = 2;
inline constexpr std::uint32_t kVersion = 3;
inline constexpr std::string_view kAlignmentKey = "general.alignment";
inline constexpr std::uint64_t kDefaultAlignment = 32;
inline constexpr std::size_t kMaxDims = 4;

// Limits of ours: far above any real file, low enough that a hostile one costs little memory.
inline constexpr std::uint64_t kMaxAlignment = std::uint64_t{1} << 20U;
inline constexpr std::uint64_t kMaxNameBytes = 65535;  ///< of a key and of a tensor's name
inline constexpr std::uint64_t kMaxEntries = std::uint64_t{1} << 20U;   ///< keys; tensors
inline constexpr std::uint64_t kMaxElements = std::uint64_t{1} << 24U;  ///< of all arrays together
inline constexpr std::uint64_t kMaxHeaderBytes = std::uint64_t{1} << 30U;
inline constexpr int kMaxArrayDepth = 4;

/// Value type numbers are the indices of MetaValue's alternatives; these two are special.
inline constexpr std::uint32_t kStringType = 8;
inline constexpr std::uint32_t kArrayType = 9;
inline constexpr std::uint32_t kValueTypes = 13;
static_assert(std::variant_size_v<MetaValue> == kValueTypes);

/// "u8", "string", "array"; "?" for a number that is none.
[[nodiscard]] std::string_view value_type_name(std::uint32_t type);

/// Fewest bytes that a value of this type takes in a file; `type` must be below kValueTypes.
[[nodiscard]] std::uint64_t value_bytes_min(std::uint32_t type);

/// The value as an unsigned integer; nothing for other types and negative numbers.
[[nodiscard]] std::optional<std::uint64_t> as_uint(const MetaValue& value);

/// A size, or in words why there is none.
struct Sized {
  std::uint64_t bytes = 0;
  std::string fault;  ///< empty when all is well
};

/// bytes = product of dims / block elements * block bytes.
///
/// Errors: none thrown; more than kMaxDims extents, an extent of 0, a row that is no multiple of
///         the block, and 2^63 elements or bytes and above are faults.
[[nodiscard]] Sized tensor_size(DType type, std::span<const std::uint64_t> dims);

/// The alignment that the metadata ask for (`bytes`), or the format's own.
[[nodiscard]] Sized alignment_of(const Metadata& metadata);

/// The least multiple of `alignment`, a power of two, that is not below `offset`.
constexpr std::uint64_t align_up(std::uint64_t offset, std::uint64_t alignment) {
  return (offset + alignment - 1) & ~(alignment - 1);
}

}  // namespace frugal::format
