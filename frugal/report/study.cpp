#include "frugal/report/study.h"

#include <algorithm>
#include <cmath>

#include "frugal/base/error.h"
#include "frugal/base/json.h"
#include "frugal/base/str.h"

// Settings are JSON in a text column and may be anything.  Every look into them goes through
// `at`, which gives null for what is missing or of another shape, so that a strange ledger gives
// a page with gaps and not a failure.

namespace frugal::report {
namespace {

Json parse_settings(std::string_view text) {
  try {
    return parse_json(text, "settings");
  } catch (const Error&) {
    return nullptr;
  }
}

const Json& at(const Json& json, std::string_view key) {
  static const Json nothing = nullptr;
  if (!json.is_object()) return nothing;
  const auto found = json.find(key);
  return found == json.end() ? nothing : *found;
}

std::string text_of(const Json& json) {
  if (json.is_string()) return json.get<std::string>();
  // Containers are not written out: a hostile one may be nested deeper than the stack is.
  return json.is_number() || json.is_boolean() ? to_line(json) : std::string{};
}

std::optional<double> number_of(const Json& json) {
  if (!json.is_number()) return std::nullopt;
  const auto value = json.get<double>();
  return std::isfinite(value) ? std::optional(value) : std::nullopt;
}

Decision decision_of(std::string_view note) {
  for (const Decision decision :
       {Decision::kChosen, Decision::kAccepted, Decision::kRefused, Decision::kStopped}) {
    if (note == decision_name(decision)) return decision;
  }
  return Decision::kUnknown;
}

// In the unit that the page speaks of.
std::optional<Figure> scaled(std::optional<Figure> figure, double factor) {
  if (!figure) return figure;
  figure->value *= factor;
  if (figure->low) *figure->low *= factor;
  if (figure->high) *figure->high *= factor;
  return figure;
}

Plan read_plan(const ledger::Run& run, const Terms& terms) {
  const Json settings = parse_settings(run.info.settings);
  Plan plan;
  plan.run = &run;
  plan.label = run.info.plan.empty() ? str("run {}", run.id) : run.info.plan;
  plan.baseline = at(settings, "baseline") == true;
  plan.decision = decision_of(run.note("decision"));
  plan.energy = figure_of(run.metric(terms.energy_metric));
  if (plan.quality() == meter::Quality::kUnavailable) plan.energy.reset();
  plan.tokens_per_s = figure_of(run.metric("tokens_per_s"));
  plan.nll = figure_of(run.metric("nll"));
  plan.lost = scaled(figure_of(run.metric(terms.loss_metric)), terms.loss_factor);
  plan.kld = figure_of(run.metric("kld"));
  plan.kld_p99 = figure_of(run.metric("kld_p99"));
  plan.same_top = figure_of(run.metric("same_top"));
  plan.success = figure_of(run.metric("success"));
  plan.test_success = figure_of(run.metric("test_success"));
  plan.test_energy = figure_of(run.metric(str("test_{}", terms.energy_metric)));
  plan.file_bytes = figure_of(run.metric("file_bytes"));
  return plan;
}

void read_settings(Study& study) {
  const Json settings = parse_settings(study.run->info.settings);
  const Json& bound = at(settings, "bound");
  const Json& workload = at(settings, "workload");
  const Json& meter = at(settings, "meter");
  study.terms = terms_of(text_of(at(bound, "metric")));
  study.bound = number_of(at(bound, "limit"));
  if (study.bound) *study.bound *= study.terms.loss_factor;
  study.bound_text = text_of(at(bound, "limit_text"));
  study.text = text_of(at(settings, study.terms.agents ? "suite" : "text"));
  study.test = text_of(at(settings, "test"));
  study.isa = text_of(at(settings, "isa"));
  study.seed = text_of(at(settings, "seed"));
  study.prompt_tokens = number_of(at(workload, "prompt_tokens"));
  study.output_tokens = number_of(at(workload, "output_tokens"));
  study.meter_name = text_of(at(meter, "name"));
  study.meter_description = text_of(at(meter, "description"));
  study.meter_quality = text_of(at(meter, "quality"));
}

std::optional<std::size_t> index_of(const std::vector<Plan>& plans, auto&& wanted) {
  const auto found = std::find_if(plans.begin(), plans.end(), wanted);
  if (found == plans.end()) return std::nullopt;
  return static_cast<std::size_t>(found - plans.begin());
}

}  // namespace

const Terms& terms_of(std::string_view bound_metric) {
  static constexpr Terms kText = {.energy_metric = "joules_per_token",
                                  .loss_metric = "nll_increase",
                                  .per = "output token",
                                  .loss_name = "NLL increase",
                                  .loss_unit = "nats per token"};
  static constexpr Terms kAgents = {.energy_metric = "joules_per_solved_task",
                                    .loss_metric = "success_drop",
                                    .per = "solved task",
                                    .loss_name = "fewer tasks solved",
                                    .loss_unit = "tasks in 100",
                                    .loss_factor = 100.0,
                                    .agents = true};
  return bound_metric == kAgents.loss_metric ? kAgents : kText;
}

std::optional<meter::Quality> Plan::quality() const {
  if (!run->receipt) return std::nullopt;
  return run->receipt->total.quality;
}

bool Plan::has_receipt() const {
  return run->receipt && run->receipt->total.quality != meter::Quality::kUnavailable;
}

std::optional<double> Plan::loss() const {
  if (lost) return lost->value;
  if (baseline) return 0.0;
  return std::nullopt;
}

const Plan* Study::baseline_plan() const {
  return baseline ? &plans[*baseline] : nullptr;
}
const Plan* Study::chosen_plan() const {
  return chosen ? &plans[*chosen] : nullptr;
}

const ledger::Run* latest_study(const std::vector<ledger::Run>& runs) {
  const ledger::Run* latest = nullptr;
  for (const ledger::Run& run : runs) {
    const bool study = run.info.verb == "optimize" && !run.parent && !run.finished_at.empty();
    if (study && (latest == nullptr || run.id > latest->id)) latest = &run;
  }
  return latest;
}

Study read_study(const ledger::Run& parent, const std::vector<ledger::Run>& runs) {
  Study study;
  study.run = &parent;
  read_settings(study);
  for (const ledger::Run& run : runs) {
    if (run.parent == parent.id) study.plans.push_back(read_plan(run, study.terms));
  }
  const std::optional<std::int64_t> named = parse_int(parent.note("chosen"));
  study.baseline = index_of(study.plans, [](const Plan& plan) { return plan.baseline; });
  study.chosen = index_of(study.plans, [&](const Plan& plan) {
    return named ? plan.run->id == *named : plan.decision == Decision::kChosen;
  });
  return study;
}

std::vector<std::size_t> pareto_front(const std::vector<Plan>& plans) {
  std::vector<std::size_t> order;
  for (std::size_t i = 0; i < plans.size(); ++i) {
    if (plans[i].energy && plans[i].loss()) order.push_back(i);
  }
  const auto energy = [&](std::size_t i) { return plans[i].energy->value; };
  const auto loss = [&](std::size_t i) { return *plans[i].loss(); };
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return energy(a) != energy(b) ? energy(a) < energy(b) : loss(a) < loss(b);
  });
  // From the cheapest up: a plan stays when it loses less than all cheaper ones.
  std::vector<std::size_t> front;
  for (const std::size_t i : order) {
    if (front.empty() || loss(i) < loss(front.back())) front.push_back(i);
  }
  std::reverse(front.begin(), front.end());
  return front;
}

