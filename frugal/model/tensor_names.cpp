#include "frugal/model/tensor_names.h"

#include <algorithm>
#include <array>
#include <string_view>

namespace frugal::model {

bool is_rounded(const format::TensorInfo& tensor) {
  constexpr std::array<std::string_view, 4> kKept = {"_norm.weight", "ffn_gate_inp.weight",
                                                     "position_embd.weight", "token_types.weight"};
  if (tensor.dims.size() < 2 || !tensor.name.ends_with("weight")) return false;
  return std::none_of(kKept.begin(), kKept.end(), [&tensor](std::string_view name) {
    return tensor.name.find(name) != std::string::npos;
  });
}

std::uint32_t file_type(DType type) {
  switch (type) {
    case DType::kF32:
      return 0;
    case DType::kF16:
      return 1;
    case DType::kQ4_0:
      return 2;
    case DType::kQ4_1:
      return 3;
    case DType::kQ8_0:
      return 7;
    case DType::kQ5_0:
      return 8;
    case DType::kQ5_1:
      return 9;
    case DType::kQ2_K:
      return 10;
    case DType::kQ3_K:
      return 12;
    case DType::kQ4_K:
      return 15;
    case DType::kQ5_K:
      return 17;
    case DType::kQ6_K:
      return 18;
    case DType::kIQ4_NL:
      return 25;
    case DType::kIQ4_XS:
      return 30;
    default:
      return 32;  // BF16
  }
}

}  // namespace frugal::model
