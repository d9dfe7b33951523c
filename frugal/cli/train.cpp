#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <memory>
#include <optional>

#include "frugal/base/clock.h"
#include "frugal/base/error.h"
#include "frugal/base/json.h"
#include "frugal/base/str.h"
#include "frugal/cli/common.h"
#include "frugal/cli/interrupt.h"
#include "frugal/cli/json_of.h"
#include "frugal/cli/ranks.h"
#include "frugal/cli/verbs.h"
#include "frugal/meter/window.h"
#include "frugal/train/search.h"
#include "frugal/train/train.h"

namespace frugal::cli {

namespace {

constexpr double kLapSeconds = 2.0;
constexpr int kIoCode = 2 + static_cast<int>(ErrorKind::kIo);
// Ranks that were started here end by themselves within a step of the others.
constexpr double kFarewellSeconds = 30.0;

struct Options {
  CommonOptions common;
  std::string recipe;
  std::vector<std::string> changes;
  bool fresh = false;
  bool search = false;
  std::string scores;
  std::size_t ranks = 0;  ///< to start on this machine; 0: what the environment says
};

/// Which of how many processes this is, and its share of the CPUs.
struct Place {
  train::Ranks ranks;
  std::size_t threads = 1;
};

Place place_of(const Options& options) {
  const Environment environment = process_environment();
  Place place;
  std::size_t here = 1;
  if (options.ranks > 0) {
    here = options.ranks;
    place.ranks.count = options.ranks;
    place.ranks.port = 0;
  } else if (const auto ranks = ranks_of(environment)) {
    place.ranks = *ranks;
    here = local_ranks(environment, *ranks);
  }
  place.ranks.waiting = throw_if_interrupted;
  const bool given = options.common.threads > 0;
  const std::size_t share = threads_of(options.common) / (given ? 1 : here);
  place.threads = std::max<std::size_t>(share, 1);
  return place;
}

/// Energy of a job while it runs: spans end to end, their energies and uncertainties added, for
/// what is wrong with a meter is wrong in every span alike.
class RunningEnergy {
 public:
  explicit RunningEnergy(meter::Meter& meter) : meter_(meter), span_(std::in_place, meter) {}

  /// So far, at most a lap old.
  [[nodiscard]] const meter::Reading& so_far() {
    return !last_ || (monotonic_now() - *last_).value() > kLapSeconds ? now() : sum_;
  }
  /// Up to this moment.
  [[nodiscard]] const meter::Reading& now() {
    lap();
    return sum_;
  }
  [[nodiscard]] meter::Reading stop() {
    lap();
    span_.reset();
    return sum_;
  }

 private:
  void lap() {
    const meter::Reading part = meter::total(span_->stop());
    span_.emplace(meter_);
    last_ = monotonic_now();
    if (sum_.domain.empty()) {
      sum_ = part;
      return;
    }
    if (part.quality > sum_.quality) sum_.quality = part.quality;
    sum_.energy += part.energy;
    sum_.uncertainty += part.uncertainty;
    sum_.time += part.time;
  }

  meter::Meter& meter_;
  std::optional<meter::Span> span_;
  meter::Reading sum_;
  std::optional<Seconds> last_;
};

std::string detail_of(const train::TrainProgress& progress, const meter::Reading& energy) {
  std::string detail = str("loss {:.4f}, {:.0f} token/s", progress.loss, progress.tokens_per_s);
  if (energy.quality != meter::Quality::kUnavailable) {
    detail +=
        str(", {} ({})", human_si(energy.energy.value(), "J"), meter::quality_name(energy.quality));
  }
  return detail;
}

/// Writes the curve into the ledger, at each validation.
class Record {
 public:
  Record(const Options& options, const train::Recipe& recipe, const Place& place,
         const std::string& command_line) {
    const std::filesystem::path path = options.common.ledger.empty()
                                           ? recipe.output / "ledger.sqlite"
                                           : std::filesystem::path(options.common.ledger);
    std::filesystem::create_directories(recipe.output);
    ledger_.emplace(path);
    const Json settings = {{"recipe", options.recipe},       {"set", options.changes},
                           {"threads", place.threads},       {"ranks", place.ranks.count},
                           {"steps", recipe.steps},          {"seed", recipe.seed},
                           {"torch", train::torch_version()}};
    run_ = ledger_->begin(run_info("train", command_line, recipe.name, to_line(settings)));
  }

