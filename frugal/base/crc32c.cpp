// Eight bytes a step: table k holds the remainder of a byte that still has k bytes behind it, so
// the remainders of eight bytes are looked up independently and added (xor).

#include "frugal/base/crc32c.h"

#include <array>

namespace frugal {
namespace {

constexpr std::uint32_t kReversedPolynomial = 0x82F63B78;

using Table = std::array<std::uint32_t, 256>;

constexpr std::array<Table, 8> make_tables() {
  std::array<Table, 8> tables{};
  for (std::uint32_t value = 0; value < 256; ++value) {
    std::uint32_t remainder = value;
    for (int bit = 0; bit < 8; ++bit) {
      const bool carries = (remainder & 1U) != 0;
      remainder = (remainder >> 1U) ^ (carries ? kReversedPolynomial : 0U);
    }
    tables[0][value] = remainder;
  }
  for (std::size_t behind = 1; behind < tables.size(); ++behind) {
    for (std::size_t value = 0; value < 256; ++value) {
      const std::uint32_t one_less = tables[behind - 1][value];
      tables[behind][value] = (one_less >> 8U) ^ tables[0][one_less & 0xFFU];
    }
  }
  return tables;
}

constexpr std::array<Table, 8> kTables = make_tables();

}  // namespace

std::uint32_t crc32c(std::span<const std::byte> bytes, std::uint32_t before) {
  std::uint32_t remainder = ~before;
  std::size_t at = 0;
  const auto byte = [&](std::size_t ahead) {
    return std::to_integer<std::uint32_t>(bytes[at + ahead]);
  };
  for (; at + 8 <= bytes.size(); at += 8) {
    const std::uint32_t low =
        remainder ^ (byte(0) | (byte(1) << 8U) | (byte(2) << 16U) | (byte(3) << 24U));
    remainder = kTables[7][low & 0xFFU] ^ kTables[6][(low >> 8U) & 0xFFU] ^
                kTables[5][(low >> 16U) & 0xFFU] ^ kTables[4][low >> 24U] ^ kTables[3][byte(4)] ^
                kTables[2][byte(5)] ^ kTables[1][byte(6)] ^ kTables[0][byte(7)];
  }
  for (; at < bytes.size(); ++at) {
    remainder = (remainder >> 8U) ^ kTables[0][(remainder ^ byte(0)) & 0xFFU];
  }
  return ~remainder;
}

}  // namespace frugal
