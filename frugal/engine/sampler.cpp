#include "frugal/engine/sampler.h"

#include <algorithm>
#include <cmath>

#include "frugal/base/error.h"
#include "frugal/base/str.h"

// The standard library's distributions may differ between implementations; the draw therefore
// takes 53 bits of the generator, whose sequence the standard fixes, as a fraction in [0, 1).

namespace frugal::engine {

namespace {

[[noreturn]] void reject(std::string_view option, double value, std::string_view expected) {
  throw Error(ErrorKind::kInvalidArgument, str("{} {}: expected {}", option, value, expected));
}

}  // namespace

TokenId argmax(std::span<const float> logits) {
  return static_cast<TokenId>(std::max_element(logits.begin(), logits.end()) - logits.begin());
}

Sampler::Sampler(const SamplerOptions& options) : options_(options), random_(options.seed) {
  const auto& o = options_;
  if (!(o.temperature >= 0.0F) || !std::isfinite(o.temperature)) {
    reject("temperature", o.temperature, "a number of at least 0");
  }
  if (!(o.top_p > 0.0F && o.top_p <= 1.0F)) reject("top-p", o.top_p, "a number in (0, 1]");
  if (!(o.min_p >= 0.0F && o.min_p < 1.0F)) reject("min-p", o.min_p, "a number in [0, 1)");
  if (!(o.repeat_penalty > 0.0F) || !std::isfinite(o.repeat_penalty)) {
    reject("repetition penalty", o.repeat_penalty, "a number above 0");
  }
}

void Sampler::observe(TokenId token) {
  if (options_.repeat_window == 0) return;
  if (recent_.size() >= options_.repeat_window) recent_.erase(recent_.begin());
  recent_.push_back(token);
}

// logit / penalty where positive, logit * penalty where negative, once per distinct token.
// Source: Keskar et al. 2019, arXiv:1909.05858, §4.1; the sign rule as in transformers.
void Sampler::penalise(std::span<float> logits) const {
  if (options_.repeat_penalty == 1.0F) return;
  std::vector<TokenId> distinct = recent_;
  std::sort(distinct.begin(), distinct.end());
  distinct.erase(std::unique(distinct.begin(), distinct.end()), distinct.end());
  for (const TokenId token : distinct) {
    float& logit = logits[static_cast<std::size_t>(token)];
    logit = logit > 0.0F ? logit / options_.repeat_penalty : logit * options_.repeat_penalty;
  }
}

TokenId Sampler::next(std::span<const float> logits) {
  logits_.assign(logits.begin(), logits.end());
  penalise(logits_);
  const TokenId best = argmax(logits_);
  if (!std::isfinite(logits_[static_cast<std::size_t>(best)])) {
    throw Error(ErrorKind::kCorrupt, "no logit is finite: the model's weights are broken");
  }
  const TokenId token = options_.temperature == 0.0F ? best : draw();
  observe(token);
  return token;
}

TokenId Sampler::draw() {
  candidates_.clear();
  for (std::size_t i = 0; i < logits_.size(); ++i) {
    if (!std::isnan(logits_[i])) candidates_.push_back({static_cast<TokenId>(i), logits_[i]});
  }
  // Likeliest first; equals by id, so that the order never depends on the sort.
  const auto likelier = [](const Candidate& a, const Candidate& b) {
    return a.logit != b.logit ? a.logit > b.logit : a.token < b.token;
  };
  std::size_t keep = candidates_.size();
  if (options_.top_k > 0) keep = std::min(keep, options_.top_k);
  std::partial_sort(candidates_.begin(), candidates_.begin() + static_cast<std::ptrdiff_t>(keep),
                    candidates_.end(), likelier);
  candidates_.resize(keep);

  std::vector<double> weight(keep);
  double sum = 0.0;
  for (std::size_t i = 0; i < keep; ++i) {
    const double logit = static_cast<double>(candidates_[i].logit) - candidates_[0].logit;
    weight[i] = std::exp(logit / static_cast<double>(options_.temperature));
    sum += weight[i];
  }
  double kept = 0.0;
  std::size_t last = 0;  // top-p: the shortest head of at least that mass; min-p: not below it
  for (; last < keep; ++last) {
    if (last > 0 && (kept >= static_cast<double>(options_.top_p) * sum ||
                     weight[last] < static_cast<double>(options_.min_p))) {
      break;
    }
    kept += weight[last];
  }
  double at = static_cast<double>(random_() >> 11U) * 0x1p-53 * kept;
  std::size_t chosen = 0;
  while (chosen + 1 < last && at >= weight[chosen]) at -= weight[chosen++];
  return candidates_[chosen].token;
}

}  // namespace frugal::engine