  void add(const train::TrainProgress& progress) {
    if (!progress.validation) return;
    const auto metric = [&](std::string_view name, double value) {
      ledger_->add_metric(run_, {.name = str("{}@{}", name, progress.step), .value = value});
    };
    metric("loss", progress.loss);
    metric("validation", *progress.validation);
    if (progress.accuracy) metric("accuracy", *progress.accuracy);
    for (const train::ExitFigures& exit : progress.exits) {
      metric(str("exit_{}_validation", exit.layer), exit.loss);
      metric(str("exit_{}_accuracy", exit.layer), exit.accuracy);
    }
  }
  void finish(const meter::Reading& energy, const train::TrainOutcome& outcome) {
    ledger_->add_readings(run_, {energy});
    ledger_->add_metric(run_, {.name = "loss", .value = outcome.loss});
    ledger_->add_metric(run_, {.name = "tokens", .value = static_cast<double>(outcome.tokens)});
    if (outcome.communication) {
      const train::Communication& c = *outcome.communication;
      ledger_->add_metric(run_,
                          {.name = "communication_bytes", .value = static_cast<double>(c.bytes)});
      ledger_->add_metric(run_, {.name = "communication_time_s", .value = c.time.value()});
    }
    for (const std::string& note : outcome.notes) {
      ledger_->add_note(run_, {.key = "note", .text = note});
    }
    ledger_->finish(run_);
  }
  /// Of a run that was stopped: its joules were spent all the same.
  void stopped(const meter::Reading& energy) { ledger_->add_readings(run_, {energy}); }

