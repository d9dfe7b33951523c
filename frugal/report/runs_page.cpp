#include <algorithm>
#include <array>

#include "frugal/base/str.h"
#include "frugal/ledger/energy.h"
#include "frugal/report/html.h"
#include "frugal/report/page.h"

namespace frugal::report {
namespace {

// More rows than this nobody reads, and a browser has to lay them all out.
constexpr std::size_t kMostRows = 500;

bool known(const meter::Reading& energy) {
  return energy.quality != meter::Quality::kUnavailable;
}

std::optional<Figure> energy_figure(const meter::Reading& energy) {
  if (!known(energy)) return std::nullopt;
  ledger::Metric metric;
  metric.value = energy.energy.value();
  const double std_dev = energy.uncertainty.value();
  if (std_dev >= 0.0) {
    metric.low = metric.value - std_dev;
    metric.high = metric.value + std_dev;
  }
  return figure_of(&metric);
}

std::string token_cell(const ledger::Run& run) {
  if (!run.receipt) return unknown_cell("no tokens counted");
  const PhaseWork work = run.receipt->work.total();
  return str("<td data-value=\"{}\">{} <span class=\"pm\">of {} in</span></td>", work.output_tokens,
             number(static_cast<double>(work.output_tokens), 0),
             number(static_cast<double>(work.prompt_tokens), 0));
}

// Energy per output token, with the relative spread of the energy; tokens are counted exactly.
std::string per_token_cell(const ledger::Run& run, const std::optional<Figure>& energy,
                           const Scale& scale) {
  const std::uint64_t tokens = run.receipt ? run.receipt->work.total().output_tokens : 0;
  if (tokens == 0) return unknown_cell("no output tokens");
  if (!energy) return unknown_cell("joules unknown");
  const auto count = static_cast<double>(tokens);
  Figure figure{.value = energy->value / count, .low = {}, .high = {}};
  if (energy->low) figure.low = *energy->low / count;
  if (energy->high) figure.high = *energy->high / count;
  return figure_cell(figure, {.factor = scale.factor});
}

std::string time_cell(const ledger::Run& run, const meter::Reading& energy) {
  double time = energy.time.value();
  if (!(time > 0.0) && !run.readings.empty()) time = run.readings.front().time.value();
  if (!(time > 0.0)) return unknown_cell("not timed");
  return str("<td data-value=\"{}\">{}</td>", time, plain_number(time));
}

std::string energy_cell(const meter::Reading& energy, const std::optional<Figure>& figure,
                        const Scale& scale) {
  std::string caption;
  if (known(energy)) {
    caption =
        str("{}, {}", meter::quality_name(energy.quality), meter::boundary_name(energy.boundary));
  }
  return figure_cell(figure,
                     {.factor = scale.factor, .unknown_reason = energy.note, .caption = caption});
}

// Columns that all rows share: one unit for the joules and one for the joules per token.
struct RunScales {
  Scale run;
  Scale token;
};

RunScales scales_of(const std::vector<const ledger::Run*>& rows) {
  std::vector<double> energies;
  std::vector<double> per_token;
  for (const ledger::Run* run : rows) {
    const meter::Reading energy = ledger::energy_of(*run);
    if (!known(energy)) continue;
    energies.push_back(energy.energy.value());
    const std::uint64_t tokens = run->receipt ? run->receipt->work.total().output_tokens : 0;
    if (tokens != 0) per_token.push_back(energies.back() / static_cast<double>(tokens));
  }
  return {.run = common_scale(energies, "J"), .token = common_scale(per_token, "J")};
}

std::string run_row(const ledger::Run& run, const RunScales& scales) {
  const meter::Reading energy = ledger::energy_of(run);
  const std::optional<Figure> figure = energy_figure(energy);
  const std::string plan = run.info.plan.empty() ? "" : " · " + escape(run.info.plan);
  return str("<tr data-run=\"{}\"><th scope=\"row\"><span class=\"name\">{} {}</span>"
             "<p class=\"reason\">{}{}<br>{}</p></th>",
             run.id, run.id, run.info.verb.empty() ? "run" : escape(run.info.verb),
             run.info.model.empty() ? "no model" : escape(run.info.model), plan,
             escape(readable_time(run.started_at))) +
         energy_cell(energy, figure, scales.run) + token_cell(run) +
         per_token_cell(run, figure, scales.token) + time_cell(run, energy) + "</tr>\n";
}

std::string run_table(const std::vector<const ledger::Run*>& rows) {
  const RunScales scales = scales_of(rows);
  std::string out = str(
      "<section id=\"runs\">\n<h2>The runs</h2>\n<div class=\"scroll\" role=\"region\" "
      "aria-label=\"Table of runs\" tabindex=\"0\"><table>\n<thead><tr><th scope=\"col\">Run</th>"
      "<th scope=\"col\">Energy<small>{}</small></th>"
      "<th scope=\"col\">Tokens<small>output, counted</small></th>"
      "<th scope=\"col\">Energy<small>{} per output token</small></th>"
      "<th scope=\"col\">Time<small>s, measured</small></th></tr></thead>\n<tbody>\n",
      scales.run.unit, scales.token.unit);
  for (const ledger::Run* run : rows) out += run_row(*run, scales);
  return out +
         "</tbody></table></div>\n<p class=\"note\">± is one standard deviation of the meter, its "
         "scale error included. The words below the joules say how they were obtained (measured, "
         "derived or modelled) and what they include.</p>\n</section>\n";
}

std::string_view unit_of(std::string_view name) {
  constexpr std::array<std::pair<std::string_view, std::string_view>, 6> kSuffixes = {{
      {"joules_per_token", "J/token"},
      {"tokens_per_s", "tokens/s"},
      {"_bytes", "bytes"},
      {"_j", "J"},
      {"_s", "s"},
      {"_w", "W"},
  }};
  for (const auto& [suffix, unit] : kSuffixes) {
    if (name.ends_with(suffix)) return unit;
  }
  if (name.starts_with("nll") || name.starts_with("kld")) return "nats/token";
  return "";
}

std::string figure_rows(const ledger::Run& run) {
  std::string out;
  for (const ledger::Metric& metric : run.metrics) {
    out +=
        str("<tr><th scope=\"row\"><span class=\"name\">{} {}</span></th>"
            "<td class=\"left\">{}</td>{}<td>{}</td><td>{}</td></tr>\n",
            run.id, escape(run.info.verb), escape(metric.name),
            figure_cell(figure_of(&metric), {.unknown_reason = "not a finite number"}),
            unit_of(metric.name), metric.count > 0 ? str("{}", metric.count) : "–");
  }
  return out;
}

std::string figure_table(const std::vector<const ledger::Run*>& rows) {
  std::string body;
  for (const ledger::Run* run : rows) body += figure_rows(*run);
  if (body.empty()) return {};
  return "<section id=\"figures\">\n<h2>Their figures</h2>\n<div class=\"scroll\" role=\"region\" "
         "aria-label=\"Table of figures\" tabindex=\"0\"><table>\n<thead><tr>"
         "<th scope=\"col\">Run</th><th scope=\"col\" class=\"left\">Figure</th>"
         "<th scope=\"col\">Value</th><th scope=\"col\">Unit</th><th scope=\"col\">Samples</th>"
         "</tr></thead>\n<tbody>\n" +
         body +
         "</tbody></table></div>\n<p class=\"note\">± is half of the 95&nbsp;% interval; “± –” "
         "means that none was recorded.</p>\n</section>\n";
}

}  // namespace

std::string runs_body(const std::vector<ledger::Run>& runs) {
  std::vector<const ledger::Run*> rows;
  for (const ledger::Run& run : runs) {
    if (!run.finished_at.empty()) rows.push_back(&run);
  }
  const std::size_t finished = rows.size();
  std::string remark;
  if (finished < runs.size()) remark += str(" {} never finished.", runs.size() - finished);
  std::reverse(rows.begin(), rows.end());
  if (finished > kMostRows) {
    rows.resize(kMostRows);
    remark += str(" The latest {} are shown.", kMostRows);
  }
  std::string out =
      str("<header>\n<p class=\"kicker\">frugal · energy report</p>\n"
          "<h1>{} {} on the scale</h1>\n<p class=\"meta\">No finished study is in "
          "this ledger, so there is no verdict.{}</p>\n</header>\n",
          finished, finished == 1 ? "run" : "runs", remark);
  out += run_table(rows);
  if (const ledger::Run* shown = run_of_flow(runs)) {
    out += flow_section(*shown, str("Joules of run {}, the latest that recorded them", shown->id));
  }
  out += impact_section(rows) + figure_table(rows);
  if (rows.empty()) return out;
  return out + "<section id=\"machine\">\n<h2>The machine of the latest run</h2>\n" +
         machine_facts(rows.front()->info.machine) + "</section>\n";
}

}  // namespace frugal::report
