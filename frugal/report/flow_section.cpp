#include <algorithm>
#include <cmath>
#include <map>

#include "frugal/base/str.h"
#include "frugal/report/assets.h"
#include "frugal/report/html.h"
#include "frugal/report/page.h"

namespace frugal::report {
namespace {

using account::Receipt;
using account::Share;

// More points than this no screen shows.
constexpr std::size_t kMostSamples = 600;

bool has_joules(const ledger::Run& run) {
  return run.receipt && run.receipt->total.quality != meter::Quality::kUnavailable &&
         run.receipt->total.energy > Joules(0.0);
}

bool is_drawn(const ledger::Run& run) {
  return has_joules(run) || !run.power.empty();
}

Scale scale_of(const Receipt& receipt) {
  const std::vector<double> values = {receipt.total.energy.value()};
  return common_scale(values, "J");
}

// A piece of a phase, and what it is called in the flow.
struct Piece {
  std::string name;
  std::string_view kind;  ///< of colour
  Share share;
  std::uint64_t tokens = 0;
  Seconds time;
};

Share less(const Share& whole, const Share& part) {
  return {.energy = whole.energy - std::min(part.energy, whole.energy),
          .uncertainty = whole.uncertainty - std::min(part.uncertainty, whole.uncertainty)};
}

// A phase as one useful piece and, where there was any, waste.
std::vector<Piece> pieces_of(const Receipt& receipt, Phase phase) {
  const PhaseWork& work = receipt.work[phase];
  const Share& whole = receipt[phase];
  switch (phase) {
    case Phase::kPrefill:
      return {{"prompts read", "prefill", less(whole, receipt.recomputed), work.prompt_tokens,
               work.time - work.recomputed_time},
              {"computed again", "waste", receipt.recomputed, work.recomputed_tokens,
               work.recomputed_time}};
    case Phase::kDecode:
      return {{"answers written", "decode", less(whole, receipt.rejected), work.output_tokens,
               work.time - work.rejected_time},
              {"guesses thrown away", "waste", receipt.rejected, work.rejected_tokens,
               work.rejected_time}};
    default:
      return {};
  }
}

std::vector<Phase> phases_of(const Receipt& receipt) {
  std::vector<Phase> phases;
  for (const Phase phase : kAllPhases) {
    if (receipt[phase].energy > Joules(0.0)) phases.push_back(phase);
  }
  return phases;
}

// The domains that add up to the total: those of its boundary with joules.
std::vector<const meter::Reading*> domains_of(const ledger::Run& run) {
  std::vector<const meter::Reading*> domains;
  Joules sum;
  for (const meter::Reading& reading : run.readings) {
    const bool known = reading.quality != meter::Quality::kUnavailable;
    if (!known || reading.boundary != run.receipt->total.boundary) continue;
    domains.push_back(&reading);
    sum += reading.energy;
  }
  const double total_j = run.receipt->total.energy.value();
  const bool adds_up = std::abs(sum.value() - total_j) <= 1e-6 * total_j;
  return adds_up && domains.size() > 1 ? domains : std::vector<const meter::Reading*>{};
}

// Nodes and links as the chart library wants them; joules unscaled.
class Flow {
 public:
  Json take() && { return {{"nodes", std::move(nodes_)}, {"links", std::move(links_)}}; }

  void node(const std::string& name, std::string_view kind) {
    nodes_.push_back({{"name", name}, {"kind", kind}});
  }
  void link(const std::string& from, const std::string& to, Joules energy) {
    if (energy > Joules(0.0)) {
      links_.push_back({{"source", from}, {"target", to}, {"value", energy.value()}});
    }
  }