std::optional<Figure> energy_ratio(const Study& study) {
  const Plan* from = study.baseline_plan();
  const Plan* to = study.chosen_plan();
  if (from == nullptr || to == nullptr || from == to) return std::nullopt;
  if (!from->energy || !to->energy) return std::nullopt;
  return ratio(*to->energy, *from->energy);
}

std::optional<Payback> payback(const Study& study) {
  const std::optional<Figure> search = figure_of(study.run->metric("search_energy_j"));
  if (!energy_ratio(study) || !search || search->value <= 0.0) return std::nullopt;
  const Figure& from = *study.baseline_plan()->energy;
  const Figure& to = *study.chosen_plan()->energy;
  const double saved = from.value - to.value;
  Payback result{.saved = {.value = saved, .low = {}, .high = {}}, .count = {}};
  const std::optional<double> from_half = from.half_width();
  const std::optional<double> to_half = to.half_width();
  if (!from_half || !to_half) return result;
  const double half = std::hypot(*from_half, *to_half);
  result.saved.low = saved - half;
  result.saved.high = saved + half;
  if (saved > half) {
    result.count = Figure{.value = search->value / saved,
                          .low = search->value / (saved + half),
                          .high = search->value / (saved - half)};
  }
  return result;
}

std::vector<Phase> used_phases(const Study& study) {
  std::vector<Phase> used;
  for (const Phase phase : kAllPhases) {
    const bool any = std::any_of(study.plans.begin(), study.plans.end(), [&](const Plan& plan) {
      return plan.has_receipt() && (*plan.run->receipt)[phase].energy.value() != 0.0;
    });
    if (any) used.push_back(phase);
  }
  return used;
}

std::string_view decision_name(Decision decision) {
  switch (decision) {
    case Decision::kChosen:
      return "chosen";
    case Decision::kAccepted:
      return "accepted";
    case Decision::kRefused:
      return "refused";
    case Decision::kStopped:
      return "stopped";
    case Decision::kUnknown:
      break;
  }
  return "undecided";
}

}  // namespace frugal::report
