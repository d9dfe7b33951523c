#include "frugal/base/random.h"

#include <cmath>
#include <numbers>

namespace frugal {
namespace {

constexpr std::uint64_t kStep = 0x9E3779B97F4A7C15;

constexpr std::uint64_t mix(std::uint64_t value) {
  value = (value ^ (value >> 30U)) * 0xBF58476D1CE4E5B9;
  value = (value ^ (value >> 27U)) * 0x94D049BB133111EB;
  return value ^ (value >> 31U);
}

}  // namespace

Random::Random(std::uint64_t seed, std::uint64_t stream)
    : state_(mix(seed + kStep) ^ mix(mix(stream) + kStep)) {}

std::uint64_t Random::next() {
  state_ += kStep;
  return mix(state_);
}

std::uint64_t Random::below(std::uint64_t bound) {
  if (bound == 0) return 0;
  // The lowest 2^64 mod bound numbers would make some remainders likelier than others.
  const std::uint64_t excess = (0 - bound) % bound;
  std::uint64_t drawn = next();
  while (drawn < excess) drawn = next();
  return drawn % bound;
}

double Random::uniform() {
  return static_cast<double>(next() >> 11U) * 0x1.0p-53;
}

// Box and Muller; the second number of the pair is not kept, so that the state stays one number.
double Random::normal() {
  const double radius = std::sqrt(-2.0 * std::log(1.0 - uniform()));
  return radius * std::cos(2.0 * std::numbers::pi * uniform());
}

}  // namespace frugal
