#include <array>

#include "frugal/base/str.h"
#include "frugal/report/assets.h"
#include "frugal/report/html.h"
#include "frugal/report/page.h"

namespace frugal::report {
namespace {

constexpr std::string_view kNoCharts =
    "<p class=\"absent\">This build has no chart library, so there is no picture here; the tables "
    "hold every number.</p>\n";

// A big figure with the two numbers that it comes from.
std::string tile(std::string_view label, std::string_view big, std::string_view detail) {
  return str(
      "<div class=\"tile\"><p class=\"label\">{}</p><p class=\"big\">{}</p>"
      "<p class=\"detail\">{}</p></div>\n",
      label, big, detail);
}

std::string unbroken(std::string_view html) {
  return str("<span class=\"nb\">{}</span>", html);
}

// "−31.0 ± 1.2 %" from a ratio of 0.69, "× 3.74 ± 0.05" from 3.74.
std::string change_text(const Figure& ratio) {
  constexpr double kMultiple = 2.0;
  if (ratio.value >= kMultiple) {
    const Written times = write(ratio);
    return str("×&thinsp;{} <span class=\"pm\">{}</span>", times.value, times.interval);
  }
  Figure change{.value = ratio.value - 1.0, .low = {}, .high = {}};
  if (ratio.low) change.low = *ratio.low - 1.0;
  if (ratio.high) change.high = *ratio.high - 1.0;
  const Written percent = write(change, 100.0, Sign::kAlways);
  return str("{} <span class=\"pm\">{}&nbsp;%</span>", percent.value, percent.interval);
}

std::string_view quality_text(const Study& study, const Plan& plan) {
  const std::optional<meter::Quality> quality = plan.quality();
  if (quality) return meter::quality_name(*quality);
  return study.meter_quality.empty() ? std::string_view("quality not recorded")
                                     : std::string_view(study.meter_quality);
}

Scale energy_scale(const Study& study) {
  std::vector<double> values;
  for (const Plan& plan : study.plans) {
    if (plan.energy) values.push_back(plan.energy->value);
  }
  return common_scale(values, "J");
}

// A tile for a figure that both plans have: the change in front, both values below.
std::string change_tile(std::string_view label, const std::optional<Figure>& from,
                        const std::optional<Figure>& to, const Scale& scale,
                        std::string_view quality) {
  const std::string words = str("<span class=\"quality\">{}</span>", escape(quality));
  if (!to) return tile(label, "–", "not measured");
  const std::optional<Figure> change = from ? ratio(*to, *from) : std::nullopt;
  if (!change) {
    const Written written = write(*to, scale.factor);
    const std::string big =
        str("{} <span class=\"pm\">{}&nbsp;{}</span>", written.value, written.interval, scale.unit);
    return tile(label, big, words);
  }
  return tile(
      label, change_text(*change),
      str("{} <span class=\"arrow\">→</span> {} {}", unbroken(figure_text(*from, scale.factor)),
          unbroken(str("{}&nbsp;{}", figure_text(*to, scale.factor), scale.unit)), words));
}

std::string loss_tile(const Study& study, const Plan& chosen) {
  constexpr std::string_view kLabel = "Loss of quality";
  const std::string bound =
      study.bound ? str("; allowed: {}", plain_number(*study.bound)) : std::string{};
  if (!chosen.lost) {
    if (chosen.baseline) return tile(kLabel, "none", "the baseline itself is kept");
    return tile(kLabel, "–", "not measured");
  }
  const Written loss = write_bounded(*chosen.lost);
  return tile(kLabel, str("{} <span class=\"pm\">{}</span>", loss.value, study.terms.loss_unit),
              str("{} at 95&nbsp;% confidence{} <span class=\"quality\">measured</span>",
                  loss.interval, bound));
}

std::string size_tile(const std::optional<Figure>& from, const std::optional<Figure>& to) {
  constexpr std::string_view kLabel = "Model file";
  const auto bytes = [](const Figure& figure) {
    constexpr double kLargest = 1e18;
    return figure.value >= 0.0 && figure.value < kLargest
               ? human_bytes(static_cast<std::uint64_t>(figure.value))
               : "–";
  };
  if (!to) return tile(kLabel, "–", "not recorded");
  const std::optional<Figure> change = from ? ratio(*to, *from) : std::nullopt;
  if (!change) return tile(kLabel, bytes(*to), "exact");
  const double percent = 100.0 * (change->value - 1.0);
  return tile(kLabel, str("{} <span class=\"pm\">%</span>", number(percent, 0, Sign::kAlways)),
              str("{} <span class=\"arrow\">→</span> {} <span class=\"quality\">exact</span>",
                  bytes(*from), bytes(*to)));
}

std::string tiles(const Study& study) {
  const Plan* chosen = study.chosen_plan();
  if (chosen == nullptr) return "<p class=\"absent\">The ledger names no chosen plan.</p>\n";
  const Plan* baseline = study.baseline_plan() == chosen ? nullptr : study.baseline_plan();
  const Plan none;
  const Plan& from = baseline == nullptr ? none : *baseline;
  return str("<p class=\"choice\">{}{}</p>\n<div class=\"tiles\">\n{}{}{}{}</div>\n",
             baseline == nullptr
                 ? std::string{}
                 : str("<span>{}</span> <span class=\"arrow\">→</span> ", escape(from.label)),
             str("<strong>{}</strong>", escape(chosen->label)),
             change_tile(str("Energy per {}", study.terms.per), from.energy, chosen->energy,
                         energy_scale(study), quality_text(study, *chosen)),
             loss_tile(study, *chosen),
             change_tile("Speed", from.tokens_per_s, chosen->tokens_per_s,
                         {.factor = 1.0, .unit = "tokens/s"}, "measured"),
             size_tile(from.file_bytes, chosen->file_bytes));
}

std::string header(const Study& study) {
  const std::string_view verdict = study.run->note("verdict");
  return str(
      "<header>\n<p class=\"kicker\">frugal · energy report</p>\n<h1>{}</h1>\n"
      "<p class=\"meta\">{} · {}</p>\n{}</header>\n",
      verdict.empty() ? "This study left no verdict." : escape(verdict, 600),
      study.run->info.model.empty() ? "model not recorded" : escape(study.run->info.model),
      escape(readable_time(study.run->finished_at)), tiles(study));
}

// Plans without a place in the chart, with the reason.
std::string not_drawn(const Study& study) {
  std::string out;
  for (const Plan& plan : study.plans) {
    if (plan.energy && plan.loss()) continue;
    out += out.empty() ? "Not drawn: " : "; ";
    out += str("{} ({} unknown)", escape(plan.label),
               plan.energy ? "its loss of quality is" : "its joules are");
  }
  return out.empty() ? out : str("<p class=\"note\">{}.</p>\n", out);
}

std::string pareto_section(const Study& study) {
  std::string out = "<section id=\"pareto\">\n<h2>Energy against quality</h2>\n";
  out +=
      str("<p class=\"lead\">Each point is one plan: further left costs fewer joules, further "
          "down loses less. {}</p>\n",
          study.bound ? "Only plans whose bar stays below the dashed line may be chosen."
                      : "This study recorded no bound for the loss.");
  if (chart_script().empty()) {
    out += kNoCharts;
  } else {
    out +=
        str("<div class=\"chart\" id=\"chart-pareto\" role=\"img\" aria-label=\"Scatter of {} "
            "plans: joules per {} across, loss of quality up; the table of plans "
            "holds the same numbers\"></div>\n",
            study.plans.size(), study.terms.per);
  }
  out += not_drawn(study);
  return out +
         "<p class=\"note\">Bars across: 95&nbsp;% interval of the repeats. Bars up: one-sided "
         "95&nbsp;% bound of the loss on either side; the upper one decides. The thin line joins "
         "the plans which no other plan beats in both.</p>\n</section>\n";
}

std::string_view missing(const Plan& plan, bool comparison) {
  if (comparison && plan.baseline) return "the reference";
  return plan.run->finished_at.empty() ? "never finished" : "not measured";
}

std::string_view missing_joules(const Plan& plan) {
  if (plan.quality() != meter::Quality::kUnavailable) return missing(plan, false);
  return plan.run->receipt->total.note.empty() ? "the meter could not be read"
                                               : std::string_view(plan.run->receipt->total.note);
}

// What the loss is a difference of: the NLL, or the share of tasks solved.
std::string quality_caption(const Study& study, const Plan& plan) {
  if (study.terms.agents) {
    return plan.success ? str("{}\u00a0% solved", figure_text(*plan.success, 100.0))
                        : "not measured";
  }
  return plan.nll ? "NLL " + figure_text(*plan.nll) : "NLL – not measured";
}

// The loss with its bound and, beneath it, the quality itself.
std::string loss_cell(const Study& study, const Plan& plan) {
  const std::string caption = quality_caption(study, plan);
  if (!plan.lost) return unknown_cell(missing(plan, true), caption);
  const Written loss = write_bounded(*plan.lost);
  return str("<td data-value=\"{}\">{} <span class=\"pm\">{}</span><small>{}</small></td>",
             plan.lost->value, loss.value, loss.interval, caption);
}

std::string size_cell(const Plan& plan) {
  constexpr double kLargest = 1e18;
  const std::optional<Figure>& size = plan.file_bytes;
  if (!size || size->value < 0.0 || size->value > kLargest) return unknown_cell("not recorded");
  return str("<td data-value=\"{}\">{}</td>", size->value,
             human_bytes(static_cast<std::uint64_t>(size->value)));
}

// The plan's name with what was decided about it and why.
std::string plan_cell(const Plan& plan) {
  std::string pills = plan.baseline ? "<span class=\"pill\">baseline</span> " : "";
  pills += str("<span class=\"pill {0}\">{0}</span>", decision_name(plan.decision));
  const std::string_view reason = plan.run->note("reason");
  return str(
      "<th scope=\"row\"><span class=\"name\">{}</span><p class=\"pills\">{}</p>"
      "<p class=\"reason\">{}</p></th>",
      escape(plan.label), pills, reason.empty() ? "no reason recorded" : escape(reason));
}

// Mean and, beneath it, the 99th percentile.
std::string kld_cell(const Plan& plan) {
  std::string tail;
  if (plan.kld) tail = "99th: " + (plan.kld_p99 ? figure_text(*plan.kld_p99) : "–");
  return figure_cell(plan.kld, {.unknown_reason = missing(plan, true), .caption = tail});
}

std::string plan_row(const Study& study, const Plan& plan, const Scale& energy) {
  std::string row = str("<tr class=\"{}\" data-run=\"{}\">{}", decision_name(plan.decision),
                        plan.run->id, plan_cell(plan));
  row += figure_cell(plan.energy, {.factor = energy.factor,
                                   .unknown_reason = missing_joules(plan),
                                   .caption = quality_text(study, plan)});
  row += loss_cell(study, plan);
  row += figure_cell(plan.tokens_per_s, {.unknown_reason = missing(plan, false)});
  if (study.terms.agents) {
    constexpr std::string_view kNoTest = "not examined";
    row += figure_cell(plan.test_success, {.factor = 100.0, .unknown_reason = kNoTest});
    row += figure_cell(plan.test_energy, {.factor = energy.factor, .unknown_reason = kNoTest});
  } else {
    row += kld_cell(plan);
    row += figure_cell(plan.same_top, {.factor = 100.0, .unknown_reason = missing(plan, true)});
  }
  row += size_cell(plan);
  return row + "</tr>\n";
}

std::string heading(std::string_view name, std::string_view unit) {
  return str("<th scope=\"col\">{}<small>{}</small></th>", name, unit);
}

std::string plan_headings(const Study& study, const Scale& energy) {
  const Terms& terms = study.terms;
  const std::string per = str("{} per {}", energy.unit, terms.per);
  std::string out = "<thead><tr><th scope=\"col\">Plan</th>" + heading("Energy", per) +
                    heading(str("Loss: {}", terms.loss_name), terms.loss_unit) +
                    heading("Speed", "tokens/s");
  out += terms.agents ? heading("Test tasks solved", "%") + heading("Energy on them", per)
                      : heading("KL divergence", "nats/token") + heading("Same top", "% of tokens");
  return out + heading("File", "size") + "</tr></thead>\n";
}

std::string plan_note(const Study& study) {
  const std::string on = study.text.empty() ? std::string("something whose name was not recorded")
                                            : str("“{}”", escape(study.text));
  if (study.terms.agents) {
    return str(
        "± is half of the 95&nbsp;% interval of the rounds; “± –” means too few rounds to "
        "tell. Success is paired with the baseline, task by task, on {}, and “≤” gives the "
        "one-sided 95&nbsp;% bound of its drop; a stopped plan saw fewer tasks. The test "
        "tasks ({}) had no part in the choice. Speed is measured with the clock; sizes are "
        "exact.",
        on, study.test.empty() ? "not recorded" : escape(study.test));
  }
  return str(
      "± is half of the 95&nbsp;% interval; “± –” means too few repeats to tell. The increase "
      "is paired with the baseline, token by token, and “≤” gives its one-sided 95&nbsp;% "
      "bound. Speed is measured with the clock; NLL, KL divergence and top tokens are "
      "measured on {}; sizes are exact.",
      on);
}

std::string plan_section(const Study& study) {
  const Scale energy = energy_scale(study);
  std::string out =
      "<section id=\"plans\">\n<h2>The plans</h2>\n<div class=\"scroll\" role=\"region\" "
      "aria-label=\"Table of plans\" tabindex=\"0\"><table>\n" +
      plan_headings(study, energy) + "<tbody>\n";
  for (const Plan& plan : study.plans) out += plan_row(study, plan, energy);
  out += "</tbody></table></div>\n";
  if (study.plans.empty()) out += "<p class=\"absent\">The ledger holds no plan of it.</p>\n";
  return out + str("<p class=\"note\">{}</p>\n</section>\n", plan_note(study));
}

// One standard deviation of the meter on either side, as a plain ±.
std::optional<Figure> meter_figure(Joules energy, Joules uncertainty) {
  ledger::Metric metric;
  metric.value = energy.value();
  if (uncertainty.value() >= 0.0) {
    metric.low = energy.value() - uncertainty.value();
    metric.high = energy.value() + uncertainty.value();
  }
  return figure_of(&metric);
}

std::string phase_row(const Study& study, const Plan& plan, const Scale& scale) {
  std::string row = str("<tr class=\"{}\" data-run=\"{}\"><th scope=\"row\">{}</th>",
                        decision_name(plan.decision), plan.run->id, escape(plan.label));
  const CellFormat format{.factor = scale.factor, .unknown_reason = missing_joules(plan)};
  const bool known = plan.has_receipt();
  for (const Phase phase : used_phases(study)) {
    if (!known) {
      row += unknown_cell(format.unknown_reason);
      continue;
    }
    const account::Share& part = (*plan.run->receipt)[phase];
    row += figure_cell(meter_figure(part.energy, part.uncertainty), format);
  }
  if (!known) return row + unknown_cell(format.unknown_reason) + "</tr>\n";
  const meter::Reading& total = plan.run->receipt->total;
  CellFormat last = format;
  last.caption = quality_text(study, plan);
  return row + figure_cell(meter_figure(total.energy, total.uncertainty), last) + "</tr>\n";
}

std::string phase_table(const Study& study) {
  std::vector<double> totals;
  for (const Plan& plan : study.plans) {
    if (plan.has_receipt()) totals.push_back(plan.run->receipt->total.energy.value());
  }
  const Scale scale = common_scale(totals, "J");
  std::string out =
      "<div class=\"scroll\" role=\"region\" aria-label=\"Table of joules by phase\" "
      "tabindex=\"0\"><table>\n<thead><tr><th scope=\"col\">Plan</th>";
  for (const Phase phase : used_phases(study)) {
    out += str("<th scope=\"col\">{}<small>{}</small></th>", phase_name(phase), scale.unit);
  }
  out += str("<th scope=\"col\">whole<small>{}</small></th></tr></thead>\n<tbody>\n", scale.unit);
  for (const Plan& plan : study.plans) out += phase_row(study, plan, scale);
  return out + "</tbody></table></div>\n";
}

std::string phase_section(const Study& study) {
  std::string workload =
      study.terms.agents ? "all the tasks that the plan was tried on" : "one run of the workload";
  if (study.prompt_tokens && study.output_tokens) {
    workload += str(", {} prompt tokens and {} output tokens", number(*study.prompt_tokens, 0),
                    number(*study.output_tokens, 0));
  }
  std::string out =
      str("<section id=\"phases\">\n<h2>Where the joules went</h2>\n"
          "<p class=\"lead\">Joules of {}{}, shared out by the time each phase was busy.</p>\n",
          workload, study.terms.agents ? "" : ": the mean of the repeats");
  out += chart_script().empty()
             ? std::string(kNoCharts)
             : "<div class=\"chart\" id=\"chart-phases\" role=\"img\" aria-label=\"Stacked bars: "
               "joules by phase for each plan; the table below holds the same numbers\"></div>\n";
  return out + phase_table(study) +
         "<p class=\"note\">± is here one standard deviation of the meter, its scale error "
         "included, and so wider than the ± of the repeats above. The phases add up to the "
         "whole; a phase in which no plan did anything is left out.</p>\n</section>\n";
}

}  // namespace

std::string study_body(const Study& study) {
  std::vector<const ledger::Run*> runs;
  for (const Plan& plan : study.plans) runs.push_back(plan.run);
  std::string flow;
  if (const Plan* shown = plan_of_flow(study)) {
    flow = flow_section(*shown->run, str("Joules of {}", escape(shown->label)));
  }
  return header(study) + pareto_section(study) + plan_section(study) + phase_section(study) + flow +
         impact_section(runs) + study_facts(study);
}

}  // namespace frugal::report
