#include "frugal/engine/engine.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "frugal/base/clock.h"
#include "frugal/base/error.h"
#include "frugal/base/str.h"
#include "frugal/engine/forward_pass.h"
#include "frugal/tensor/codec.h"

namespace frugal::engine {

struct Engine::State {
  State(const model::Model& m, const EngineOptions& options)
      : model(m),
        kernels(options.kernels != nullptr ? *options.kernels : kernels::choose_kernels("")),
        batch(options.batch),
        threads(options.threads),
        prompt_threads(options.prompt_threads == 0 ? options.threads : options.prompt_threads),
        pool(std::max(threads, prompt_threads)),
        exit_confidence(options.exit_confidence),
        pass(model, kernels, pool, scratch, options.exit_confidence) {
    pass.watch(options.watch);
  }

  const model::Model& model;
  const kernels::Kernels& kernels;
  std::size_t batch;
  std::size_t threads;
  std::size_t prompt_threads;
  ThreadPool pool;
  Scratch scratch;
  float exit_confidence;
  ForwardPass pass;
  Work work;
};

namespace {

void check_exits(const model::Model& model, float confidence) {
  if (!(confidence >= 0.0F)) {
    throw Error(ErrorKind::kInvalidArgument,
                str("exit confidence {}: expected a number of at least 0", confidence));
  }
  if (confidence > 0.0F && model.exits().empty()) {
    throw Error(ErrorKind::kInvalidArgument,
                str("exit confidence {}: {} has no exits, expected a model trained with them "
                    "(docs/training.md)",
                    confidence, model.file->path()));
  }
}

}  // namespace

Engine::Engine(const model::Model& model, const EngineOptions& options) {
  check_exits(model, options.exit_confidence);
  if (options.batch == 0) {
    throw Error(ErrorKind::kInvalidArgument, "batch of 0 tokens: expected at least 1");
  }
  state_ = std::make_unique<State>(model, options);
}

Engine::~Engine() = default;

const model::Model& Engine::model() const {
  return state_->model;
}
const kernels::Kernels& Engine::kernels() const {
  return state_->kernels;
}
std::size_t Engine::threads(Phase phase) const {
  return phase == Phase::kPrefill ? state_->prompt_threads : state_->threads;
}
float Engine::exit_confidence() const {
  return state_->exit_confidence;
}
const Work& Engine::work() const {
  return state_->work;
}

void Engine::count(Phase phase, const PhaseWork& more) {
  state_->work[phase] += more;
}

namespace {

void check_positions(const model::Model& model, std::size_t count) {
  if (count <= most_positions(model)) return;
  throw Error(ErrorKind::kInvalidArgument,
              str("{} tokens: expected at most {}, the positions of '{}'", count,
                  most_positions(model), model.position_embedding.name));
}

void check_step(const model::Model& model, const Step& step) {
  KvCache& cache = *step.cache;
  check_tokens(model, step.tokens);
  if (step.tokens.size() > cache.capacity() - cache.size()) {
    throw Error(ErrorKind::kInvalidArgument,
                str("{} tokens after {}: expected at most {} (the context)", step.tokens.size(),
                    cache.size(), cache.capacity()));
  }
  check_positions(model, cache.size() + step.tokens.size());
  if (step.wanted != Logits::kNone && model.output.weight.empty()) {
    throw Error(ErrorKind::kUnsupported,
                str("{}: architecture '{}' has no logits, expected a decoder", model.file->path(),
                    model.config.architecture));
  }
  if (!cache.reserve(step.tokens.size())) {
    throw Error(ErrorKind::kInvalidArgument,
                str("{} tokens after {}: the pool of the KV cache has no free page left",
                    step.tokens.size(), cache.size()));
  }
}

void check_finite(const model::Model& model, std::span<const float> numbers) {
  // A sum is finite only if all parts are; parts of any model worth running cannot overflow it.
  double sum = 0.0;
  for (const float number : numbers) sum += static_cast<double>(number);
  if (std::isfinite(sum)) return;
  const std::string place = model::first_non_finite(model);
  throw Error(ErrorKind::kCorrupt,
              str("{}: {}, expected finite numbers", model.file->path(),
                  place.empty() ? "the results overflow although every weight is finite" : place));
}

/// The part of a step that one pass computes, and where its logits go.
struct Piece {
  const Step* step;
  std::size_t begin;       ///< first token of the step
  std::size_t count;       ///< tokens
  std::size_t logit_row;   ///< of the first wanted row, in the result
  std::size_t logit_rows;  ///< wanted rows, the last ones of the piece

  [[nodiscard]] Chunk chunk() const {
    const std::size_t from = step->exits_from - std::min(begin, step->exits_from);
    return {step->cache, step->tokens.subspan(begin, count), from};
  }
};

/// Deals the steps out into passes of at most `batch` tokens.
class Dealer {
 public:
  Dealer(std::span<const Step> steps, std::size_t batch) : steps_(steps), batch_(batch) {}

