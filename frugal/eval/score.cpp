#include "frugal/eval/score.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <numeric>
#include <utility>

#include "frugal/base/error.h"
#include "frugal/base/str.h"
#include "frugal/engine/sampler.h"
#include "frugal/eval/windows.h"

// Neighbouring tokens of a text are not independent, so the standard error is taken over windows:
// each window's mean is one sample.  All windows score the same number of tokens, so the mean of
// the windows' means is the mean over tokens.

namespace frugal::eval {

namespace {

struct Window {
  std::vector<TokenId> tokens;
  std::size_t first_scored;  ///< tokens[first_scored] is the first one predicted

  [[nodiscard]] std::size_t scored() const { return tokens.size() - first_scored; }
};

std::vector<Window> cut(std::span<const TokenId> text, const ScoreOptions& options,
                        const text::Tokenizer* tokenizer) {
  auto parts = windows_of(text, options.context, options.max_tokens, tokenizer);
  const std::size_t length = parts.front().size();
  const std::size_t first = length < options.context ? 1 : (length / 2) + 1;
  std::vector<Window> windows;
  for (std::vector<TokenId>& part : parts) {
    windows.push_back({.tokens = std::move(part), .first_scored = first});
  }
  return windows;
}

// Logits that predict the scored tokens of a window: [scored, vocab].
std::span<const float> predict(engine::Engine& engine, engine::KvCache& cache,
                               const Window& window) {
  cache.truncate(0);
  const std::span<const TokenId> tokens(window.tokens);
  const std::size_t unscored = window.first_scored - 1;
  if (unscored > 0) {
    (void)engine.forward(cache, tokens.first(unscored), engine::Logits::kNone);
  }
  return engine.forward(cache, tokens.subspan(unscored, window.scored()), engine::Logits::kAll);
}

double log_sum_exp(std::span<const float> logits) {
  const double largest = *std::max_element(logits.begin(), logits.end());
  double sum = 0.0;
  for (const float logit : logits) sum += std::exp(static_cast<double>(logit) - largest);
  return largest + std::log(sum);
}

// Collects the samples of one quantity, token by token, closed off by window.
class Series {
 public:
  void add(double value) { samples_.push_back(value); }
  void end_window() {
    const auto begin = samples_.begin() + static_cast<std::ptrdiff_t>(window_start_);
    const auto count = static_cast<double>(samples_.end() - begin);
    windows_.push_back(std::accumulate(begin, samples_.end(), 0.0) / count);
    window_start_ = samples_.size();
  }
  [[nodiscard]] const std::vector<double>& samples() const { return samples_; }
  [[nodiscard]] const std::vector<double>& windows() const { return windows_; }
  /// Over windows, or over tokens when there is only one window.
  [[nodiscard]] Summary summary() const {
    return summarise(windows_.size() > 1 ? windows_ : samples_);
  }

