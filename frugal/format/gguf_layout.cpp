#include "frugal/format/gguf_layout.h"

#include <array>
#include <bit>
#include <limits>
#include <type_traits>

#include "frugal/base/str.h"

namespace frugal::format {

namespace {
struct ValueTypeTraits {
  std::string_view name;
  std::uint64_t bytes_min;
};
constexpr std::array<ValueTypeTraits, kValueTypes> kValueTypeTraits = {{{"u8", 1},
                                                                        {"i8", 1},
                                                                        {"u16", 2},
                                                                        {"i16", 2},
                                                                        {"u32", 4},
                                                                        {"i32", 4},
                                                                        {"f32", 4},
                                                                        {"bool", 1},
                                                                        {"string", 8},
                                                                        {"array", 12},
                                                                        {"u64", 8},
                                                                        {"i64", 8},
                                                                        {"f64", 8}}};

constexpr std::uint64_t kMaxSize = std::numeric_limits<std::int64_t>::max();

// Whether a * b stays within what a signed 64-bit reader can hold.
bool product_fits(std::uint64_t a, std::uint64_t b) {
  return b == 0 || a <= kMaxSize / b;
}
}  // namespace

std::string_view value_type_name(std::uint32_t type) {
  return type < kValueTypes ? kValueTypeTraits[type].name : "?";
}

std::uint64_t value_bytes_min(std::uint32_t type) {
  return kValueTypeTraits.at(type).bytes_min;
}

std::optional<std::uint64_t> as_uint(const MetaValue& value) {
  return std::visit(
      [](const auto& held) -> std::optional<std::uint64_t> {
        using T = std::decay_t<decltype(held)>;
        if constexpr (std::is_integral_v<T> && !std::is_same_v<T, bool>) {
          if (held >= T{0}) return static_cast<std::uint64_t>(held);
        }
        return std::nullopt;
      },
      value);
}

Sized tensor_size(DType type, std::span<const std::uint64_t> dims) {
  if (dims.size() > kMaxDims) {
    return {.fault = str("{} dimensions, expected at most {}", dims.size(), kMaxDims)};
  }
  std::uint64_t elements = 1;
  for (std::size_t i = 0; i < dims.size(); ++i) {
    if (dims[i] == 0) return {.fault = str("extent {} is 0, expected at least 1", i)};
    if (!product_fits(elements, dims[i])) {
      return {.fault = "2^63 or more elements, expected fewer"};
    }
    elements *= dims[i];
  }
  const DTypeTraits& block = traits(type);
  const std::uint64_t cols = dims.empty() ? 1 : dims[0];
  if (cols % block.block_elements != 0) {
    return {.fault = str("rows of {} elements, expected a multiple of the {} of a {} block", cols,
                         block.block_elements, block.name)};
  }
  const std::uint64_t blocks = elements / block.block_elements;
  if (!product_fits(blocks, block.block_bytes)) {
    return {.fault = "2^63 or more bytes, expected fewer"};
  }
  return {.bytes = blocks * block.block_bytes, .fault = {}};
}

Sized alignment_of(const Metadata& metadata) {
  const MetaValue* value = metadata.find(kAlignmentKey);
  if (value == nullptr) return {.bytes = kDefaultAlignment, .fault = {}};
  const std::optional<std::uint64_t> alignment = as_uint(*value);
  if (!alignment || !std::has_single_bit(*alignment) || *alignment > kMaxAlignment) {
    return {.fault = str("alignment {}, expected a power of two up to {}", to_text(*value),
                         kMaxAlignment)};
  }
  return {.bytes = *alignment, .fault = {}};
}

}  // namespace frugal::format