  /// The next pass; empty when all is dealt.
  std::vector<Piece> next() {
    std::vector<Piece> pieces;
    std::size_t room = batch_;
    while (room > 0 && step_ < steps_.size()) {
      const Step& step = steps_[step_];
      const std::size_t count = std::min(room, step.tokens.size() - token_);
      const bool ends = token_ + count == step.tokens.size();
      const std::size_t rows =
          step.wanted == Logits::kAll ? count : (step.wanted == Logits::kLast && ends ? 1U : 0U);
      pieces.push_back({&step, token_, count, row_, rows});
      row_ += rows;
      room -= count;
      token_ = ends ? 0 : token_ + count;
      step_ += ends ? 1U : 0U;
    }
    return pieces;
  }

 private:
  std::span<const Step> steps_;
  std::size_t batch_;
  std::size_t step_ = 0;
  std::size_t token_ = 0;
  std::size_t row_ = 0;
};

// Rows of the pass that want logits.
std::vector<std::size_t> wanted_rows(std::span<const Piece> pieces) {
  std::vector<std::size_t> rows;
  std::size_t end = 0;
  for (const Piece& piece : pieces) {
    end += piece.count;
    for (std::size_t r = end - piece.logit_rows; r < end; ++r) rows.push_back(r);
  }
  return rows;
}

bool reads_prompt(std::span<const Piece> pieces) {
  return std::any_of(pieces.begin(), pieces.end(),
                     [](const Piece& piece) { return piece.step->phase == Phase::kPrefill; });
}

// floor(cost * part / whole), count by count.
Cost share(const Cost& cost, std::uint64_t part, std::uint64_t whole) {
  __extension__ using Wide = unsigned __int128;
  const auto of = [&](std::uint64_t count) {
    return static_cast<std::uint64_t>(static_cast<Wide>(count) * part / whole);
  };
  Cost out = cost;
  for (std::uint64_t& count : out.ops) count = of(count);
  for (std::uint64_t& count : out.bytes) count = of(count);
  return out;
}

// What a pass did goes to the phases of its pieces: attention to its own, everything that rows
// share (weights above all) and the time in proportion to the layers their rows went through; the
// first piece takes what does not divide.  The shares, piece by piece.
std::vector<PhaseWork> shares_of(std::span<const Piece> pieces, const ForwardPass& pass,
                                 const Cost& whole, Seconds time) {
  const std::span<const Cost> own = pass.own_costs();
  const std::span<const std::uint64_t> skipped = pass.skipped_layers();
  const auto went = [&](std::size_t i) { return (pieces[i].count * pass.layers()) - skipped[i]; };
  Cost shared = whole;
  std::uint64_t all = 0;
  for (std::size_t i = 0; i < pieces.size(); ++i) {
    shared -= own[i];
    all += went(i);
  }
  Cost rest = shared;
  std::vector<PhaseWork> shares(pieces.size());
  for (std::size_t i = 0; i < pieces.size(); ++i) {
    const Cost part = share(shared, went(i), all);
    rest -= part;
    shares[i].cost = part + own[i];
    shares[i].time = (static_cast<double>(went(i)) / static_cast<double>(all)) * time;
    shares[i].layers_skipped = skipped[i];
    if (pieces[i].step->phase == Phase::kPrefill) shares[i].prompt_tokens = pieces[i].count;
  }
  shares.front().cost += rest;
  return shares;
}

// Undoes what a failed call appended.
class Rollback {
 public:
  explicit Rollback(std::span<const Step> steps) : steps_(steps) {
    for (const Step& step : steps) sizes_.push_back(step.cache->size());
  }
  void apply() const {
    for (std::size_t i = 0; i < steps_.size(); ++i) steps_[i].cache->truncate(sizes_[i]);
  }

