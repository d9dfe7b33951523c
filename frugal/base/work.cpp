#include "frugal/base/work.h"

#include "frugal/base/error.h"

namespace frugal {

std::string_view phase_name(Phase phase) {
  constexpr std::array<std::string_view, kPhases> kNames = {"prefill", "decode", "retrieval",
                                                            "tool", "idle"};
  return kNames[static_cast<std::size_t>(phase)];
}

std::string_view op_name(Op kind) {
  constexpr std::array<std::string_view, kOpKinds> kNames = {"float", "int8", "special"};
  return kNames[static_cast<std::size_t>(kind)];
}

std::string_view traffic_name(Traffic kind) {
  constexpr std::array<std::string_view, kTrafficKinds> kNames = {"dram", "cache", "device",
                                                                  "network", "storage"};
  return kNames[static_cast<std::size_t>(kind)];
}

PhaseWork& PhaseWork::operator+=(const PhaseWork& other) {
  prompt_tokens += other.prompt_tokens;
  cached_tokens += other.cached_tokens;
  output_tokens += other.output_tokens;
  rejected_tokens += other.rejected_tokens;
  layers_skipped += other.layers_skipped;
  cost += other.cost;
  time += other.time;
  return *this;
}

PhaseWork& PhaseWork::operator-=(const PhaseWork& other) {
  prompt_tokens -= other.prompt_tokens;
  cached_tokens -= other.cached_tokens;
  output_tokens -= other.output_tokens;
  rejected_tokens -= other.rejected_tokens;
  layers_skipped -= other.layers_skipped;
  cost -= other.cost;
  time = time - other.time;
  return *this;
}

PhaseWork Work::total() const {
  PhaseWork sum;
  for (const PhaseWork& phase : phases_) sum += phase;
  return sum;
}

Work& Work::operator+=(const Work& other) {
  for (std::size_t i = 0; i < kPhases; ++i) phases_[i] += other.phases_[i];
  return *this;
}

Work Work::since(const Work& earlier) const {
  Work delta = *this;
  for (std::size_t i = 0; i < kPhases; ++i) delta.phases_[i] -= earlier.phases_[i];
  return delta;
}

Work Work::divided_by(std::uint64_t times) const {
  FRUGAL_CHECK(times > 0);
  const auto divide = [times](std::uint64_t& count) {
    FRUGAL_CHECK(count % times == 0);
    count /= times;
  };
  Work piece = *this;
  for (PhaseWork& phase : piece.phases_) {
    for (std::uint64_t* count : {&phase.prompt_tokens, &phase.cached_tokens, &phase.output_tokens,
                                 &phase.rejected_tokens, &phase.layers_skipped}) {
      divide(*count);
    }
    for (std::uint64_t& count : phase.cost.ops) divide(count);
    for (std::uint64_t& count : phase.cost.bytes) divide(count);
    phase.time = (1.0 / static_cast<double>(times)) * phase.time;
  }
  return piece;
}

}  // namespace frugal