 private:
  Json nodes_ = Json::array();
  Json links_ = Json::array();
};

Json flow_of(const ledger::Run& run) {
  const Receipt& receipt = *run.receipt;
  Flow flow;
  const std::string all = "the run";
  flow.node(all, "all");
  for (const meter::Reading* domain : domains_of(run)) {
    // A domain may be called as a phase is.
    const std::string name = "meter: " + printable(domain->domain, 40);
    flow.node(name, "all");
    flow.link(name, all, domain->energy);
  }
  for (const Phase phase : phases_of(receipt)) {
    const std::string name(phase_name(phase));
    flow.node(name, phase_name(phase));
    flow.link(all, name, receipt[phase].energy);
    for (const Piece& piece : pieces_of(receipt, phase)) {
      if (!(piece.share.energy > Joules(0.0))) continue;
      flow.node(piece.name, piece.kind);
      flow.link(name, piece.name, piece.share.energy);
    }
  }
  return std::move(flow).take();
}

std::string share_row(const std::string& name, const Share& share, const Receipt& receipt,
                      const Scale& scale, std::string_view detail) {
  Figure figure{.value = share.energy.value(), .low = {}, .high = {}};
  const double std_dev = share.uncertainty.value();
  if (std_dev >= 0.0) {
    figure.low = figure.value - std_dev;
    figure.high = figure.value + std_dev;
  }
  const double part = share.energy / receipt.total.energy;
  return str(
      "<tr><th scope=\"row\">{}</th>{}<td data-value=\"{}\">{}</td>"
      "<td class=\"left\">{}</td></tr>\n",
      name, figure_cell(figure, {.factor = scale.factor}), part, number(100.0 * part, 1), detail);
}

std::string counted(std::uint64_t tokens) {
  return str("{} token{}", number(static_cast<double>(tokens), 0), tokens == 1 ? "" : "s");
}

std::string table_of(std::string_view head, const Scale& scale, const std::string& rows) {
  return str(
      "<div class=\"scroll\" role=\"region\" aria-label=\"Table of joules by {}\" "
      "tabindex=\"0\"><table>\n<thead><tr><th scope=\"col\">{}</th>"
      "<th scope=\"col\">Energy<small>{}</small></th><th scope=\"col\">Share<small>%"
      "</small></th><th scope=\"col\" class=\"left\">What for</th></tr></thead>\n<tbody>\n"
      "{}</tbody></table></div>\n",
      head, head, scale.unit, rows);
}

std::string part_table(const Receipt& receipt, const Scale& scale) {
  std::string rows;
  for (const Phase phase : phases_of(receipt)) {
    rows += share_row(std::string(phase_name(phase)), receipt[phase], receipt, scale,
                      phase == Phase::kIdle ? "nothing: the machine was on" : "");
    for (const Piece& piece : pieces_of(receipt, phase)) {
      if (piece.tokens == 0 && !(piece.share.energy > Joules(0.0))) continue;
      rows += share_row("&emsp;" + piece.name, piece.share, receipt, scale, counted(piece.tokens));
    }
  }
  return table_of("part", scale, rows);
}

std::string layer_table(const Receipt& receipt, const Scale& scale) {
  std::string rows;
  for (std::size_t i = 0; i < receipt.layers.size(); ++i) {
    rows += share_row(str("layer {}", i), receipt.layers[i], receipt, scale,
                      str("{} s", plain_number(receipt.work.layers()[i].value())));
  }
  return "<details><summary>The layers in numbers</summary>\n" + table_of("layer", scale, rows) +
         "</details>\n";
}

std::string chart(std::string_view id, std::string_view label) {
  if (chart_script().empty()) return {};
  return str("<div class=\"chart\" id=\"{}\" role=\"img\" aria-label=\"{}\"></div>\n", id, label);
}

// Samples of each domain, neighbours joined until the screen can show them.
std::map<std::string, std::vector<ledger::PowerSample>> power_by_domain(const ledger::Run& run) {
  std::map<std::string, std::vector<ledger::PowerSample>> all;
  for (const ledger::PowerSample& sample : run.power) {
    if (std::isfinite(sample.power.value())) all[sample.domain].push_back(sample);
  }
  for (auto& [domain, samples] : all) {
    const std::size_t step = (samples.size() + kMostSamples - 1) / kMostSamples;
    std::vector<ledger::PowerSample> joined;
    Seconds before;
    for (std::size_t i = 0; i < samples.size(); i += step) {
      const std::size_t end = std::min(i + step, samples.size());
      Joules energy;
      const Seconds from = before;
      for (std::size_t k = i; k < end; ++k) {
        energy += samples[k].power * (samples[k].at - before);
        before = samples[k].at;
      }
      if (before > from) joined.push_back({domain, before, energy / (before - from)});
    }
    samples = std::move(joined);
  }
  return all;
}

std::string power_part(const ledger::Run& run) {
  const auto all = power_by_domain(run);
  if (all.empty()) return {};
  std::string rows;
  for (const auto& [domain, samples] : all) {
    const auto peak =
        std::max_element(samples.begin(), samples.end(),
                         [](const auto& a, const auto& b) { return a.power < b.power; });
    if (peak == samples.end()) continue;
    rows += str("<tr><th scope=\"row\">{}</th><td data-value=\"{}\">{}</td><td>{}</td></tr>\n",
                escape(domain), peak->power.value(), plain_number(peak->power.value()),
                plain_number(peak->at.value()));
  }
  return "<h3>Power over time</h3>\n" + chart("chart-power", "Line: power over time") +
         "<div class=\"scroll\" role=\"region\" aria-label=\"Table of power\" tabindex=\"0\">"
         "<table>\n<thead><tr><th scope=\"col\">Domain</th><th scope=\"col\">Highest<small>W"
         "</small></th><th scope=\"col\">at<small>s</small></th></tr></thead>\n<tbody>\n" +
         rows + "</tbody></table></div>\n";
}

std::string joules_part(const Receipt& receipt) {
  const Scale scale = scale_of(receipt);
  std::string out = chart("chart-flow",
                          "Flow: joules from the meter to phases, and of those what was waste; "
                          "the table below holds the same numbers");
  out += part_table(receipt, scale);
  if (!receipt.layers.empty()) {
    out += "<h3>By layer</h3>\n" +
           chart("chart-layers", "Bars: joules of each layer; the table holds the same numbers") +
           layer_table(receipt, scale);
  }
  return out +
         "<p class=\"note\">± is one standard deviation of the meter. Layers are parts of the "
         "phases; what is missing to those went to embeddings, logits and all that is no layer. "
         "Idle is what of the span no phase was busy.</p>\n";
}

}  // namespace

std::string flow_section(const ledger::Run& run, std::string_view whose) {
  if (!is_drawn(run)) return {};
  std::string out = str(
      "<section id=\"flow\">\n<h2>From the meter to the tokens</h2>\n<p class=\"lead\">{}", whose);
  if (has_joules(run)) {
    out += str(", by the time that each part took; {}.</p>\n",
               meter::quality_name(run.receipt->total.quality));
    out += joules_part(*run.receipt);
  } else {
    out += ".</p>\n";
  }
  return out + power_part(run) + "</section>\n";
}

Json flow_data(const ledger::Run& run) {
  if (!is_drawn(run)) return nullptr;
  Json power = Json::array();
  for (const auto& [domain, samples] : power_by_domain(run)) {
    Json points = Json::array();
    for (const ledger::PowerSample& sample : samples) {
      points.push_back({sample.at.value(), sample.power.value()});
    }
    power.push_back({{"domain", printable(domain, 40)}, {"points", std::move(points)}});
  }
  Json data = {{"power", std::move(power)}};
  if (!has_joules(run)) return data;
  data.update(flow_of(run));
  const Scale scale = scale_of(*run.receipt);
  data["scale"] = {{"factor", scale.factor}, {"unit", scale.unit}};
  data["layers_j"] = Json::array();
  for (const Share& layer : run.receipt->layers) data["layers_j"].push_back(layer.energy.value());
  return data;
}

const ledger::Run* run_of_flow(const std::vector<ledger::Run>& runs) {
  const auto found = std::find_if(runs.rbegin(), runs.rend(), [](const ledger::Run& run) {
    return !run.finished_at.empty() && is_drawn(run);
  });
  return found == runs.rend() ? nullptr : &*found;
}

const Plan* plan_of_flow(const Study& study) {
  if (study.chosen && is_drawn(*study.plans[*study.chosen].run)) {
    return &study.plans[*study.chosen];
  }
  const auto found = std::find_if(study.plans.begin(), study.plans.end(),
                                  [](const Plan& plan) { return is_drawn(*plan.run); });
  return found == study.plans.end() ? nullptr : &*found;
}

}  // namespace frugal::report
