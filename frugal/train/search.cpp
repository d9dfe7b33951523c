#include "frugal/train/search.h"

#include <exception>
#include <memory>
#include <utility>

#include "frugal/base/atomic_file.h"
#include "frugal/base/error.h"
#include "frugal/base/json.h"
#include "frugal/base/str.h"
#include "frugal/tune/pruner.h"
#include "frugal/tune/simple_search.h"
#include "frugal/tune/tpe.h"

namespace frugal::train {

namespace {

/// Thrown through a trial to end it.
struct Pruned : std::exception {
  [[nodiscard]] const char* what() const noexcept override { return "pruned"; }
};

tune::Space space_of(const SearchRecipe& recipe) {
  tune::Space space;
  for (const SearchParameter& p : recipe.parameters) {
    if (!p.choices.empty()) {
      space.add_category(p.key, p.choices);
    } else if (p.whole) {
      space.add_integer(p.key, static_cast<std::int64_t>(p.low), static_cast<std::int64_t>(p.high));
    } else if (p.logarithmic) {
      space.add_log_float(p.key, p.low, p.high);
    } else {
      space.add_float(p.key, p.low, p.high);
    }
  }
  return space;
}

std::unique_ptr<tune::Searcher> searcher_of(const Recipe& recipe) {
  const SearchRecipe& s = recipe.search;
  tune::Space space = space_of(s);
  if (s.method == "grid") {
    return std::make_unique<tune::GridSearcher>(std::move(space), s.grid_steps);
  }
  if (s.method == "random") {
    return std::make_unique<tune::RandomSearcher>(std::move(space), recipe.seed);
  }
  return std::make_unique<tune::TpeSearcher>(std::move(space),
                                             tune::TpeOptions{.seed = recipe.seed});
}

std::unique_ptr<tune::Pruner> pruner_of(const SearchRecipe& recipe) {
  if (recipe.pruner == "median") {
    return std::make_unique<tune::MedianPruner>(
        tune::MedianOptions{.startup = recipe.prune_startup, .warmup_cost = recipe.prune_joules});
  }
  if (recipe.pruner == "halving") {
    const double first = recipe.prune_joules > 0.0 ? recipe.prune_joules : 1.0;
    return std::make_unique<tune::HalvingPruner>(tune::HalvingOptions{.first_cost = first});
  }
  return nullptr;
}

std::vector<std::string> changes_of(const tune::Space& space, const tune::Point& point) {
  std::vector<std::string> changes;
  for (std::size_t i = 0; i < space.size(); ++i) {
    const tune::Parameter& p = space.parameters()[i];
    if (p.kind == tune::ParameterKind::kCategory) {
      changes.push_back(str("{}={}", p.name, p.choices[static_cast<std::size_t>(point[i])]));
    } else if (p.kind == tune::ParameterKind::kInteger) {
      changes.push_back(str("{}={}", p.name, static_cast<std::int64_t>(point[i])));
    } else {
      changes.push_back(str("{}={:.6g}", p.name, point[i]));
    }
  }
  return changes;
}

Json json_of(const TrialReport& report) {
  Json json = {{"number", report.number},
               {"changes", report.changes},
               {"state", report.state},
               {"cost", report.cost},
               {"why", report.why}};
  if (report.validation) json["validation"] = *report.validation;
  return json;
}

TrialReport report_of(const Json& json) {
  TrialReport report;
  report.number = json.at("number").get<std::uint64_t>();
  report.changes = json.at("changes").get<std::vector<std::string>>();
  report.state = json.at("state").get<std::string>();
  report.cost = json.at("cost").get<double>();
  report.why = json.at("why").get<std::string>();
  if (json.contains("validation")) report.validation = json.at("validation").get<double>();
  return report;
}

/// A search in progress.
class Search {
 public:
  Search(std::filesystem::path recipe_path, std::vector<std::string> changes,
         const SearchOptions& options)
      : path_(std::move(recipe_path)),
        changes_(std::move(changes)),
        options_(options),
        recipe_(read_recipe(path_, changes_)),
        file_(recipe_.output / "search.json") {
    if (recipe_.search.parameters.empty()) {
      throw Error(ErrorKind::kInvalidArgument,
                  str("{}: no [[search.parameter]], expected what to search over", path_.string()));
    }
    if (recipe_.data.validation.empty() || recipe_.validate_every == 0) {
      throw Error(ErrorKind::kInvalidArgument,
                  str("{}: no validation (data.validation, validate_every), which a search "
                      "compares trials by",
                      path_.string()));
    }
    searcher_ = searcher_of(recipe_);
    pruner_ = pruner_of(recipe_.search);
    std::filesystem::create_directories(recipe_.output);
    if (!options_.train.fresh && std::filesystem::exists(file_)) restore();
  }

