#pragma once

/// What was done, counted by who did it.  The engine fills it, the scale prices it; neither
/// knows the other.

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "frugal/base/units.h"

namespace frugal {

/// Kinds of arithmetic that cost different energies.
enum class Op {
  kFloat,    ///< float32 multiply, add, compare (a fused multiply-add counts as two)
  kInt8,     ///< 8-bit integer multiply or add (a multiply-add counts as two)
  kSpecial,  ///< exp, sin, square root, division: one call each
};
inline constexpr std::size_t kOpKinds = 3;

/// Kinds of data movement that cost different energies, reads and writes together.
enum class Traffic {
  kDram,     ///< weights and KV cache: too large to be expected in a cache
  kCache,    ///< activations: written a moment ago by the same core
  kDevice,   ///< memory of an accelerator
  kNetwork,  ///< bytes on a wire
  kStorage,  ///< bytes from or to a disk
};
inline constexpr std::size_t kTrafficKinds = 5;

/// Operations and bytes of one piece of work; each kernel has a constexpr function that returns it.
struct Cost {
  std::array<std::uint64_t, kOpKinds> ops{};
  std::array<std::uint64_t, kTrafficKinds> bytes{};

  [[nodiscard]] constexpr std::uint64_t op(Op kind) const {
    return ops[static_cast<std::size_t>(kind)];
  }
  [[nodiscard]] constexpr std::uint64_t traffic(Traffic kind) const {
    return bytes[static_cast<std::size_t>(kind)];
  }
  constexpr Cost& add(Op kind, std::uint64_t count) {
    ops[static_cast<std::size_t>(kind)] += count;
    return *this;
  }
  constexpr Cost& add(Traffic kind, std::uint64_t count) {
    bytes[static_cast<std::size_t>(kind)] += count;
    return *this;
  }

  constexpr bool operator==(const Cost&) const = default;
  constexpr Cost& operator+=(const Cost& other) {
    for (std::size_t i = 0; i < kOpKinds; ++i) ops[i] += other.ops[i];
    for (std::size_t i = 0; i < kTrafficKinds; ++i) bytes[i] += other.bytes[i];
    return *this;
  }
  /// Requires that `other` is a part of this.
  constexpr Cost& operator-=(const Cost& other) {
    for (std::size_t i = 0; i < kOpKinds; ++i) ops[i] -= other.ops[i];
    for (std::size_t i = 0; i < kTrafficKinds; ++i) bytes[i] -= other.bytes[i];
    return *this;
  }
  friend constexpr Cost operator+(Cost a, const Cost& b) { return a += b; }
  friend constexpr Cost operator*(std::uint64_t times, Cost cost) {
    for (std::uint64_t& count : cost.ops) count *= times;
    for (std::uint64_t& count : cost.bytes) count *= times;
    return cost;
  }
};

/// Stages of an answer.
enum class Phase { kPrefill, kDecode, kRetrieval, kTool, kIdle };
inline constexpr std::size_t kPhases = 5;
inline constexpr std::array<Phase, kPhases> kAllPhases = {
    Phase::kPrefill, Phase::kDecode, Phase::kRetrieval, Phase::kTool, Phase::kIdle};

/// "prefill", "decode", … as written in JSON and in the ledger.
[[nodiscard]] std::string_view phase_name(Phase phase);
/// "float", "int8", "special".
[[nodiscard]] std::string_view op_name(Op kind);
/// "dram", "cache", "device", "network", "storage".
[[nodiscard]] std::string_view traffic_name(Traffic kind);

/// The work of one phase.
struct PhaseWork {
  std::uint64_t prompt_tokens = 0;    ///< computed prompt tokens
  std::uint64_t cached_tokens = 0;    ///< prompt tokens found in a cache, not computed
  std::uint64_t output_tokens = 0;    ///< tokens given to the caller
  std::uint64_t rejected_tokens = 0;  ///< tokens computed and thrown away
  std::uint64_t layers_skipped = 0;   ///< layers that tokens did not go through, added over tokens
  /// Tokens computed again, because what was known of them had to make room.
  std::uint64_t recomputed_tokens = 0;
  Cost cost = {};
  Seconds time = {};             ///< wall time
  Seconds rejected_time = {};    ///< of it, on rejected tokens
  Seconds recomputed_time = {};  ///< of it, on recomputed tokens

  bool operator==(const PhaseWork&) const = default;
  PhaseWork& operator+=(const PhaseWork& other);
  PhaseWork& operator-=(const PhaseWork& other);
};

/// The work of a request, a run or a study: one entry per phase.
class Work {
 public:
  [[nodiscard]] PhaseWork& operator[](Phase phase) {
    return phases_[static_cast<std::size_t>(phase)];
  }
  [[nodiscard]] const PhaseWork& operator[](Phase phase) const {
    return phases_[static_cast<std::size_t>(phase)];
  }
  /// Sum over the phases.
  [[nodiscard]] PhaseWork total() const;

  /// Wall time in each layer, of all phases; empty where nobody told.  What is missing to the time
  /// of the phases went to embeddings, logits and all that is no layer.
  [[nodiscard]] const std::vector<Seconds>& layers() const { return layers_; }
  void add_layers(std::span<const Seconds> times);

  bool operator==(const Work&) const = default;
  Work& operator+=(const Work& other);
  /// Work done since `earlier`, a snapshot of the same counter.
  [[nodiscard]] Work since(const Work& earlier) const;
  /// One of `times` equal pieces.  Counts that leave a rest are a bug.
  [[nodiscard]] Work divided_by(std::uint64_t times) const;

 private:
  std::array<PhaseWork, kPhases> phases_{};
  std::vector<Seconds> layers_;
};

}  // namespace frugal
