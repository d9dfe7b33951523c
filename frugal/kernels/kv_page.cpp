#include "frugal/kernels/kv_page.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>

#include "frugal/base/error.h"
#include "frugal/tensor/half.h"

namespace frugal::kernels {

namespace {

constexpr std::size_t kGroup = 32;  // elements that share a scale

void store_plain(const float* key, const float* value, const KvSlot& slot) {
  auto* keys = reinterpret_cast<float*>(slot.block);
  float* values = keys + ((kPagePositions + slot.position) * slot.head_dim);
  for (std::size_t d = 0; d < slot.head_dim; ++d)
    keys[(d * kPagePositions) + slot.position] = key[d];
  std::copy_n(value, slot.head_dim, values);
}

void store_f16(const Kernels& kernels, const float* key, const float* value, const KvSlot& slot) {
  constexpr std::size_t kChunk = 256;
  auto* keys = reinterpret_cast<std::uint16_t*>(slot.block);
  std::uint16_t* values = keys + ((kPagePositions + slot.position) * slot.head_dim);
  std::array<std::uint16_t, kChunk> halves{};
  for (std::size_t d = 0; d < slot.head_dim; d += kChunk) {
    const std::size_t count = std::min(kChunk, slot.head_dim - d);
    kernels.store_f16_row(key + d, halves.data(), count);
    for (std::size_t i = 0; i < count; ++i) {
      keys[((d + i) * kPagePositions) + slot.position] = halves[i];
    }
  }
  kernels.store_f16_row(value, values, slot.head_dim);
}

struct Rounded {
  std::uint16_t scale;
  std::array<std::int8_t, kGroup> values;
};

// A group that is not finite gets scale NaN, so that whoever reads it sees NaN.
Rounded round_group(const float* x) {
  Rounded out{};
  float largest = 0.0F;
  for (std::size_t j = 0; j < kGroup; ++j) {
    const float magnitude = std::abs(x[j]);
    if (!(magnitude <= largest)) largest = magnitude;
    if (std::isnan(largest)) break;
  }
  const float d = largest / 127.0F;
  out.scale = std::isfinite(largest) ? float_to_half(d) : 0x7E00;
  const float inverse = 1.0F / d;
  if (!std::isfinite(inverse) || !std::isfinite(largest)) return out;
  for (std::size_t j = 0; j < kGroup; ++j) {
    out.values[j] = static_cast<std::int8_t>(std::round(x[j] * inverse));
  }
  return out;
}

void store_q8(const float* key, const float* value, const KvSlot& slot) {
  const auto [type, head_dim, block, position] = slot;
  auto* keys = reinterpret_cast<std::int8_t*>(block);
  std::int8_t* values = keys + (kPagePositions * head_dim);
  auto* key_scales = reinterpret_cast<std::uint16_t*>(values + (kPagePositions * head_dim));
  const std::size_t groups = head_dim / kGroup;
  std::uint16_t* value_scales = key_scales + (kPagePositions * groups);
  for (std::size_t g = 0; g < groups; ++g) {
    const Rounded k = round_group(key + (g * kGroup));
    const Rounded v = round_group(value + (g * kGroup));
    for (std::size_t j = 0; j < kGroup; ++j) {
      keys[(((g * kGroup) + j) * kPagePositions) + position] = k.values[j];
      values[(position * head_dim) + (g * kGroup) + j] = v.values[j];
    }
    key_scales[(g * kPagePositions) + position] = k.scale;
    value_scales[(position * groups) + g] = v.scale;
  }
}

}  // namespace

std::size_t kv_block_bytes(KvType type, std::size_t head_dim) {
  FRUGAL_CHECK(type != KvType::kQ8_0 || head_dim % kGroup == 0);
  return 2 * kPagePositions * head_dim * kv_bytes_per_32(type) / kGroup;
}

void store_kv(const Kernels& kernels, const KvSlot& slot, const float* key, const float* value) {
  FRUGAL_CHECK(slot.position < kPagePositions);
  switch (slot.type) {
    case KvType::kF32:
      return store_plain(key, value, slot);
    case KvType::kF16:
      return store_f16(kernels, key, value, slot);
    case KvType::kQ8_0:
      return store_q8(key, value, slot);
  }
}

}  // namespace frugal::kernels
