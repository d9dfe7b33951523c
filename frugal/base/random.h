#pragma once

/// Random numbers that are the same on every machine.

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <utility>

namespace frugal {

/// 64 well-mixed bits of a text: FNV-1a, then the finaliser of splitmix64.  Good for sharing out,
/// not for secrets.
[[nodiscard]] std::uint64_t hash_of(std::string_view text);

/// A stream of random numbers.  Nothing of it depends on the standard library's distributions,
/// which may differ between implementations.
///
/// Threads: one at a time.
/// Source:  Blackman and Vigna 2018, arXiv:1805.01407: xoshiro256**, seeded by splitmix64.
class Random {
 public:
  explicit Random(std::uint64_t seed);

  /// 64 random bits.
  [[nodiscard]] std::uint64_t next();
  /// Each of 0 … bound - 1 equally often.  Errors: a bound of 0 is a bug.
  [[nodiscard]] std::uint64_t below(std::uint64_t bound);
  /// Each of low … high equally often.  Errors: high < low is a bug.
  [[nodiscard]] std::int64_t between(std::int64_t low, std::int64_t high);
  /// A fraction in [0, 1) of 53 random bits.
  [[nodiscard]] double uniform();
  /// Of mean 0 and variance 1, as far equal everywhere as the machine's logarithm and cosine are.
  [[nodiscard]] double normal();
  /// True with this probability.
  [[nodiscard]] bool chance(double probability) { return uniform() < probability; }

  /// One of the items.  Errors: none to choose from is a bug.
  template <class Items>
  [[nodiscard]] const auto& pick(const Items& items) {
    return items[static_cast<std::size_t>(below(items.size()))];
  }
  /// Every order equally often (Fisher and Yates).
  template <class Items>
  void shuffle(Items&& items) {
    for (std::size_t i = items.size(); i > 1; --i) {
      std::swap(items[i - 1], items[static_cast<std::size_t>(below(i))]);
    }
  }

  /// A stream of its own for one purpose: it depends on this one's seed and the label only, not on
  /// what was drawn so far.
  [[nodiscard]] Random fork(std::string_view label) const;
  [[nodiscard]] Random fork(std::uint64_t label) const;

 private:
  std::uint64_t seed_;
  std::array<std::uint64_t, 4> state_{};
};

}  // namespace frugal
