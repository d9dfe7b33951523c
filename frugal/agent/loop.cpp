#include "frugal/agent/loop.h"

#include <algorithm>
#include <list>

#include "frugal/agent/dialogue.h"
#include "frugal/base/error.h"
#include "frugal/base/random.h"
#include "frugal/text/tokenizer.h"

// Each agent is a dialogue and the ids of all it has read and written.  It submits the ids as a
// prompt; when the batcher says that the message has ended, the ids drawn are appended, the
// dialogue takes the message as text, and what follows it is appended as ids and submitted again.
// The batcher's callbacks only note what happened: all else is done between two of its steps.

namespace frugal::agent {

namespace {

using engine::StopReason;
using text::TokenId;

struct Agent {
  Agent(const Task& task, std::size_t max_steps) : dialogue(task, max_steps) {}

  Dialogue dialogue;
  Outcome outcome;
  std::vector<TokenId> ids;    // all so far, without the message being written
  std::vector<TokenId> drawn;  // the message being written
  std::size_t room = 0;        // most tokens it may have
  std::optional<StopReason> done;
};

class Loop {
 public:
  Loop(engine::Engine& engine, std::span<const Task> tasks, const LoopOptions& options)
      : engine_(engine),
        tokenizer_(*engine.model().tokenizer),
        tasks_(tasks),
        options_(options),
        batcher_(engine, {.kv_positions = options.kv_positions,
                          .kv = options.kv,
                          .max_running = options.concurrency,
                          .share_prefixes = options.share_prefixes}),
        positions_(std::min(options.kv_positions, engine.model().config.context_length)) {
    result_.outcomes.resize(tasks.size() * options.trials);
  }

  LoopResult run() {
    const Work before = engine_.work();
    while (finished_ < result_.outcomes.size()) {
      report_progress(options_.progress, {"tasks", finished_, result_.outcomes.size()});
      while (agents_.size() < options_.concurrency && started_ < result_.outcomes.size()) start();
      (void)batcher_.step();
      for (auto agent = agents_.begin(); agent != agents_.end();) {
        if (agent->done) continue_with(*agent);
        agent = agent->dialogue.status() == Status::kRunning ? std::next(agent) : retire(agent);
      }
    }
    report_progress(options_.progress, {"tasks", finished_, result_.outcomes.size()});
    result_.work += engine_.work().since(before);
    result_.counts = batcher_.counts();
    return std::move(result_);
  }

 private:
  std::vector<TokenId> encode(std::string_view text) const {
    return tokenizer_.encode(text, {.add_special = false, .parse_special = true});
  }

  void start() {
    const std::size_t index = started_++;
    Agent& agent = agents_.emplace_back(tasks_[index / options_.trials], options_.max_steps);
    agent.outcome.task = index / options_.trials;
    agent.outcome.trial = index % options_.trials;
    const text::Vocabulary& vocabulary = tokenizer_.vocabulary();
    if (vocabulary.add_bos && vocabulary.bos) agent.ids.push_back(*vocabulary.bos);
    append(agent, text::render_chat(agent.dialogue.messages(),
                                    {.tools = agent.dialogue.tools(), .ask = true}));
    ask(agent);
  }

  void append(Agent& agent, std::string_view text) const {
    const auto more = encode(text);
    agent.ids.insert(agent.ids.end(), more.begin(), more.end());
  }

  // Submits what the agent has read and written so far.
  void ask(Agent& agent) {
    if (agent.ids.size() >= positions_) {
      agent.dialogue.give_up();
      return;
    }
    agent.drawn.clear();
    agent.done.reset();
    agent.room = std::min(options_.max_tokens, positions_ - agent.ids.size());
    agent.outcome.prompt_tokens += agent.ids.size();
    engine::Request request;
    request.prompt = agent.ids;
    request.max_tokens = agent.room;
    request.sampler = options_.sampler;
    request.sampler.seed = Random(options_.seed)
                               .fork(agent.dialogue.task().id)
                               .fork(agent.outcome.trial)
                               .fork(agent.dialogue.steps())
                               .next();
    request.on_token = [&agent](TokenId token) { agent.drawn.push_back(token); };
    request.on_done = [&agent](const engine::Ending& ending) { agent.done = ending.reason; };
    if (options_.proposer) request.proposer = options_.proposer();
    (void)batcher_.submit(std::move(request));
  }

  // The agent's message has ended.
  void continue_with(Agent& agent) {
    agent.outcome.output_tokens += agent.drawn.size();
    const bool cut = *agent.done != StopReason::kEndOfText;
    // A message that had less room than it may have, or lost it to others, is not the agent's
    // fault.
    if (*agent.done == StopReason::kContextFull || (cut && agent.room < options_.max_tokens)) {
      agent.dialogue.give_up();
      return;
    }
    std::string message;
    for (const TokenId token : agent.drawn) message += tokenizer_.piece(token, true);
    const auto next = agent.dialogue.take(std::move(message), !cut);
    if (agent.dialogue.status() != Status::kRunning) return;
    agent.ids.insert(agent.ids.end(), agent.drawn.begin(), agent.drawn.end());
    append(agent, text::chat_continuation(next));
    ask(agent);
  }

  std::list<Agent>::iterator retire(std::list<Agent>::iterator agent) {
    Outcome& outcome = agent->outcome;
    outcome.status = agent->dialogue.status();
    outcome.success = agent->dialogue.success();
    outcome.transcript = agent->dialogue.messages();
    outcome.calls = agent->dialogue.calls();
    outcome.steps = agent->dialogue.steps();
    result_.work[Phase::kTool].time += agent->dialogue.tool_time();
    const std::size_t index = (outcome.task * options_.trials) + outcome.trial;
    result_.outcomes[index] = std::move(outcome);
    ++finished_;
    return agents_.erase(agent);
  }

  engine::Engine& engine_;
  const text::Tokenizer& tokenizer_;
  std::span<const Task> tasks_;
  const LoopOptions& options_;
  std::list<Agent> agents_;  // before the batcher, whose requests point to them
  engine::Batcher batcher_;
  std::size_t positions_;  // most that one conversation can have
  std::size_t started_ = 0;
  std::size_t finished_ = 0;
  LoopResult result_;
};

}  // namespace

LoopResult run_tasks(engine::Engine& engine, std::span<const Task> tasks,
                     const LoopOptions& options) {
  if (!engine.model().tokenizer) {
    throw Error(ErrorKind::kUnsupported, "the model has no vocabulary, expected one for agents");
  }
  if (options.trials == 0 || options.max_steps == 0 || options.max_tokens == 0 ||
      options.concurrency == 0 || options.kv_positions == 0) {
    throw Error(
        ErrorKind::kInvalidArgument,
        "agents: a limit of 0 trials, steps, tokens, agents or positions, expected at least 1");
  }
  return Loop(engine, tasks, options).run();
}

}  // namespace frugal::agent
