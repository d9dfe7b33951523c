#include "frugal/engine/batcher.h"

#include <algorithm>
#include <exception>
#include <optional>
#include <utility>

#include "frugal/base/clock.h"
#include "frugal/base/error.h"
#include "frugal/base/str.h"

namespace frugal::engine {

namespace {

Seconds part(Seconds time, std::size_t tokens, std::size_t of) {
  return (static_cast<double>(tokens) / static_cast<double>(of)) * time;
}

}  // namespace

/// A request and how far it has come.
struct Batcher::Sequence {
  Sequence(RequestId number, Request what, const std::shared_ptr<KvPool>& pool,
           std::size_t capacity)
      : id(number), request(std::move(what)), cache(pool, capacity), sampler(request.sampler) {
    tokens = request.prompt;
    for (const TokenId token : tokens) sampler.observe(token);
  }

  /// Tokens that must be in the cache before the next one can be drawn.
  [[nodiscard]] std::size_t pending() const { return tokens.size() - cache.size(); }
  /// Pages of its tokens so far and the next.
  [[nodiscard]] std::size_t pages_needed() const {
    return pages_for(std::min(tokens.size() + 1, cache.capacity()));
  }
  /// Has its whole prompt computed, and answers token by token.
  [[nodiscard]] bool decoding() const { return answered > 0 && pending() == 1; }