 private:
  std::optional<ledger::Ledger> ledger_;
  ledger::RunId run_{};
};

/// The part of a run's joules that went by while rank 0 exchanged: modelled, as if its power were
/// always the same.
std::optional<Joules> communication_energy(const train::Communication& communication,
                                           const meter::Reading& energy) {
  if (energy.quality == meter::Quality::kUnavailable || energy.time.value() <= 0.0) return {};
  return std::min(1.0, communication.time.value() / energy.time.value()) * energy.energy;
}

Json communication_json(const train::Communication& communication, std::size_t ranks,
                        const meter::Reading& energy) {
  Json json = {
      {"ranks", ranks}, {"bytes", communication.bytes}, {"time_s", communication.time.value()}};
  if (const auto joules = communication_energy(communication, energy)) {
    json["energy_j"] = joules->value();
    json["quality"] = meter::quality_name(meter::Quality::kModelled);
  }
  return json;
}

std::string communication_text(const train::Communication& communication, std::size_t ranks,
                               const meter::Reading& energy) {
  std::string text =
      str("{} ranks sent each other {} and spent {:.1f} s on it", ranks,
          human_si(static_cast<double>(communication.bytes), "B"), communication.time.value());
  if (const auto joules = communication_energy(communication, energy)) {
    text += str(", about {} (modelled)", human_si(joules->value(), "J"));
  }
  return text + "\n";
}

void print_outcome(const Options& options, const Place& place, const train::TrainOutcome& outcome,
                   const meter::Reading& energy) {
  if (options.common.json) {
    Json json = {{"model", outcome.model.string()},
                 {"steps", outcome.steps},
                 {"resumed_at", outcome.resumed_at},
                 {"parameters", outcome.parameters},
                 {"tokens", outcome.tokens},
                 {"skipped_documents", outcome.skipped_documents},
                 {"loss", outcome.loss},
                 {"time_s", outcome.time.value()},
                 {"notes", outcome.notes},
                 {"readings", json_of(std::vector{energy})}};
    if (outcome.validation) json["validation"] = *outcome.validation;
    if (outcome.communication) {
      json["communication"] = communication_json(*outcome.communication, place.ranks.count, energy);
    }
    print_out(to_line(json) + "\n");
    return;
  }
  std::string text;
  for (const std::string& note : outcome.notes) text += str("note: {}\n", note);
  if (outcome.skipped_documents > 0) {
    text +=
        str("note: {} documents are longer than a row and were left out (larger data.length?)\n",
            outcome.skipped_documents);
  }
  text += str("{}: {} parameters, {} steps, {} tokens, loss {:.4f}", outcome.model.string(),
              outcome.parameters, outcome.steps, outcome.tokens, outcome.loss);
  if (outcome.validation) text += str(", validation {:.4f}", *outcome.validation);
  text += str("\nthis run {} in {:.0f} s; in all {:.0f} s\n", text_of(energy), energy.time.value(),
              outcome.time.value());
  if (outcome.communication) {
    text += communication_text(*outcome.communication, place.ranks.count, energy);
  }
  print_out(text);
}

std::string line_of(const train::TrialReport& report, std::string_view unit) {
  std::string line = str("trial {:>3}  {:<8}", report.number, report.state);
  line += report.validation ? str("  validation {:.4f}", *report.validation) : std::string(19, ' ');
  line += str("  {:>9}", human_si(report.cost, unit));
  for (const std::string& change : report.changes) line += "  " + change;
  return report.why.empty() ? line : line + "  (" + report.why + ")";
}

Json json_of_trial(const train::TrialReport& report, std::string_view cost_key) {
  Json json = {{"number", report.number}, {"state", report.state}, {"changes", report.changes}};
  json[std::string(cost_key)] = report.cost;
  if (report.validation) json["validation"] = *report.validation;
  return json;
}

void print_search(const Options& options, const train::SearchOutcome& outcome, bool joules) {
  if (options.common.json) {
    Json trials = Json::array();
    for (const train::TrialReport& report : outcome.trials) {
      trials.push_back(json_of_trial(report, joules ? "energy_j" : "time_s"));
    }
    Json json = {{"trials", trials}};
    if (outcome.best) json["best"] = *outcome.best;
    print_out(to_line(json) + "\n");
    return;
  }
  std::string text;
  for (const train::TrialReport& report : outcome.trials) {
    const bool best = outcome.best && report.number == *outcome.best;
    text += str("{} {}\n", best ? "*" : " ", line_of(report, joules ? "J" : "s"));
  }
  text += outcome.best ? "" : "no trial came to its end\n";
  print_out(text);
}

void run_search(const Options& options) {
  const auto meter = meter::choose_meter(meter_options_of(options.common));
  RunningEnergy energy(*meter);
  const Seconds start = monotonic_now();
  const bool joules = energy.so_far().quality != meter::Quality::kUnavailable;
  train::SearchOutcome outcome;
  {
    const ProgressFn bar = progress_of(options.common);
    train::SearchOptions search;
    search.train = {.threads = threads_of(options.common), .fresh = options.fresh};
    search.train.progress = [&](const train::TrainProgress& p) {
      const std::string detail = p.stage == "train" ? detail_of(p, energy.so_far()) : "";
      bar({.stage = p.stage, .done = p.step, .total = p.steps, .detail = detail});
    };
    search.cost = [&] {
      return joules ? energy.now().energy.value() : (monotonic_now() - start).value();
    };
    search.on_trial = [&](const train::TrialReport& report) {
      if (options.common.quiet) return;
      const bool terminal = isatty(STDERR_FILENO) != 0;  // where a bar is to be cleared
      std::fprintf(stderr, "%s%s\n", terminal ? "\r\x1b[K" : "",
                   line_of(report, joules ? "J" : "s").c_str());
    };
    outcome = train::search(options.recipe, options.changes, search);
  }
  print_search(options, outcome, joules);
}

std::vector<std::string> words_of_child(const Options& options, const Place& place) {
  std::vector<std::string> words = {"/proc/self/exe", "train",     options.recipe,
                                    "--quiet",        "--threads", str("{}", place.threads)};
  for (const std::string& change : options.changes) {
    words.insert(words.end(), {"--set", change});
  }
  return words;
}

/// Rank 0, or the only one.
train::TrainOutcome train_leading(const train::Recipe& recipe, const Options& options, Place place,
                                  const train::TrainFn& progress) {
  RankChildren others;
  if (options.ranks > 1) {
    place.ranks.listening = [&](std::uint16_t port) {
      others.start(words_of_child(options, place), options.ranks, port);
    };
    place.ranks.waiting = [&others] {
      throw_if_interrupted();
      others.check();
    };
  }
  try {
    train::TrainOutcome outcome = train::train(recipe, {.threads = place.threads,
                                                        .fresh = options.fresh,
                                                        .scores = options.scores,
                                                        .ranks = place.ranks,
                                                        .progress = progress});
    others.finish(kFarewellSeconds);  // their joules count once they have ended
    return outcome;
  } catch (const train::LostRanks& lost) {
    others.finish(kFarewellSeconds);
    const std::string why = others.faults();
    throw Error(lost.kind(), str("{}{}{}", lost.what(), why.empty() ? "" : "; ", why));
  }
}

/// Another rank than 0: nothing is written, and where rank 0 started it, that one speaks.
int train_following(const train::Recipe& recipe, const Options& options, const Place& place) {
  const bool silent = launcher_lives(process_environment());
  try {
    (void)train::train(recipe, {.threads = place.threads,
                                .fresh = options.fresh,
                                .ranks = place.ranks,
                                .progress = [](const auto&) { throw_if_interrupted(); }});
    return 0;
  } catch (const train::LostRanks&) {
    if (silent && launcher_lives(process_environment())) return kIoCode;
    throw;
  } catch (const Error& error) {
    if (!silent) throw;
    print_out(str("{}\n", error.what()));
    return 2 + static_cast<int>(error.kind());
  }
}

int run_train(const Options& options, const std::string& command_line) {
  const Place place = place_of(options);
  if (place.ranks.count > 1 && (options.search || !options.scores.empty())) {
    throw Error(ErrorKind::kInvalidArgument,
                str("{} in {} ranks, expected a single process",
                    options.search ? "--search" : "--scores", place.ranks.count));
  }
  if (options.search) {
    run_search(options);
    return 0;
  }
  const train::Recipe recipe = train::read_recipe(options.recipe, options.changes);
  if (place.ranks.rank > 0) return train_following(recipe, options, place);
  const auto meter = meter::choose_meter(meter_options_of(options.common));
  Record record(options, recipe, place, command_line);
  RunningEnergy energy(*meter);
  train::TrainOutcome outcome;
  {
    const ProgressFn bar = progress_of(options.common);
    const auto progress = [&](const train::TrainProgress& p) {
      record.add(p);
      const std::string detail = p.stage == "train" ? detail_of(p, energy.so_far()) : "";
      bar({.stage = p.stage, .done = p.step, .total = p.steps, .detail = detail});
    };
    try {
      outcome = train_leading(recipe, options, place, progress);
    } catch (...) {
      record.stopped(energy.stop());
      throw;
    }
  }
  const meter::Reading total = energy.stop();
  record.finish(total, outcome);
  print_outcome(options, place, outcome, total);
  return 0;
}

}  // namespace

void setup_train(CLI::App& app, Invocation& invocation) {
  auto options = std::make_shared<Options>();
  CLI::App* verb = app.add_subcommand("train", "train or distil a model, as a recipe says");
  verb->add_option("RECIPE", options->recipe, "TOML file, see docs/training.md")->required();
  verb->add_option("--set", options->changes, "KEY=VALUE in place of what the recipe says")
      ->allow_extra_args(false);
  verb->add_flag("--fresh", options->fresh, "begin anew although there are checkpoints");
  auto* search =
      verb->add_flag("--search", options->search,
                     "many short runs over the parameters of the recipe's [search] table");
  verb->add_option("--scores", options->scores,
                   "train nothing: write what each channel and head is worth to this GGUF file")
      ->excludes(search);
  verb->add_option("-t,--threads", options->common.threads,
                   "threads; as many as CPUs if not given");
  verb->add_option("--ranks", options->ranks,
                   "train in so many processes of this machine, which share its CPUs")
      ->check(CLI::Range(1, 1024));
  add_common(*verb, options->common, {.ledger = true, .meter = true});
  verb->footer(
      "Examples:\n  frugal train recipes/agent-10m.toml\n"
      "  frugal train recipes/agent-10m.toml --ranks 2\n"
      "  frugal train recipes/agent-10m.toml --set optimizer.rate=0.0005 --set steps=100");
  verb->callback([options, &invocation] {
    invocation.action = [options, &invocation] {
      invocation.exit_code = run_train(*options, invocation.command_line);
    };
  });
}

}  // namespace frugal::cli
