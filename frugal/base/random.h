#pragma once

/// Numbers that look random and are the same on every machine.

#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>

namespace frugal {

/// SplitMix64: state += 0x9E3779B97F4A7C15, then two rounds of shift, xor and multiply.  One number
/// is its whole state, so that a checkpoint holds it as one number.
///
/// Numbers: integers, `uniform` and `shuffle` are equal everywhere; `normal` as far as the
///          machine's logarithm and cosine are.
/// Threads: one at a time.
/// Source:  Steele, Lea and Flood 2014, "Fast splittable pseudorandom number generators".
class Random {
 public:
  explicit Random(std::uint64_t seed) : state_(seed) {}
  /// Independent sequences of one seed.
  Random(std::uint64_t seed, std::uint64_t stream);

  [[nodiscard]] std::uint64_t next();
  /// Every number in [0, bound) is equally likely; 0 for a bound of 0.
  [[nodiscard]] std::uint64_t below(std::uint64_t bound);
  /// In [0, 1), a multiple of 2^-53.
  [[nodiscard]] double uniform();
  /// Of mean 0 and variance 1.
  [[nodiscard]] double normal();

  /// Every order is equally likely.
  template <class T>
  void shuffle(std::span<T> values) {
    for (std::size_t left = values.size(); left > 1; --left) {
      std::swap(values[left - 1], values[static_cast<std::size_t>(below(left))]);
    }
  }

  /// Random(state()) goes on as this would.
  [[nodiscard]] std::uint64_t state() const { return state_; }

 private:
  std::uint64_t state_;
};

}  // namespace frugal