 private:
  std::span<const Step> steps_;
  std::vector<std::size_t> sizes_;
};

}  // namespace

MatrixView<const float> Engine::forward(std::span<const Step> steps) {
  State& s = *state_;
  const std::size_t vocab_size = s.model.config.vocab_size;
  const Rollback rollback(steps);
  std::size_t rows = 0;
  for (const Step& step : steps) rows += wanted_rows(step);
  MatrixView<float> logits = s.scratch.logits.shape(rows, vocab_size);
  const Work before = s.work;
  try {
    for (const Step& step : steps) check_step(s.model, step);
    std::vector<PhaseWork> of_steps(steps.size());
    Dealer dealer(steps, s.batch);
    for (auto pieces = dealer.next(); !pieces.empty(); pieces = dealer.next()) {
      const Seconds started = monotonic_now();
      const Cost cost_before = s.pass.cost();
      std::vector<Chunk> chunks;
      for (const Piece& piece : pieces) chunks.push_back(piece.chunk());
      s.pool.use(reads_prompt(pieces) ? s.prompt_threads : s.threads);
      s.pass.run(chunks);
      const std::vector<std::size_t> wanted = wanted_rows(pieces);
      if (!wanted.empty()) {
        s.pass.logits(
            wanted, {logits.row(pieces.front().logit_row), wanted.size(), vocab_size, vocab_size});
      }
      Cost cost = s.pass.cost();
      cost -= cost_before;
      const auto shares = shares_of(pieces, s.pass, cost, monotonic_now() - started);
      for (std::size_t i = 0; i < pieces.size(); ++i) {
        of_steps[static_cast<std::size_t>(pieces[i].step - steps.data())] += shares[i];
      }
      s.work.add_layers(s.pass.layer_times());
    }
    check_finite(s.model, {logits.data, rows * vocab_size});
    for (std::size_t i = 0; i < steps.size(); ++i) {
      s.work[steps[i].phase] += of_steps[i];
      if (steps[i].work != nullptr) (*steps[i].work)[steps[i].phase] += of_steps[i];
    }
  } catch (...) {
    rollback.apply();
    s.work = before;
    throw;
  }
  return {logits.data, rows, vocab_size, vocab_size};
}

std::span<const float> Engine::forward(KvCache& cache, std::span<const TokenId> tokens,
                                       Logits wanted, Phase phase) {
  const Step step{.cache = &cache, .tokens = tokens, .wanted = wanted, .phase = phase};
  const MatrixView<const float> logits = forward(std::span(&step, 1));
  return {logits.data, logits.rows * logits.cols};
}

namespace {

std::vector<float> pooled(MatrixView<const float> rows, model::Pooling pooling) {
  switch (pooling) {
    case model::Pooling::kCls:
    case model::Pooling::kRank:
      return {rows.row(0), rows.row(0) + rows.cols};
    case model::Pooling::kLast:
      return {rows.row(rows.rows - 1), rows.row(rows.rows - 1) + rows.cols};
    case model::Pooling::kMean:
    case model::Pooling::kNone:
      break;
  }
  std::vector<float> mean(rows.cols);
  for (std::size_t c = 0; c < rows.cols; ++c) {
    double sum = 0.0;
    for (std::size_t r = 0; r < rows.rows; ++r) sum += static_cast<double>(rows.row(r)[c]);
    mean[c] = static_cast<float>(sum / static_cast<double>(rows.rows));
  }
  return mean;
}

// y = weight x + bias for one row; a classifier is too small for the team.
std::vector<float> apply(const kernels::Kernels& kernels, const model::Linear& linear,
                         const std::vector<float>& x) {
  const model::Weight& w = linear.weight;
  std::vector<float> row(w.cols);
  std::vector<float> y(w.rows);
  for (std::size_t r = 0; r < w.rows; ++r) {
    decode_row(w.type, w.data + (r * w.row_bytes), row);
    for (std::size_t c = 0; c < w.cols; ++c) y[r] += row[c] * x[c];
  }
  if (!linear.bias.empty()) kernels.add_row(y.data(), linear.bias.data(), w.rows);
  return y;
}

}  // namespace

std::vector<float> Engine::embed(std::span<const TokenId> tokens) {
  State& s = *state_;
  check_tokens(s.model, tokens);
  check_positions(s.model, tokens.size());
  const Seconds started = monotonic_now();
  const Cost before = s.pass.cost();
  KvCache cache(s.model.config, tokens.size(), KvType::kF32);
  FRUGAL_CHECK(cache.reserve(tokens.size()));
  const Chunk chunk{&cache, tokens};  // one pass: the tokens of an encoder see each other
  s.pool.use(s.prompt_threads);
  s.pass.run(std::span(&chunk, 1));
  const std::size_t width = s.model.config.embedding;
  std::vector<float> rows(tokens.size() * width);
  std::vector<std::size_t> all(tokens.size());
  std::iota(all.begin(), all.end(), std::size_t{0});
  s.pass.hidden(all, {rows.data(), tokens.size(), width, width});
  std::vector<float> result =
      pooled({rows.data(), tokens.size(), width, width}, s.model.config.pooling);
  check_finite(s.model, result);
  PhaseWork& work = s.work[Phase::kPrefill];
  Cost cost = s.pass.cost();
  cost -= before;
  work.cost += cost;
  work.time += monotonic_now() - started;
  work.prompt_tokens += tokens.size();
  return result;
}

std::vector<float> Engine::classify(std::span<const TokenId> tokens) {
  State& s = *state_;
  if (!s.model.classifier) {
    throw Error(ErrorKind::kUnsupported,
                str("{}: no classifier, expected tensors 'cls.*'", s.model.file->path()));
  }
  std::vector<float> x = embed(tokens);
  const model::Classifier& classifier = *s.model.classifier;
  if (!classifier.dense.weight.empty()) {
    x = apply(s.kernels, classifier.dense, x);
    for (float& value : x) value = std::tanh(value);
  }
  return apply(s.kernels, classifier.output, x);
}

}  // namespace frugal::engine