  RequestId id;
  Request request;
  KvCache cache;
  Sampler sampler;
  SpeculationGuard guard;
  bool shares = false;          // pages with other requests
  std::vector<TokenId> tokens;  // prompt and answer; the last may not be in the cache yet
  std::size_t answered = 0;
  std::size_t computed = 0;    // most positions that were ever in the cache
  std::size_t remembered = 0;  // pages the tree has been told of
  std::vector<TokenId> input;  // of the pass being planned
  std::size_t guessed = 0;     // of them guesses, at the end
  Logits wanted = Logits::kNone;
  std::optional<StopReason> done;
  Work work;              // all of it
  Work latest;            // of the pass just run
  std::size_t again = 0;  // tokens of the pass that were computed before
};

Batcher::Batcher(Engine& engine, const BatcherOptions& options)
    : engine_(engine),
      options_(options),
      pool_(std::make_shared<KvPool>(engine.model().config, pages_for(options.kv_positions),
                                     options.kv)),
      tree_(pool_) {
  if (options.max_running == 0 || options.pass_tokens == 0 ||
      options.prompt_tokens_beside_decode == 0) {
    throw Error(ErrorKind::kInvalidArgument,
                "batcher: a limit of 0 requests or tokens, expected at least 1");
  }
}

Batcher::~Batcher() = default;

// Positions that a request may have.
std::size_t Batcher::capacity_of(const Request& request) const {
  const std::size_t pool = pool_->pages() * kernels::kPagePositions;
  const std::size_t asked = request.context > 0 ? request.context : pool;
  return std::min({asked, pool, most_positions(engine_.model())});
}

// Keys are stored as they were turned, so that pages are of use only to requests whose context
// calls for the same rotations: here those that agree with the longest there can be.
bool Batcher::may_share(const Request& request) const {
  const std::vector<model::Rotation>& all = engine_.model().rotations;
  const std::size_t most = capacity_of(Request{});
  const std::size_t own = capacity_of(request);
  return options_.share_prefixes && std::all_of(all.begin(), all.end(), [&](const auto& rotation) {
           return &rotation.angles_for(own) == &rotation.angles_for(most);
         });
}

RequestId Batcher::submit(Request request) {
  check_tokens(engine_.model(), request.prompt);
  const std::size_t capacity = capacity_of(request);
  if (request.prompt.size() > capacity) {
    throw Error(
        ErrorKind::kInvalidArgument,
        str("prompt of {} tokens: expected at most {} (what context, model and the KV cache "
            "of all requests allow)",
            request.prompt.size(), capacity));
  }
  const bool shares = may_share(request);
  waiting_.push_back(std::make_unique<Sequence>(next_id_, std::move(request), pool_, capacity));
  waiting_.back()->shares = shares;
  return next_id_++;
}

void Batcher::cancel(RequestId id) {
  for (Sequences* list : {&waiting_, &running_}) {
    for (const auto& sequence : *list) {
      if (sequence->id == id && !sequence->done) sequence->done = StopReason::kCancelled;
    }
  }
}

// Takes the finished out of both lists, then tells their owners.
void Batcher::finish_done() {
  Sequences done;
  for (Sequences* list : {&waiting_, &running_}) {
    const auto first = std::stable_partition(list->begin(), list->end(),
                                             [](const auto& sequence) { return !sequence->done; });
    std::move(first, list->end(), std::back_inserter(done));
    list->erase(first, list->end());
  }
  for (const auto& sequence : done) {
    if (!sequence->request.on_done) continue;
    sequence->request.on_done({.reason = *sequence->done, .work = sequence->work});
  }
}

void Batcher::run() {
  while (step()) {
  }
}

bool Batcher::step() {
  finish_done();
  admit();
  plan();
  run_pass();
  finish_done();
  return !running_.empty() || !waiting_.empty();
}

namespace {

std::size_t common_pages(std::span<const TokenId> a, std::span<const TokenId> b) {
  const auto same = std::mismatch(a.begin(), a.end(), b.begin(), b.end());
  return static_cast<std::size_t>(same.first - a.begin()) / kernels::kPagePositions;
}

}  // namespace

// Tokens whose pages can be had from others, or be of use to them.  Keys and values of tokens that
// stop early are not those that a prompt of the same tokens gets: an answer is then its own.
std::span<const TokenId> Batcher::shareable(const Sequence& sequence) const {
  const std::span<const TokenId> all = sequence.tokens;
  return engine_.exit_confidence() > 0.0F ? all.first(sequence.request.prompt.size()) : all;
}

// Another request is computing more of this one's beginning than is known already.
bool Batcher::waits_for_a_prefix(const Sequence& sequence) const {
  if (!sequence.shares) return false;
  const std::span<const TokenId> tokens = shareable(sequence);
  const std::size_t known = tree_.known(tokens).pages;
  return std::any_of(running_.begin(), running_.end(), [&](const auto& other) {
    const std::size_t common = common_pages(tokens, other->request.prompt);
    return other->shares && common > known &&
           other->cache.size() < common * kernels::kPagePositions;
  });
}

// Pages that a request can have once those running have what their tokens so far need: one that
// came before must not be put back for one that comes after.
std::size_t Batcher::spare_pages() const {
  std::size_t promised = 0;
  for (const auto& s : running_) {
    const std::size_t needed = s->pages_needed();
    promised += needed - std::min(needed, s->cache.pages().size());
  }
  const std::size_t available = pool_->free_pages() + tree_.spare_pages();
  return available - std::min(available, promised);
}

void Batcher::admit() {
  for (std::size_t i = 0; i < waiting_.size() && running_.size() < options_.max_running;) {
    const std::span<const TokenId> tokens = shareable(*waiting_[i]);
    const std::size_t found = waiting_[i]->shares ? tree_.known(tokens).in_use : 0;
    const std::size_t needed = waiting_[i]->pages_needed() - found;
    if (!running_.empty() && needed > spare_pages()) break;
    if (waits_for_a_prefix(*waiting_[i])) {
      ++i;
      continue;
    }
    std::unique_ptr<Sequence> next = std::move(waiting_[i]);
    waiting_.erase(waiting_.begin() + static_cast<std::ptrdiff_t>(i));
    start(std::move(next));
  }
}

void Batcher::start(std::unique_ptr<Sequence> sequence) {
  if (sequence->shares) {
    // The last token is computed in any case: its logits are what comes next.
    const std::span<const TokenId> tokens = shareable(*sequence);
    const std::span<const TokenId> usable =
        tokens.first(std::min(tokens.size(), sequence->tokens.size() - 1));
    const std::vector<PageId> pages = tree_.find(usable);
    sequence->cache.adopt(pages);
    sequence->remembered = pages.size();
    count(*sequence, Phase::kPrefill, {.cached_tokens = sequence->cache.size()});
  }
  running_.push_back(std::move(sequence));
}

void Batcher::plan() {
  for (const auto& sequence : running_) sequence->input.clear();
  plan_decode();
  plan_prompts();
}

// The next token of every request that answers, with guesses where they pay.  The oldest first: the
// youngest are the ones put back when pages run out.
void Batcher::plan_decode() {
  for (std::size_t i = 0; i < running_.size(); ++i) {
    Sequence& s = *running_[i];
    if (!s.decoding() || s.done) continue;
    if (!reserve(s, 1)) {
      if (running_.size() == 1) {  // as long as it gets
        s.done = StopReason::kContextFull;
      } else {
        preempt(i--);
      }
      continue;
    }
    s.input = {s.tokens.back()};
    s.guessed = 0;
    const std::size_t left = s.request.max_tokens - s.answered;
    const std::size_t room = s.cache.capacity() - s.cache.size() - 1;
    const std::size_t width = std::min({s.guard.width(), left - 1, room});
    if (s.request.proposer && width > 0) {
      std::vector<TokenId> guesses = s.request.proposer->propose(s.tokens, width);
      guesses.resize(std::min(guesses.size(), width));
      if (s.cache.reserve(1 + guesses.size())) {
        s.input.insert(s.input.end(), guesses.begin(), guesses.end());
        s.guessed = guesses.size();
      }
    }
    s.wanted = s.guessed > 0 ? Logits::kAll : Logits::kLast;
  }
}

void Batcher::plan_prompts() {
  std::size_t used = 0;
  bool decoding = false;
  for (const auto& s : running_) {
    used += s->input.size();
    decoding = decoding || !s->input.empty();
  }
  std::size_t left = options_.pass_tokens - std::min(options_.pass_tokens, used);
  if (decoding) left = std::min(left, options_.prompt_tokens_beside_decode);
  for (std::size_t i = 0; i < running_.size() && left > 0; ++i) {
    Sequence& s = *running_[i];
    if (s.done || s.decoding() || !s.input.empty()) continue;
    const std::size_t count = std::min(left, s.pending());
    if (!reserve(s, count)) {
      if (running_.size() == 1) s.done = StopReason::kContextFull;
      continue;
    }
    const auto begin = s.tokens.begin() + static_cast<std::ptrdiff_t>(s.cache.size());
    s.input.assign(begin, begin + static_cast<std::ptrdiff_t>(count));
    s.guessed = 0;
    s.wanted = count == s.pending() ? Logits::kLast : Logits::kNone;
    left -= count;
  }
}

bool Batcher::reserve(Sequence& sequence, std::size_t tokens) {
  if (tokens > sequence.cache.capacity() - sequence.cache.size()) return false;
  while (!sequence.cache.reserve(tokens)) {
    if (!make_room(sequence)) return false;
  }
  return true;
}

bool Batcher::make_room(const Sequence& keep) {
  if (tree_.evict()) return true;
  for (std::size_t i = running_.size(); i-- > 0;) {
    if (running_[i].get() == &keep) return false;  // only older ones are left
    if (running_[i]->cache.pages().empty() || running_[i]->done) continue;
    preempt(i);
    return true;
  }
  return false;
}

// Gives back the pages of a running request and puts it at the head of the queue.
void Batcher::preempt(std::size_t index) {
  std::unique_ptr<Sequence> s = std::move(running_[index]);
  running_.erase(running_.begin() + static_cast<std::ptrdiff_t>(index));
  s->cache.truncate(0);
  s->input.clear();
  s->remembered = 0;
  waiting_.push_front(std::move(s));
  ++counts_.preemptions;
}

Step Batcher::step_of(Sequence& s) {
  // A token computed before, for a request that was put back, is waste.
  const std::size_t end = s.cache.size() + s.input.size() - s.guessed;
  s.again = std::min(end, s.computed) - std::min(s.cache.size(), s.computed);
  s.computed = std::max(s.computed, end);
  s.latest = {};
  const std::size_t prompt = s.request.prompt.size();
  return {.cache = &s.cache,
          .tokens = s.input,
          .wanted = s.wanted,
          .phase = s.answered > 0 && s.again == 0 ? Phase::kDecode : Phase::kPrefill,
          .exits_from = prompt - std::min(prompt, s.cache.size()),
          .work = &s.latest};
}

// The share of the pass becomes the request's; of it, what went to computing tokens again is waste.
void Batcher::charge(Sequence& s) {
  s.work += s.latest;
  if (s.again == 0) return;
  counts_.recomputed_tokens += s.again;
  count(s, Phase::kPrefill,
        {.recomputed_tokens = s.again,
         .recomputed_time = part(s.latest[Phase::kPrefill].time, s.again, s.input.size())});
}

void Batcher::count(Sequence& sequence, Phase phase, const PhaseWork& more) {
  engine_.count(phase, more);
  sequence.work[phase] += more;
}

void Batcher::run_pass() {
  std::vector<Step> steps;
  std::vector<Sequence*> taking;
  for (const auto& s : running_) {
    if (s->input.empty() || s->done) continue;
    steps.push_back(step_of(*s));
    taking.push_back(s.get());
  }
  if (steps.empty()) return;
  const Seconds started = monotonic_now();
  const MatrixView<const float> logits = engine_.forward(steps);
  const Seconds time = monotonic_now() - started;
  ++counts_.passes;
  for (Sequence* s : taking) charge(*s);
  std::size_t row = 0;
  std::exception_ptr fault;
  for (std::size_t i = 0; i < taking.size(); ++i) {
    const std::size_t rows = wanted_rows(steps[i]);
    try {
      if (rows > 0) take(*taking[i], logits, row, time);
    } catch (...) {  // one request's owner; the others have their tokens first
      taking[i]->done = StopReason::kCancelled;
      fault = std::current_exception();
    }
    row += rows;
    if (taking[i]->done != StopReason::kCancelled) remember(*taking[i]);
  }
  if (fault) std::rethrow_exception(fault);
}

// Draws the next token from each row in turn, as long as the row's input is what was drawn before.
void Batcher::take(Sequence& s, MatrixView<const float> logits, std::size_t first_row,
                   Seconds time) {
  const std::size_t before = s.cache.size() - s.guessed;  // positions that are surely right
  std::size_t accepted = 0;
  if (s.answered >= s.request.max_tokens) s.done = StopReason::kMaxTokens;
  for (std::size_t i = 0; !s.done; ++i) {
    const TokenId token = s.sampler.next({logits.row(first_row + i), logits.cols});
    if (!s.request.ignore_end && engine_.model().tokenizer &&
        engine_.model().tokenizer->ends_text(token)) {
      s.done = StopReason::kEndOfText;
      break;
    }
    s.tokens.push_back(token);
    ++s.answered;
    count(s, Phase::kDecode, {.output_tokens = 1});
    if (s.request.on_token) s.request.on_token(token);
    if (s.answered == s.request.max_tokens) s.done = StopReason::kMaxTokens;
    if (i == s.guessed || s.input[i + 1] != token) break;
    ++accepted;
  }
  if (s.guessed > accepted) {
    const std::size_t rejected = s.guessed - accepted;
    count(s, Phase::kDecode,
          {.rejected_tokens = rejected,
           .rejected_time = part(s.latest[Phase::kDecode].time, rejected, s.input.size())});
  }
  s.cache.truncate(before + accepted);
  s.computed = std::max(s.computed, s.cache.size());
  // A pass that computed more of this request than its latest token does not tell what one takes.
  const bool plain = s.input.size() == 1 + s.guessed;
  if (s.request.proposer && plain) s.guard.record(s.guessed, accepted, time);
  if (!s.done && s.tokens.size() > s.cache.capacity()) s.done = StopReason::kContextFull;
}

void Batcher::remember(Sequence& s) {
  if (!s.shares) return;
  const std::size_t full = std::min(s.cache.size(), shareable(s).size()) / kernels::kPagePositions;
  if (full <= s.remembered) return;
  tree_.add(s.tokens, s.cache.pages().first(full));
  s.remembered = full;
}

}  // namespace frugal::engine
