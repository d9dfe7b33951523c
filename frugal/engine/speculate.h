#pragma once

/// Guesses of the next tokens, checked by the model in one pass instead of one pass each.
///
/// Lossless: each token given out is the one that the sampler draws from the model's own logits, in
/// the same order and with the same random numbers as without guessing.  A guess only decides for
/// which tokens those logits are there already.

#include <cstddef>
#include <memory>
#include <span>
#include <vector>

#include "frugal/base/units.h"
#include "frugal/engine/engine.h"

namespace frugal::engine {

/// Where guesses come from; one for each sequence.
///
/// Threads: one at a time.
class Proposer {
 public:
  virtual ~Proposer() = default;
  Proposer() = default;
  Proposer(const Proposer&) = delete;
  Proposer& operator=(const Proposer&) = delete;

  /// At most `count` tokens that may follow `sequence` (prompt and all tokens given out).
  [[nodiscard]] virtual std::vector<TokenId> propose(std::span<const TokenId> sequence,
                                                     std::size_t count) = 0;
};

/// What followed the latest earlier occurrence of the last tokens: their last 4 if they occurred
/// before, else 3, else 2.  Costs no arithmetic; good where answers quote their prompt.
/// Source: Saxena 2023, "Prompt Lookup Decoding".
class PromptLookup final : public Proposer {
 public:
  [[nodiscard]] std::vector<TokenId> propose(std::span<const TokenId> sequence,
                                             std::size_t count) override;
};

/// A small model that goes ahead.
/// Source: Leviathan et al. 2022, arXiv:2211.17192, with greedy guesses.
class DraftModel final : public Proposer {
 public:
  /// `engine` runs the small model; its vocabulary must be the large one's.  Work done there is
  /// counted there.  The engine must outlive this.
  DraftModel(Engine& engine, std::size_t context);
  [[nodiscard]] std::vector<TokenId> propose(std::span<const TokenId> sequence,
                                             std::size_t count) override;

 private:
  Engine& engine_;
  KvCache cache_;
  std::vector<TokenId> cached_;  // what the cache holds
};

/// Whether guessing pays, learned from what it brought and took.
///
/// Per pass: g tokens given out in t seconds with a guess, 1 in t1 without.  Guessing goes on while
/// the running mean of g / t is above that of 1 / t1; else it pauses for twice as many passes as
/// the last time, then tries again.  t counts the proposer's own time.
class SpeculationGuard {
 public:
  /// How many tokens to guess for the next pass; 0 while it does not pay.
  [[nodiscard]] std::size_t width() const;
  void record(std::size_t guessed, std::size_t accepted, Seconds time);

 private:
  static constexpr std::size_t kMaxWidth = 8;
  static constexpr std::size_t kFirstPause = 16;

  std::size_t width_ = 4;
  std::size_t pause_ = 0;  // passes left without a guess
  std::size_t next_pause_ = kFirstPause;
  std::size_t tried_ = 0;
  double plain_rate_ = 0.0;    // tokens per second without guesses; 0: not known yet
  double guessed_rate_ = 0.0;  // with guesses
};

}  // namespace frugal::engine
