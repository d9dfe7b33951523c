#include "frugal/study/agent_rounds.h"

#include <algorithm>
#include <bit>
#include <limits>
#include <numeric>

#include "frugal/base/error.h"
#include "frugal/base/random.h"
#include "frugal/base/str.h"
#include "frugal/study/setup.h"

namespace frugal::study {

namespace {

void add_round(AgentScore& score, const WeighedTasks& weighed) {
  const meter::Reading total = meter::total(weighed.readings);
  if (total.quality == meter::Quality::kUnavailable || total.energy.value() <= 0.0) {
    throw Error(ErrorKind::kUnsupported,
                str("meter '{}': {}, expected a reading", total.domain,
                    total.note.empty() ? "no energy in a round" : total.note));
  }
  score.success.insert(score.success.end(), weighed.success.begin(), weighed.success.end());
  score.joules.push_back(total.energy.value());
  score.solved.push_back(
      static_cast<double>(std::count(weighed.success.begin(), weighed.success.end(), true)));
  add_readings(score.readings, weighed.readings);
  score.work += weighed.work;
}

// What a setting is judged by while it runs; ties, also of those that solve nothing, by joules.
std::pair<double, double> cost(const AgentScore& score) {
  const double joules = std::accumulate(score.joules.begin(), score.joules.end(), 0.0);
  const auto solved = static_cast<double>(score.successes());
  return {solved > 0.0 ? joules / solved : std::numeric_limits<double>::infinity(), joules};
}

// The settings that go on, the baseline first.
std::vector<std::size_t> best(std::vector<std::size_t> running, std::size_t count,
                              const std::vector<AgentScore>& scores) {
  std::stable_sort(running.begin() + 1, running.end(),
                   [&](std::size_t a, std::size_t b) { return cost(scores[a]) < cost(scores[b]); });
  running.resize(std::min(count, running.size()));
  return running;
}

}  // namespace

std::size_t settings_in_round(std::size_t settings, std::size_t finalists, std::size_t round) {
  std::size_t count = settings;
  for (auto halvings = std::bit_width(round); halvings > 0 && count > finalists; --halvings) {
    count = std::max(finalists, (count + 1) / 2);
  }
  return count;
}

std::vector<AgentScore> weigh_settings(std::size_t settings, std::span<const agent::Task> tasks,
                                       const RunTasksFn& run, const RoundOptions& options) {
  FRUGAL_CHECK(settings > 0 && options.tasks_per_round > 0 && options.finalists > 0);
  const std::size_t rounds = (tasks.size() + options.tasks_per_round - 1) / options.tasks_per_round;
  std::size_t total = 0;
  for (std::size_t round = 0; round < rounds; ++round) {
    total += settings_in_round(settings, options.finalists, round);
  }
  std::vector<AgentScore> scores(settings);
  std::vector<std::size_t> running(settings);
  std::iota(running.begin(), running.end(), 0);
  Random random(options.seed);
  std::size_t done = 0;
  for (std::size_t round = 0; round < rounds; ++round) {
    running =
        best(std::move(running), settings_in_round(settings, options.finalists, round), scores);
    const std::size_t first = round * options.tasks_per_round;
    const auto chunk =
        tasks.subspan(first, std::min(options.tasks_per_round, tasks.size() - first));
    std::vector<std::size_t> order = running;
    random.shuffle(order);
    for (const std::size_t setting : order) {
      report_progress(options.progress, {.stage = options.stage, .done = done++, .total = total});
      add_round(scores[setting], run(setting, chunk));
    }
  }
  for (AgentScore& score : scores) {
    score.stopped = true;
    score.receipt = account::attribute(score.readings, score.work);
  }
  for (const std::size_t setting : running) scores[setting].stopped = false;
  return scores;
}

}  // namespace frugal::study
