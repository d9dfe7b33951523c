#include "frugal/compress/sparsity.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "frugal/base/error.h"
#include "frugal/base/str.h"

namespace frugal::compress {

namespace {

constexpr std::size_t kLargestGroup = 32;  // divides the blocks of every type

[[noreturn]] void refuse(std::string_view text) {
  throw Error(
      ErrorKind::kInvalidArgument,
      str("sparsity '{}': expected a part from 0 to below 1 such as 0.5 or 50%, N:M such as "
          "2:4 with M 2, 4, 8, 16 or 32 and N from 1 to below M, or a threshold such as "
          "<0.01",
          printable(text)));
}

Sparsity parse_groups(std::string_view text, std::size_t colon) {
  const auto keep = parse_int(text.substr(0, colon));
  const auto group = parse_int(text.substr(colon + 1));
  if (!keep || !group || *keep < 1 || *group <= *keep) refuse(text);
  const auto size = static_cast<std::size_t>(*group);
  if (size > kLargestGroup || (size & (size - 1)) != 0) refuse(text);
  return {.keep = static_cast<std::size_t>(*keep), .group = size};
}

}  // namespace

Sparsity parse_sparsity(std::string_view text) {
  const std::size_t colon = text.find(':');
  if (colon != std::string_view::npos) return parse_groups(text, colon);
  if (text.starts_with('<')) {
    const auto below = parse_double(text.substr(1));
    if (!below || !(static_cast<float>(*below) > 0.0F) || *below > 1e30) refuse(text);
    return {.below = static_cast<float>(*below)};
  }
  const bool percent = text.ends_with('%');
  const auto number = parse_double(percent ? text.substr(0, text.size() - 1) : text);
  if (!number) refuse(text);
  const double ratio = percent ? *number / 100.0 : *number;
  if (!(ratio >= 0.0) || !(ratio < 1.0)) refuse(text);
  return {.ratio = ratio};
}

std::string to_text(const Sparsity& sparsity) {
  if (sparsity.group > 0) return str("{}:{}", sparsity.keep, sparsity.group);
  return sparsity.below > 0.0F ? str("<{}", sparsity.below) : str("{}", sparsity.ratio);
}

SparsityRule parse_sparsity_rule(std::string_view text) {
  const std::size_t equals = text.rfind('=');
  if (equals == std::string_view::npos) {
    throw Error(ErrorKind::kInvalidArgument,
                str("'{}': expected an expression, '=' and a sparsity", printable(text)));
  }
  const Sparsity sparsity = parse_sparsity(text.substr(equals + 1));
  return {text::NamePattern(std::string(text.substr(0, equals))), sparsity};
}

bool holds_zero(DType type) {
  switch (type) {
    case DType::kF32:
    case DType::kF16:
    case DType::kBF16:
    case DType::kQ8_0:
    case DType::kQ4_0:
    case DType::kQ5_0:
    case DType::kQ3_K:
    case DType::kQ6_K:
      return true;
    default:
      return false;
  }
}

std::size_t zeros_of(double ratio, std::size_t count) {
  const double zeros = std::floor((ratio * static_cast<double>(count)) + 1e-6);
  return std::min(count, static_cast<std::size_t>(zeros));
}

void mark_smallest(std::span<const float> scores, std::size_t count, std::span<std::uint8_t> zero) {
  FRUGAL_CHECK(scores.size() == zero.size() && count <= scores.size());
  std::fill(zero.begin(), zero.end(), std::uint8_t{0});
  if (count == 0) return;
  std::vector<float> sorted(scores.begin(), scores.end());
  const auto last = sorted.begin() + static_cast<std::ptrdiff_t>(count - 1);
  std::nth_element(sorted.begin(), last, sorted.end());
  const float limit = *last;
  std::size_t left = count;
  for (std::size_t i = 0; i < scores.size(); ++i) {
    if (!(scores[i] < limit)) continue;
    zero[i] = 1;
    --left;
  }
  for (std::size_t i = 0; left > 0 && i < scores.size(); ++i) {
    if (scores[i] != limit) continue;
    zero[i] = 1;
    --left;
  }
}

void mark_groups(std::span<const float> scores, const Sparsity& groups,
                 std::span<std::uint8_t> zero) {
  FRUGAL_CHECK(groups.group > groups.keep && scores.size() == zero.size());
  std::size_t order[kLargestGroup];
  for (std::size_t at = 0; at < scores.size(); at += groups.group) {
    const std::size_t here = std::min(groups.group, scores.size() - at);
    const std::size_t count = (groups.group - groups.keep) * here / groups.group;
    for (std::size_t i = 0; i < here; ++i) {  // sorted by insertion: groups are small
      std::size_t place = i;
      for (; place > 0 && scores[at + order[place - 1]] > scores[at + i]; --place) {
        order[place] = order[place - 1];
      }
      order[place] = i;
      zero[at + i] = 0;
    }
    for (std::size_t i = 0; i < count; ++i) zero[at + order[i]] = 1;
  }
}

}  // namespace frugal::compress
