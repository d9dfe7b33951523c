#include "frugal/agent/dialogue.h"

#include <algorithm>

#include "frugal/agent/score.h"
#include "frugal/agent/tool_call.h"
#include "frugal/base/clock.h"
#include "frugal/base/error.h"

namespace frugal::agent {

std::string_view status_name(Status status) {
  switch (status) {
    case Status::kRunning:
      return "running";
    case Status::kAnswered:
      return "answered";
    case Status::kStepLimit:
      return "step_limit";
    case Status::kMalformed:
      return "malformed";
    case Status::kContextFull:
      return "context_full";
  }
  return "";
}

Dialogue::Dialogue(const Task& task, std::size_t max_steps)
    : task_(task),
      max_steps_(max_steps),
      world_(make_world(task)),
      tools_(tool_signatures(*world_)),
      messages_(opening_messages(task, *world_)) {}

std::span<const text::ChatMessage> Dialogue::take(std::string message, bool whole) {
  FRUGAL_CHECK(status_ == Status::kRunning);
  ++steps_;
  ParsedMessage parsed = parse_message(message);
  messages_.push_back({"assistant", std::move(message)});
  if (!whole) {
    status_ = Status::kMalformed;
    return {};
  }
  if (parsed.calls.empty()) {
    answer_ = std::move(parsed.text);
    status_ = Status::kAnswered;
    return {};
  }
  const std::size_t first = messages_.size();
  const Seconds started = monotonic_now();
  for (CallAttempt& attempt : parsed.calls) {
    const Json result =
        attempt.malformed() ? error_result(attempt.fault) : world_->call(attempt.call);
    messages_.push_back({"tool", to_spaced_line(result)});
    if (!attempt.malformed()) calls_.push_back(std::move(attempt.call));
  }
  tool_time_ += monotonic_now() - started;
  if (steps_ == max_steps_) {
    const bool broken = std::all_of(parsed.calls.begin(), parsed.calls.end(),
                                    [](const CallAttempt& one) { return one.malformed(); });
    status_ = broken ? Status::kMalformed : Status::kStepLimit;
    return {};
  }
  return std::span(messages_).subspan(first);
}

void Dialogue::give_up() {
  FRUGAL_CHECK(status_ == Status::kRunning);
  status_ = Status::kContextFull;
}

bool Dialogue::success() const {
  return status_ == Status::kAnswered && solves(task_, *world_, answer_);
}

}  // namespace frugal::agent
