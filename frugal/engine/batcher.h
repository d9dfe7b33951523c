#pragma once

/// Many requests on one model: continuous batching over shared pages.

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "frugal/engine/engine.h"
#include "frugal/engine/prefix_tree.h"
#include "frugal/engine/sampler.h"
#include "frugal/engine/speculate.h"

namespace frugal::engine {

using RequestId = std::uint64_t;

enum class StopReason { kEndOfText, kMaxTokens, kContextFull, kCancelled };

/// How a request ended, and its share of the engine's work.
///
/// A pass's time, and what all its rows share (weights above all), is split by the layers that the
/// rows of each request went through; attention is a request's own.
struct Ending {
  StopReason reason = StopReason::kCancelled;
  Work work = {};
};

/// Where a request's tokens come from and where they go.
struct Request {
  std::vector<TokenId> prompt;
  std::size_t max_tokens = 128;
  /// Most positions of prompt and answer; 0: as many as pool and model allow.  Where a model turns
  /// long contexts otherwise than short ones, this is what counts as long.
  std::size_t context = 0;
  bool ignore_end = false;  ///< go on past end-of-text (measurements)
  SamplerOptions sampler;
  /// Called with each token as it is given out; may throw, which cancels the request and leaves
  /// `step` with the exception.
  std::function<void(TokenId token)> on_token;
  /// Called once, when nothing more will come.
  std::function<void(const Ending& ending)> on_done;
  /// Makes the guesses for speculation; null: none.
  std::unique_ptr<Proposer> proposer;
};

struct BatcherOptions {
  std::size_t kv_positions = 4096;  ///< of all requests together; rounded up to pages
  KvType kv = KvType::kF16;
  std::size_t max_running = 16;
  /// Most tokens of one pass.
  std::size_t pass_tokens = 256;
  /// Most prompt tokens of one pass while other requests wait for their next token: the bound on
  /// how long a long prompt may hold them up.
  std::size_t prompt_tokens_beside_decode = 64;
  bool share_prefixes = true;
};

/// What became of the requests so far.
struct BatcherCounts {
  std::uint64_t passes = 0;
  std::uint64_t preemptions = 0;        ///< requests put back for want of pages
  std::uint64_t recomputed_tokens = 0;  ///< computed a second time after that
};

/// Runs requests side by side.
///
/// Each pass takes the next token of every request that has begun to answer, and fills up with
/// prompt tokens, first come first served.  Pages come from one pool: a prompt whose beginning is
/// known starts with those pages, and one whose beginning another request is computing right now
/// waits for it.  When the pool is empty, pages that only the prefix tree owns go first, by value;
/// then the request that came last is put back into the queue and later computed again.
///
/// A request gets exactly the tokens it gets alone, whatever shares its passes.  Where the engine
/// has an exit confidence, tokens of the answer may stop early, those of the prompt never.
///
/// Threads: one at a time.
class Batcher {
 public:
  /// The engine must outlive the batcher.
  /// Errors: kInvalidArgument for a limit of 0 or a pool beyond memory.
  Batcher(Engine& engine, const BatcherOptions& options);
  ~Batcher();
  Batcher(const Batcher&) = delete;
  Batcher& operator=(const Batcher&) = delete;

  /// Puts a request at the end of the queue.
  /// Errors: kInvalidArgument for an empty prompt, an id outside the vocabulary, a bad sampler
  ///         option, or a prompt longer than its context, even if that is the whole pool.
  RequestId submit(Request request);
  /// Ends a request; its on_done gets kCancelled.  An id that is not there is ignored.
  void cancel(RequestId id);
  /// One pass; false when no request is left.
  bool step();
  /// Steps until no request is left.
  void run();

  [[nodiscard]] std::size_t running() const { return running_.size(); }
  [[nodiscard]] std::size_t waiting() const { return waiting_.size(); }
  [[nodiscard]] const BatcherCounts& counts() const { return counts_; }
  [[nodiscard]] const KvPool& pool() const { return *pool_; }

 private:
  struct Sequence;
  using Sequences = std::deque<std::unique_ptr<Sequence>>;

  [[nodiscard]] std::size_t capacity_of(const Request& request) const;
  [[nodiscard]] bool may_share(const Request& request) const;
  void admit();
  [[nodiscard]] std::size_t spare_pages() const;
  [[nodiscard]] bool waits_for_a_prefix(const Sequence& sequence) const;
  [[nodiscard]] std::span<const TokenId> shareable(const Sequence& sequence) const;
  void start(std::unique_ptr<Sequence> sequence);
  void plan();
  void plan_decode();
  void plan_prompts();
  bool reserve(Sequence& sequence, std::size_t tokens);
  bool make_room(const Sequence& keep);
  void preempt(std::size_t index);
  [[nodiscard]] static Step step_of(Sequence& sequence);
  void charge(Sequence& sequence);
  void run_pass();
  void take(Sequence& sequence, MatrixView<const float> logits, std::size_t first_row,
            Seconds time);
  void count(Sequence& sequence, Phase phase, const PhaseWork& more);
  void remember(Sequence& sequence);
  void finish_done();

  Engine& engine_;
  BatcherOptions options_;
  std::shared_ptr<KvPool> pool_;
  PrefixTree tree_;
  Sequences waiting_;
  Sequences running_;
  RequestId next_id_ = 1;
  BatcherCounts counts_;
};

}  // namespace frugal::engine
