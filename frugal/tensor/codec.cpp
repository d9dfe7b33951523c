#include "frugal/tensor/codec.h"

#include <cstdint>

#include "frugal/base/error.h"
#include "frugal/tensor/codec_rows.h"
#include "frugal/tensor/half.h"

namespace frugal {

namespace {

template <class Stored, auto kConvert>
void decode_each(const std::byte* row, std::span<float> out) {
  for (std::size_t c = 0; c < out.size(); ++c) {
    out[c] = kConvert(codec::load<Stored>(row + (c * sizeof(Stored))));
  }
}

template <auto kConvert>
void encode_each(std::span<const float> in, std::byte* row) {
  for (const float value : in) {
    const auto stored = kConvert(value);
    codec::store(row, stored);
    row += sizeof stored;
  }
}

float same(float value) {
  return value;
}

struct Codec {
  DType type;
  void (*decode)(const std::byte* row, std::span<float> out);
  void (*encode)(std::span<const float> in, std::byte* row) = nullptr;
};

using Half = std::uint16_t;

constexpr Codec kCodecs[] = {
    {DType::kF32, decode_each<float, same>, encode_each<same>},
    {DType::kF16, decode_each<Half, half_to_float>, encode_each<float_to_half>},
    {DType::kBF16, decode_each<Half, bfloat_to_float>, encode_each<float_to_bfloat>},
    {DType::kQ4_0, codec::decode_q4_0, codec::encode_q4_0},
    {DType::kQ4_1, codec::decode_q4_1, codec::encode_q4_1},
    {DType::kQ5_0, codec::decode_q5_0, codec::encode_q5_0},
    {DType::kQ5_1, codec::decode_q5_1, codec::encode_q5_1},
    {DType::kQ8_0, codec::decode_q8_0, codec::encode_q8_0},
    {DType::kQ2_K, codec::decode_q2_k},
    {DType::kQ3_K, codec::decode_q3_k},
    {DType::kQ4_K, codec::decode_q4_k},
    {DType::kQ5_K, codec::decode_q5_k},
    {DType::kQ6_K, codec::decode_q6_k},
    {DType::kIQ4_NL, codec::decode_iq4_nl},
    {DType::kIQ4_XS, codec::decode_iq4_xs},
    {DType::kMXFP4, codec::decode_mxfp4},
};

const Codec* find(DType type) {
  for (const Codec& codec : kCodecs) {
    if (codec.type == type) return &codec;
  }
  return nullptr;
}

}  // namespace

bool can_decode(DType type) {
  return find(type) != nullptr;
}

bool can_encode(DType type) {
  const Codec* codec = find(type);
  return codec != nullptr && codec->encode != nullptr;
}

void decode_row(DType type, const std::byte* row, std::span<float> out) {
  const Codec* codec = find(type);
  FRUGAL_CHECK(codec != nullptr && out.size() % traits(type).block_elements == 0);
  codec->decode(row, out);
}

void encode_row(DType type, std::span<const float> in, std::byte* row) {
  FRUGAL_CHECK(can_encode(type) && in.size() % traits(type).block_elements == 0);
  find(type)->encode(in, row);
}

}  // namespace frugal