  SearchOutcome run() {
    while (searcher_->trials().size() < recipe_.search.trials) {
      const std::optional<tune::Trial> trial = searcher_->ask();
      if (!trial) break;
      run_trial(*trial);
      save();
    }
    if (const auto best = searcher_->best()) outcome_.best = best->number;
    return outcome_;
  }

 private:
  void run_trial(const tune::Trial& trial) {
    TrialReport report{.number = trial.number,
                       .trials = recipe_.search.trials,
                       .changes = changes_of(searcher_->space(), trial.point),
                       .state = "complete",
                       .validation = {},
                       .cost = 0.0,
                       .why = {}};
    const double start = options_.cost();
    try {
      (void)train(recipe_of(report), train_options(report, start));
    } catch (const Pruned&) {
      report.state = "pruned";
    } catch (const Error& error) {
      // Settings under which the numbers run away are a result, other errors are not.
      if (error.kind() != ErrorKind::kCorrupt) throw;
      report.state = "failed";
      report.why = error.what();
    }
    report.cost = options_.cost() - start;
    remove_checkpoints(report.number);
    tell(trial.number, report);
    outcome_.trials.push_back(report);
    if (options_.on_trial) options_.on_trial(report);
  }

  [[nodiscard]] Recipe recipe_of(const TrialReport& report) const {
    std::vector<std::string> all = changes_;
    all.insert(all.end(), report.changes.begin(), report.changes.end());
    Recipe recipe = read_recipe(path_, all);
    recipe.output = recipe_.output / str("trial-{}", report.number);
    recipe.cache = recipe_.output;
    return recipe;
  }

  [[nodiscard]] TrainOptions train_options(TrialReport& report, double start) {
    TrainOptions options = options_.train;
    options.fresh = true;
    options.progress = [this, &report, start](const TrainProgress& progress) {
      if (options_.train.progress) options_.train.progress(progress);
      if (!progress.validation) return;
      report.validation = progress.validation;
      const bool last = progress.step == progress.steps;
      if (pruner_ &&
          pruner_->observe(report.number, options_.cost() - start, *progress.validation) && !last) {
        throw Pruned();
      }
    };
    return options;
  }

  void tell(std::uint64_t number, const TrialReport& report) {
    tune::Outcome outcome;
    if (report.state == "complete" && report.validation) {
      outcome.objectives = {*report.validation};
    } else {
      outcome.state =
          report.state == "pruned" ? tune::TrialState::kPruned : tune::TrialState::kFailed;
    }
    searcher_->tell(number, outcome);
  }

  void remove_checkpoints(std::uint64_t number) const {
    std::error_code ignored;
    const auto folder = recipe_.output / str("trial-{}", number);
    for (const auto& entry : std::filesystem::directory_iterator(folder, ignored)) {
      const std::string name = entry.path().filename().string();
      if (name.starts_with("checkpoint-")) std::filesystem::remove(entry.path(), ignored);
    }
  }

  void save() const {
    Json trials = Json::array();
    for (const TrialReport& report : outcome_.trials) trials.push_back(json_of(report));
    const Json all = {{"method", recipe_.search.method},
                      {"searcher", searcher_->state()},
                      {"pruner", pruner_ ? pruner_->state() : ""},
                      {"trials", trials}};
    AtomicFile file(file_);
    file.write(to_line(all) + "\n");
    file.commit();
  }

  void restore() {
    const Json json = parse_json(read_text_file(file_), file_.string());
    try {
      searcher_->restore(json.at("searcher").get<std::string>());
      const auto pruner = json.at("pruner").get<std::string>();
      if (pruner_ && !pruner.empty()) pruner_->restore(pruner);
      for (const Json& trial : json.at("trials")) outcome_.trials.push_back(report_of(trial));
    } catch (const Json::exception&) {
      throw Error(ErrorKind::kCorrupt,
                  str("{}: is no record of a search (--fresh begins anew)", file_.string()));
    } catch (const Error& error) {
      throw Error(ErrorKind::kCorrupt,
                  str("{}: {} (--fresh begins anew)", file_.string(), error.what()));
    }
  }

  std::filesystem::path path_;
  std::vector<std::string> changes_;
  const SearchOptions& options_;
  Recipe recipe_;
  std::filesystem::path file_;
  std::unique_ptr<tune::Searcher> searcher_;
  std::unique_ptr<tune::Pruner> pruner_;
  SearchOutcome outcome_;
};

}  // namespace

SearchOutcome search(const std::filesystem::path& recipe_path,
                     const std::vector<std::string>& changes, const SearchOptions& options) {
  return Search(recipe_path, changes, options).run();
}

}  // namespace frugal::train
