#include "frugal/engine/speculate.h"

#include <algorithm>

#include "frugal/engine/sampler.h"

namespace frugal::engine {

namespace {

constexpr std::size_t kLongest = 4;
constexpr std::size_t kShortest = 2;

// One past the latest earlier occurrence of the last `length` tokens; 0 when there is none.
std::size_t after_latest(std::span<const TokenId> sequence, std::size_t length) {
  if (sequence.size() <= length) return 0;
  const auto last = sequence.last(length);
  for (std::size_t begin = sequence.size() - length; begin-- > 0;) {
    if (std::equal(last.begin(), last.end(),
                   sequence.begin() + static_cast<std::ptrdiff_t>(begin))) {
      return begin + length;
    }
  }
  return 0;
}

}  // namespace

std::vector<TokenId> PromptLookup::propose(std::span<const TokenId> sequence, std::size_t count) {
  for (std::size_t length = kLongest; length >= kShortest; --length) {
    const std::size_t next = after_latest(sequence, length);
    if (next == 0) continue;
    const auto found = sequence.subspan(next, std::min(count, sequence.size() - next));
    return {found.begin(), found.end()};
  }
  return {};
}

DraftModel::DraftModel(Engine& engine, std::size_t context)
    : engine_(engine), cache_(engine.model().config, context) {}

std::vector<TokenId> DraftModel::propose(std::span<const TokenId> sequence, std::size_t count) {
  // Keep what the cache has in common with the sequence, but for one token that must be computed.
  const auto same = std::mismatch(cached_.begin(), cached_.end(), sequence.begin(), sequence.end());
  const auto kept =
      std::min(static_cast<std::size_t>(same.first - cached_.begin()), sequence.size() - 1);
  cache_.truncate(kept);
  cached_.assign(sequence.begin(), sequence.end());
  std::vector<TokenId> guesses;
  std::span<const TokenId> input = sequence.subspan(kept);
  while (guesses.size() < count && input.size() <= cache_.capacity() - cache_.size()) {
    guesses.push_back(argmax(engine_.forward(cache_, input, Logits::kLast, Phase::kDecode)));
    input = std::span(&guesses.back(), 1);
    if (guesses.size() < count) cached_.push_back(guesses.back());
  }
  cached_.resize(cache_.size());
  return guesses;
}

std::size_t SpeculationGuard::width() const {
  // The very first pass goes without, to know what a plain one takes.
  return pause_ > 0 || plain_rate_ == 0.0 ? 0 : width_;
}

void SpeculationGuard::record(std::size_t guessed, std::size_t accepted, Seconds time) {
  const double seconds = std::max(time.value(), 1e-9);
  const double rate = static_cast<double>(1 + accepted) / seconds;
  const auto learn = [](double& mean, double value) {
    mean = mean == 0.0 ? value : (0.8 * mean) + (0.2 * value);
  };
  if (guessed == 0) {
    learn(plain_rate_, rate);
    if (pause_ > 0) --pause_;
    return;
  }
  learn(guessed_rate_, rate);
  width_ = accepted == guessed ? std::min(kMaxWidth, width_ + 1)
                               : std::max<std::size_t>(1, (width_ + accepted + 1) / 2);
  if (++tried_ < 4) return;  // too few to judge
  if (guessed_rate_ > plain_rate_) {
    next_pause_ = kFirstPause;
    return;
  }
  pause_ = next_pause_;
  next_pause_ *= 2;
  tried_ = 0;
  guessed_rate_ = 0.0;
}

}  // namespace frugal::engine
