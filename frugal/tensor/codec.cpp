#include "frugal/tensor/codec.h"

#include "frugal/base/error.h"
#include "frugal/tensor/codec_rows.h"
#include "frugal/tensor/half.h"

namespace frugal {

namespace {

template <class Stored, class Convert>
void decode_each(const std::byte* row, std::span<float> out, const Convert& convert) {
  for (std::size_t c = 0; c < out.size(); ++c) {
    out[c] = convert(codec::load<Stored>(row + (c * sizeof(Stored))));
  }
}

template <class Convert>
void encode_each(std::span<const float> in, std::byte* row, const Convert& convert) {
  for (const float value : in) {
    const auto stored = convert(value);
    codec::store(row, stored);
    row += sizeof stored;
  }
}

}  // namespace

bool can_decode(DType type) {
  switch (type) {
    case DType::kF32:
    case DType::kF16:
    case DType::kBF16:
    case DType::kQ4_0:
    case DType::kQ4_1:
    case DType::kQ5_0:
    case DType::kQ5_1:
    case DType::kQ8_0:
    case DType::kQ2_K:
    case DType::kQ3_K:
    case DType::kQ4_K:
    case DType::kQ5_K:
    case DType::kQ6_K:
    case DType::kIQ4_NL:
    case DType::kIQ4_XS:
    case DType::kMXFP4:
      return true;
    default:
      return false;
  }
}

bool can_encode(DType type) {
  switch (type) {
    case DType::kF32:
    case DType::kF16:
    case DType::kBF16:
    case DType::kQ4_0:
    case DType::kQ4_1:
    case DType::kQ5_0:
    case DType::kQ5_1:
    case DType::kQ8_0:
      return true;
    default:
      return false;
  }
}

void decode_row(DType type, const std::byte* row, std::span<float> out) {
  FRUGAL_CHECK(out.size() % traits(type).block_elements == 0);
  switch (type) {
    case DType::kF32:
      return decode_each<float>(row, out, [](float x) { return x; });
    case DType::kF16:
      return decode_each<std::uint16_t>(row, out, half_to_float);
    case DType::kBF16:
      return decode_each<std::uint16_t>(row, out, bfloat_to_float);
    case DType::kQ4_0:
      return codec::decode_q4_0(row, out);
    case DType::kQ4_1:
      return codec::decode_q4_1(row, out);
    case DType::kQ5_0:
      return codec::decode_q5_0(row, out);
    case DType::kQ5_1:
      return codec::decode_q5_1(row, out);
    case DType::kQ8_0:
      return codec::decode_q8_0(row, out);
    case DType::kQ2_K:
      return codec::decode_q2_k(row, out);
    case DType::kQ3_K:
      return codec::decode_q3_k(row, out);
    case DType::kQ4_K:
      return codec::decode_q4_k(row, out);
    case DType::kQ5_K:
      return codec::decode_q5_k(row, out);
    case DType::kQ6_K:
      return codec::decode_q6_k(row, out);
    case DType::kIQ4_NL:
      return codec::decode_iq4_nl(row, out);
    case DType::kIQ4_XS:
      return codec::decode_iq4_xs(row, out);
    case DType::kMXFP4:
      return codec::decode_mxfp4(row, out);
    default:
      FRUGAL_CHECK(can_decode(type));
  }
}

void encode_row(DType type, std::span<const float> in, std::byte* row) {
  FRUGAL_CHECK(in.size() % traits(type).block_elements == 0);
  switch (type) {
    case DType::kF32:
      return encode_each(in, row, [](float x) { return x; });
    case DType::kF16:
      return encode_each(in, row, float_to_half);
    case DType::kBF16:
      return encode_each(in, row, float_to_bfloat);
    case DType::kQ4_0:
      return codec::encode_q4_0(in, row);
    case DType::kQ4_1:
      return codec::encode_q4_1(in, row);
    case DType::kQ5_0:
      return codec::encode_q5_0(in, row);
    case DType::kQ5_1:
      return codec::encode_q5_1(in, row);
    case DType::kQ8_0:
      return codec::encode_q8_0(in, row);
    default:
      FRUGAL_CHECK(can_encode(type));
  }
}

}  // namespace frugal
