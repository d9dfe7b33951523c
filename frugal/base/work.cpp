#include "frugal/base/work.h"

#include <algorithm>

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
  recomputed_tokens += other.recomputed_tokens;
  cost += other.cost;
  time += other.time;
  rejected_time += other.rejected_time;
  recomputed_time += other.recomputed_time;
  return *this;
}

PhaseWork& PhaseWork::operator-=(const PhaseWork& other) {
  prompt_tokens -= other.prompt_tokens;
  cached_tokens -= other.cached_tokens;
  output_tokens -= other.output_tokens;
  rejected_tokens -= other.rejected_tokens;
  layers_skipped -= other.layers_skipped;
  recomputed_tokens -= other.recomputed_tokens;
  cost -= other.cost;
  time = time - other.time;
  rejected_time = rejected_time - other.rejected_time;
  recomputed_time = recomputed_time - other.recomputed_time;
  return *this;
}

PhaseWork Work::total() const {
  PhaseWork sum;
  for (const PhaseWork& phase : phases_) sum += phase;
  return sum;
}

Work& Work::operator+=(const Work& other) {
  for (std::size_t i = 0; i < kPhases; ++i) phases_[i] += other.phases_[i];
  add_layers(other.layers_);
  return *this;
}

void Work::add_layers(std::span<const Seconds> times) {
  layers_.resize(std::max(layers_.size(), times.size()));
  for (std::size_t i = 0; i < times.size(); ++i) layers_[i] += times[i];
}

Work Work::since(const Work& earlier) const {
  Work delta = *this;
  for (std::size_t i = 0; i < kPhases; ++i) delta.phases_[i] -= earlier.phases_[i];
  for (std::size_t i = 0; i < earlier.layers_.size(); ++i) {
    delta.layers_[i] = delta.layers_[i] - earlier.layers_[i];
  }
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
    for (std::uint64_t* count :
         {&phase.prompt_tokens, &phase.cached_tokens, &phase.output_tokens, &phase.rejected_tokens,
          &phase.layers_skipped, &phase.recomputed_tokens}) {
      divide(*count);
    }
    for (std::uint64_t& count : phase.cost.ops) divide(count);
    for (std::uint64_t& count : phase.cost.bytes) divide(count);
    for (Seconds* time : {&phase.time, &phase.rejected_time, &phase.recomputed_time}) {
      *time = (1.0 / static_cast<double>(times)) * *time;
    }
  }
  for (Seconds& time : piece.layers_) time = (1.0 / static_cast<double>(times)) * time;
  return piece;
}

}  // namespace frugal