 private:
  std::vector<double> samples_;
  std::vector<double> windows_;
  std::size_t window_start_ = 0;
};

TextScore to_score(const Series& series) {
  const Summary s = series.summary();
  return {.nll = s.mean,
          .nll_std_err = s.std_err,
          .tokens = series.samples().size(),
          .window_nll = series.windows()};
}

engine::KvCache cache_for(const engine::Engine& engine, const std::vector<Window>& windows) {
  return {engine.model().config, windows.front().tokens.size(), engine::KvType::kF16};
}

std::span<const float> row(std::span<const float> logits, std::size_t index, std::size_t vocab) {
  return logits.subspan(index * vocab, vocab);
}

}  // namespace

double TextScore::perplexity() const {
  return std::exp(nll);
}
double TextScore::perplexity_std_err() const {
  return perplexity() * nll_std_err;
}

double negative_log_likelihood(std::span<const float> logits, TokenId target) {
  return log_sum_exp(logits) - static_cast<double>(logits[static_cast<std::size_t>(target)]);
}

double kl_divergence(std::span<const float> p_logits, std::span<const float> q_logits) {
  const double p_norm = log_sum_exp(p_logits);
  const double q_norm = log_sum_exp(q_logits);
  double sum = 0.0;
  for (std::size_t i = 0; i < p_logits.size(); ++i) {
    const double log_p = static_cast<double>(p_logits[i]) - p_norm;
    const double log_q = static_cast<double>(q_logits[i]) - q_norm;
    sum += std::exp(log_p) * (log_p - log_q);
  }
  return std::max(0.0, sum);  // rounding may leave a few 1e-17 below
}

TextScore score_text(engine::Engine& engine, std::span<const TokenId> tokens,
                     const ScoreOptions& options) {
  const std::vector<Window> windows = cut(tokens, options, engine.model().tokenizer.get());
  engine::KvCache cache = cache_for(engine, windows);
  const std::size_t vocab = engine.model().config.vocab_size;
  Series nll;
  for (std::size_t w = 0; w < windows.size(); ++w) {
    report_progress(options.progress, {.stage = "evaluate", .done = w, .total = windows.size()});
    const std::span<const float> logits = predict(engine, cache, windows[w]);
    for (std::size_t i = 0; i < windows[w].scored(); ++i) {
      const TokenId target = windows[w].tokens[windows[w].first_scored + i];
      nll.add(negative_log_likelihood(row(logits, i, vocab), target));
    }
    nll.end_window();
  }
  report_progress(options.progress,
                  {.stage = "evaluate", .done = windows.size(), .total = windows.size()});
  return to_score(nll);
}

Comparison compare(engine::Engine& reference, engine::Engine& candidate,
                   std::span<const TokenId> tokens, const ScoreOptions& options) {
  const std::size_t vocab = reference.model().config.vocab_size;
  if (candidate.model().config.vocab_size != vocab) {
    throw Error(
        ErrorKind::kInvalidArgument,
        str("{}: {} tokens in the vocabulary, expected {} as in {}", candidate.model().file->path(),
            candidate.model().config.vocab_size, vocab, reference.model().file->path()));
  }
  const std::vector<Window> windows = cut(tokens, options, reference.model().tokenizer.get());
  engine::KvCache reference_cache = cache_for(reference, windows);
  engine::KvCache candidate_cache = cache_for(candidate, windows);
  Series reference_nll;
  Series candidate_nll;
  Series increase;
  Series kld;
  std::size_t same = 0;
  for (std::size_t w = 0; w < windows.size(); ++w) {
    report_progress(options.progress, {.stage = "compare", .done = w, .total = windows.size()});
    const std::span<const float> p = predict(reference, reference_cache, windows[w]);
    const std::span<const float> q = predict(candidate, candidate_cache, windows[w]);
    for (std::size_t i = 0; i < windows[w].scored(); ++i) {
      const TokenId target = windows[w].tokens[windows[w].first_scored + i];
      const auto p_row = row(p, i, vocab);
      const auto q_row = row(q, i, vocab);
      reference_nll.add(negative_log_likelihood(p_row, target));
      candidate_nll.add(negative_log_likelihood(q_row, target));
      increase.add(candidate_nll.samples().back() - reference_nll.samples().back());
      kld.add(kl_divergence(p_row, q_row));
      same += engine::argmax(p_row) == engine::argmax(q_row) ? 1 : 0;
    }
    for (Series* series : {&reference_nll, &candidate_nll, &increase, &kld}) series->end_window();
  }
  report_progress(options.progress,
                  {.stage = "compare", .done = windows.size(), .total = windows.size()});
  return {.reference = to_score(reference_nll),
          .candidate = to_score(candidate_nll),
          .nll_increase = increase.summary(),
          .kld = kld.summary().mean,
          .kld_std_err = kld.summary().std_err,
          .kld_p99 = quantile(kld.samples(), 0.99),
          .kld_max = quantile(kld.samples(), 1.0),
          .same_top = wilson95(same, kld.samples().size())};
}

}  // namespace frugal::eval
