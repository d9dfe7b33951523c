#include "frugal/base/str.h"
#include "frugal/report/page.h"

namespace frugal::report {
namespace {

// Labels are drawn as text, where markup means nothing; control characters are made visible.
Json label_of(std::string_view text) {
  constexpr std::size_t kLongest = 400;  // as in the tables
  return printable(text, kLongest);
}

Json ends(const std::optional<Figure>& figure) {
  if (!figure) return nullptr;
  Json json = {{"value", figure->value}};
  json["low"] = figure->low ? Json(*figure->low) : Json(nullptr);
  json["high"] = figure->high ? Json(*figure->high) : Json(nullptr);
  return json;
}

// The lower end of a loss is the mirror of its one-sided upper bound.
Json loss_ends(const Plan& plan) {
  const std::optional<double> loss = plan.loss();
  if (!loss) return nullptr;
  std::optional<Figure> figure = Figure{.value = *loss, .low = {}, .high = {}};
  if (plan.lost && plan.lost->high) {
    figure->high = plan.lost->high;
    figure->low = 2.0 * *loss - *plan.lost->high;
  }
  return ends(figure);
}

Json phases_of(const Study& study, const Plan& plan) {
  if (!plan.has_receipt()) return nullptr;
  Json json = Json::object();
  for (const Phase phase : used_phases(study)) {
    json[std::string(phase_name(phase))] = (*plan.run->receipt)[phase].energy.value();
  }
  return json;
}

Scale scale_over(const Study& study, bool per_unit) {
  std::vector<double> values;
  for (const Plan& plan : study.plans) {
    if (per_unit && plan.energy) values.push_back(plan.energy->value);
    if (!per_unit && plan.has_receipt()) {
      values.push_back(plan.run->receipt->total.energy.value());
    }
  }
  return common_scale(values, "J");
}

Json scale_json(const Scale& scale) {
  return {{"factor", scale.factor}, {"unit", scale.unit}};
}

}  // namespace

Json chart_data(const Study& study) {
  Json plans = Json::array();
  for (std::size_t i = 0; i < study.plans.size(); ++i) {
    const Plan& plan = study.plans[i];
    const bool chosen = study.chosen == i;
    plans.push_back(
        {{"run", plan.run->id},
         {"label", label_of(plan.label)},
         {"baseline", plan.baseline},
         {"decision", chosen ? decision_name(Decision::kChosen) : decision_name(plan.decision)},
         {"reason", label_of(plan.run->note("reason"))},
         {"quality", plan.quality() ? Json(meter::quality_name(*plan.quality()))
                                    : label_of(study.meter_quality)},
         {"energy", ends(plan.energy)},
         {"loss", loss_ends(plan)},
         {"phases_j", phases_of(study, plan)}});
  }
  Json phases = Json::array();
  for (const Phase phase : used_phases(study)) phases.push_back(phase_name(phase));
  const Plan* shown = plan_of_flow(study);
  return {{"plans", std::move(plans)},
          {"flow", shown ? flow_data(*shown->run) : Json(nullptr)},
          {"front", pareto_front(study.plans)},
          {"bound", study.bound ? Json(*study.bound) : Json(nullptr)},
          {"phases", std::move(phases)},
          {"per", study.terms.per},
          {"loss", {{"name", study.terms.loss_name}, {"unit", study.terms.loss_unit}}},
          {"energy_scale", scale_json(scale_over(study, true))},
          {"run_scale", scale_json(scale_over(study, false))}};
}

}  // namespace frugal::report
