#include "frugal/text/charsmap.h"

#include <utility>

#include "frugal/base/error.h"
#include "frugal/base/str.h"

namespace frugal::text {
namespace {

constexpr std::size_t kHead = 4;  // bytes that hold the size of the trie
constexpr std::size_t kUnit = 4;
constexpr std::size_t kMaxStretch = 1024;  // a hostile trie may have loops

std::uint32_t read_u32(std::string_view bytes, std::size_t at) {
  std::uint32_t value = 0;
  for (std::size_t i = 4; i-- > 0;) {
    value = (value << 8U) | static_cast<unsigned char>(bytes[at + i]);
  }
  return value;
}

// A unit of the array: bits 0 to 7 and 31 label, bit 8 "a value hangs here", bits 10 to 30 offset
// of the children, to be shifted by 8 with bit 9.
constexpr std::uint32_t offset_of(std::uint32_t unit) {
  return (unit >> 10U) << ((unit & (1U << 9U)) >> 6U);
}
constexpr std::uint32_t label_of(std::uint32_t unit) {
  return unit & ((1U << 31U) | 0xFFU);
}
constexpr bool has_value(std::uint32_t unit) {
  return ((unit >> 8U) & 1U) != 0;
}
constexpr std::uint32_t value_of(std::uint32_t unit) {
  return unit & ((1U << 31U) - 1);
}

}  // namespace

Charsmap::Charsmap(std::string bytes) : bytes_(std::move(bytes)) {
  if (bytes_.empty()) return;
  const std::size_t size = bytes_.size() < kHead ? 0 : read_u32(bytes_, 0);
  if (bytes_.size() < kHead || size % kUnit != 0 || size > bytes_.size() - kHead ||
      bytes_.back() != '\0') {
    throw Error(ErrorKind::kCorrupt,
                str("vocabulary: a character map of {} bytes with a trie of {}, expected a trie "
                    "of 4-byte units that fits in and a zero byte at the end",
                    bytes_.size(), size));
  }
  units_ = size / kUnit;
}

std::optional<std::uint32_t> Charsmap::unit(std::uint32_t index) const {
  if (index >= units_) return std::nullopt;
  return read_u32(bytes_, kHead + (index * kUnit));
}

std::optional<std::string_view> Charsmap::replacement(std::uint32_t offset) const {
  const std::string_view all = std::string_view(bytes_).substr(kHead + (units_ * kUnit));
  if (offset >= all.size()) return std::nullopt;
  const std::size_t end = all.find('\0', offset);
  if (end == std::string_view::npos) return std::nullopt;
  return all.substr(offset, end - offset);
}

std::optional<Charsmap::Match> Charsmap::longest(std::string_view text) const {
  const std::optional<std::uint32_t> root = unit(0);
  if (!root) return std::nullopt;
  text = text.substr(0, kMaxStretch);
  std::uint32_t node = offset_of(*root);
  std::size_t length = 0;
  std::optional<std::uint32_t> value;
  for (std::size_t i = 0; i < text.size() && text[i] != '\0'; ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    node ^= byte;
    const std::optional<std::uint32_t> child = unit(node);
    if (!child || label_of(*child) != byte) break;
    node ^= offset_of(*child);
    if (!has_value(*child)) continue;
    value = unit(node);
    length = i + 1;
  }
  const auto found = value ? replacement(value_of(*value)) : std::nullopt;
  if (!found) return std::nullopt;
  return Match{.length = length, .replacement = *found};
}

}  // namespace frugal::text
