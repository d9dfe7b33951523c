// The rules are a table, read from its top: the first whose mixture, role and condition hold says
// the type; where none does, it is the mixture's base.

#include "frugal/compress/mixture.h"

#include <algorithm>
#include <string>

namespace frugal::compress {

namespace {

constexpr Mixture kMixtures[] = {
    {"q2_k", DType::kQ2_K, 10},   {"q3_k_s", DType::kQ3_K, 11},   {"q3_k_m", DType::kQ3_K, 12},
    {"q3_k_l", DType::kQ3_K, 13}, {"iq4_xs", DType::kIQ4_XS, 30}, {"iq4_nl", DType::kIQ4_NL, 25},
    {"q4_0", DType::kQ4_0, 2},    {"q4_k_s", DType::kQ4_K, 14},   {"q4_k_m", DType::kQ4_K, 15},
    {"q4_1", DType::kQ4_1, 3},    {"q5_0", DType::kQ5_0, 8},      {"q5_k_s", DType::kQ5_K, 16},
    {"q5_k_m", DType::kQ5_K, 17}, {"q5_1", DType::kQ5_1, 9},      {"q6_k", DType::kQ6_K, 18},
    {"q8_0", DType::kQ8_0, 7},
};

enum class When {
  kAlways,
  kMoreBits,  ///< the first and the last eighth, and every third between
  kFirstTwo,
  kFirstFour,
  kFirst8th,
  kFirst16th,
  kFirst8thBlind,  ///< the first eighth, without importance
  kFirst8thSeen,   ///< the first eighth, with importance
  kSharedByFour,   ///< four or more query heads to a key head
  kEightExperts,
};

struct Rule {
  std::string_view mixture;
  Role role;
  When when;
  DType type;
};

constexpr Rule kRules[] = {
    {"q2_k", Role::kAttentionV, When::kSharedByFour, DType::kQ4_K},
    {"q2_k", Role::kAttentionV, When::kAlways, DType::kQ3_K},
    {"q2_k", Role::kFeedDown, When::kAlways, DType::kQ3_K},
    {"q2_k", Role::kAttentionOutput, When::kEightExperts, DType::kQ5_K},
    {"q2_k", Role::kAttentionOutput, When::kAlways, DType::kQ3_K},

    {"q3_k_s", Role::kAttentionOutput, When::kEightExperts, DType::kQ5_K},

    {"q3_k_m", Role::kAttentionV, When::kFirstTwo, DType::kQ5_K},
    {"q3_k_m", Role::kAttentionV, When::kAlways, DType::kQ4_K},
    {"q3_k_m", Role::kFeedDown, When::kFirst16th, DType::kQ5_K},
    {"q3_k_m", Role::kFeedDown, When::kAlways, DType::kQ4_K},
    {"q3_k_m", Role::kAttentionOutput, When::kEightExperts, DType::kQ5_K},
    {"q3_k_m", Role::kAttentionOutput, When::kAlways, DType::kQ4_K},

    {"q3_k_l", Role::kAttentionV, When::kAlways, DType::kQ5_K},
    {"q3_k_l", Role::kFeedDown, When::kAlways, DType::kQ5_K},
    {"q3_k_l", Role::kAttentionOutput, When::kEightExperts, DType::kQ3_K},
    {"q3_k_l", Role::kAttentionOutput, When::kAlways, DType::kQ5_K},

    {"iq4_xs", Role::kAttentionV, When::kSharedByFour, DType::kQ5_K},
    {"iq4_xs", Role::kFeedDown, When::kFirst8thBlind, DType::kQ5_K},
    {"iq4_xs", Role::kAttentionOutput, When::kEightExperts, DType::kQ5_K},

    {"iq4_nl", Role::kAttentionV, When::kSharedByFour, DType::kQ5_K},
    {"iq4_nl", Role::kFeedDown, When::kFirst8thBlind, DType::kQ5_K},
    {"iq4_nl", Role::kAttentionOutput, When::kEightExperts, DType::kQ5_K},

    {"q4_0", Role::kFeedDown, When::kFirst8thSeen, DType::kQ4_1},

    {"q4_k_s", Role::kAttentionV, When::kFirstFour, DType::kQ5_K},
    {"q4_k_s", Role::kFeedDown, When::kFirst8th, DType::kQ5_K},
    {"q4_k_s", Role::kAttentionOutput, When::kEightExperts, DType::kQ5_K},

    {"q4_k_m", Role::kAttentionV, When::kMoreBits, DType::kQ6_K},
    {"q4_k_m", Role::kFeedDown, When::kMoreBits, DType::kQ6_K},
    {"q4_k_m", Role::kAttentionOutput, When::kEightExperts, DType::kQ5_K},

    {"q5_0", Role::kFeedDown, When::kFirst8thSeen, DType::kQ5_1},

    {"q5_k_m", Role::kAttentionV, When::kMoreBits, DType::kQ6_K},
    {"q5_k_m", Role::kFeedDown, When::kMoreBits, DType::kQ6_K},
};

bool holds(When when, const Place& place, const ModelFacts& facts) {
  const std::size_t i = place.index;
  const std::size_t n = place.count;
  switch (when) {
    case When::kAlways:
      return true;
    case When::kMoreBits:
      return i < n / 8 || i >= 7 * n / 8 || (i - (n / 8)) % 3 == 2;
    case When::kFirstTwo:
      return i < 2;
    case When::kFirstFour:
      return i < 4;
    case When::kFirst8th:
      return i < n / 8;
    case When::kFirst16th:
      return i < n / 16;
    case When::kFirst8thBlind:
      return i < n / 8 && !facts.has_importance;
    case When::kFirst8thSeen:
      return i < n / 8 && facts.has_importance;
    case When::kSharedByFour:
      return facts.heads_per_kv >= 4;
    case When::kEightExperts:
      return facts.experts == 8;
  }
  return false;
}

bool divides(DType type, std::size_t cols) {
  return cols % traits(type).block_elements == 0;
}

DType output_type(DType base, std::size_t cols) {
  return base == DType::kQ8_0 || !divides(base, cols) ? DType::kQ8_0 : DType::kQ6_K;
}

}  // namespace

std::span<const Mixture> mixtures() {
  return kMixtures;
}

const Mixture* find_mixture(std::string_view name) {
  std::string lower(name);
  std::transform(lower.begin(), lower.end(), lower.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  if (lower == "q3_k" || lower == "q4_k" || lower == "q5_k") lower += "_m";
  const auto* found = std::find_if(std::begin(kMixtures), std::end(kMixtures),
                                   [&](const Mixture& each) { return each.name == lower; });
  return found == std::end(kMixtures) ? nullptr : found;
}

DType mixed_type(const Mixture& mixture, const Place& place, const ModelFacts& facts) {
  if (place.role == Role::kOutput) return output_type(mixture.base, place.cols);
  const bool small_and_shared = place.role == Role::kAttentionV || place.role == Role::kAttentionK;
  if (small_and_shared && facts.experts == 8) return DType::kQ8_0;
  const auto* rule = std::find_if(std::begin(kRules), std::end(kRules), [&](const Rule& each) {
    return each.mixture == mixture.name && each.role == place.role &&
           holds(each.when, place, facts);
  });
  const DType type = rule == std::end(kRules) ? mixture.base : rule->type;
  const bool few_bits = type == DType::kQ3_K || type == DType::kQ4_K;
  return place.role == Role::kAttentionV && facts.large_shared && few_bits ? DType::kQ5_K : type;
}

DType fitting_type(DType type, std::size_t cols) {
  if (divides(type, cols)) return type;
  DType fitting = DType::kF16;
  switch (type) {
    case DType::kQ2_K:
    case DType::kQ3_K:
      fitting = DType::kQ4_0;
      break;
    case DType::kQ4_K:
      fitting = DType::kQ5_0;
      break;
    case DType::kQ5_K:
      fitting = DType::kQ5_1;
      break;
    case DType::kQ6_K:
      fitting = DType::kQ8_0;
      break;
    case DType::kIQ4_XS:
      fitting = DType::kIQ4_NL;
      break;
    default:
      break;
  }
  return divides(fitting, cols) ? fitting : DType::kF16;
}

}  // namespace frugal::compress
