#include "frugal/tensor/dtype.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <limits>

#include "frugal/base/error.h"

namespace frugal {

namespace {
constexpr std::array kTraits = {
    DTypeTraits{DType::kF32, "F32", 1, 4},
    DTypeTraits{DType::kF16, "F16", 1, 2},
    DTypeTraits{DType::kQ4_0, "Q4_0", 32, 18},
    DTypeTraits{DType::kQ4_1, "Q4_1", 32, 20},
    DTypeTraits{DType::kQ5_0, "Q5_0", 32, 22},
    DTypeTraits{DType::kQ5_1, "Q5_1", 32, 24},
    DTypeTraits{DType::kQ8_0, "Q8_0", 32, 34},
    DTypeTraits{DType::kQ8_1, "Q8_1", 32, 36},
    DTypeTraits{DType::kQ2_K, "Q2_K", 256, 84},
    DTypeTraits{DType::kQ3_K, "Q3_K", 256, 110},
    DTypeTraits{DType::kQ4_K, "Q4_K", 256, 144},
    DTypeTraits{DType::kQ5_K, "Q5_K", 256, 176},
    DTypeTraits{DType::kQ6_K, "Q6_K", 256, 210},
    DTypeTraits{DType::kQ8_K, "Q8_K", 256, 292},
    DTypeTraits{DType::kIQ2_XXS, "IQ2_XXS", 256, 66},
    DTypeTraits{DType::kIQ2_XS, "IQ2_XS", 256, 74},
    DTypeTraits{DType::kIQ3_XXS, "IQ3_XXS", 256, 98},
    DTypeTraits{DType::kIQ1_S, "IQ1_S", 256, 50},
    DTypeTraits{DType::kIQ4_NL, "IQ4_NL", 32, 18},
    DTypeTraits{DType::kIQ3_S, "IQ3_S", 256, 110},
    DTypeTraits{DType::kIQ2_S, "IQ2_S", 256, 82},
    DTypeTraits{DType::kIQ4_XS, "IQ4_XS", 256, 136},
    DTypeTraits{DType::kI8, "I8", 1, 1},
    DTypeTraits{DType::kI16, "I16", 1, 2},
    DTypeTraits{DType::kI32, "I32", 1, 4},
    DTypeTraits{DType::kI64, "I64", 1, 8},
    DTypeTraits{DType::kF64, "F64", 1, 8},
    DTypeTraits{DType::kIQ1_M, "IQ1_M", 256, 56},
    DTypeTraits{DType::kBF16, "BF16", 1, 2},
    DTypeTraits{DType::kTQ1_0, "TQ1_0", 256, 54},
    DTypeTraits{DType::kTQ2_0, "TQ2_0", 256, 66},
    DTypeTraits{DType::kMXFP4, "MXFP4", 32, 17},
};

bool same_letters(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](unsigned char x, unsigned char y) {
    return std::toupper(x) == std::toupper(y);
  });
}
}  // namespace

const DTypeTraits& traits(DType type) {
  const auto* found = std::find_if(kTraits.begin(), kTraits.end(),
                                   [type](const DTypeTraits& t) { return t.type == type; });
  FRUGAL_CHECK(found != kTraits.end());
  return *found;
}

std::optional<DType> dtype_from_ggml(std::uint32_t number) {
  for (const DTypeTraits& t : kTraits) {
    if (static_cast<std::uint32_t>(t.type) == number) return t.type;
  }
  return std::nullopt;
}

std::optional<DType> dtype_from_name(std::string_view name) {
  for (const DTypeTraits& t : kTraits) {
    if (same_letters(t.name, name)) return t.type;
  }
  return std::nullopt;
}

std::optional<std::size_t> row_bytes(DType type, std::size_t cols) {
  const DTypeTraits& t = traits(type);
  const std::size_t blocks = cols / t.block_elements;
  if (cols % t.block_elements != 0) return std::nullopt;
  if (blocks > std::numeric_limits<std::size_t>::max() / t.block_bytes) return std::nullopt;
  return blocks * t.block_bytes;
}

}  // namespace frugal
