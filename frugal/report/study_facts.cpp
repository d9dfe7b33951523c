#include <cmath>

#include "frugal/base/str.h"
#include "frugal/report/html.h"
#include "frugal/report/page.h"

namespace frugal::report {
namespace {

std::string_view quality_meaning(std::string_view quality) {
  if (quality == "measured") return "a counter of energy was read";
  if (quality == "derived") return "power was integrated over time, or scaled from counters";
  if (quality == "modelled") return "no counter could be read; a stated model gives the joules";
  if (quality == "unavailable") return "the energy could not be read and means nothing";
  return "not one of measured, derived, modelled";
}

std::string_view boundary_meaning(meter::Boundary boundary) {
  switch (boundary) {
    case meter::Boundary::kDevice:
      return "the chips that the meter names; not mainboard, fans or the loss of the power supply";
    case meter::Boundary::kHost:
      return "the whole computer behind its power supply";
    case meter::Boundary::kWall:
      return "at the socket, the loss of the power supply included";
    case meter::Boundary::kFacility:
      return "at the socket, with the building's share for cooling and supply";
  }
  return "";
}

// The receipt to speak of the meter with: the baseline's, else any.
const account::Receipt* a_receipt(const Study& study) {
  const Plan* baseline = study.baseline_plan();
  if (baseline != nullptr && baseline->has_receipt()) return &*baseline->run->receipt;
  for (const Plan& plan : study.plans) {
    if (plan.has_receipt()) return &*plan.run->receipt;
  }
  return nullptr;
}

// One standard deviation of the meter, in percent of a run's joules.
std::optional<std::string> meter_spread(const Study& study) {
  const account::Receipt* receipt = a_receipt(study);
  if (receipt == nullptr || receipt->total.energy.value() <= 0.0) return std::nullopt;
  const double percent = 100.0 * (receipt->total.uncertainty / receipt->total.energy);
  if (!std::isfinite(percent) || percent < 0.0) return std::nullopt;
  return str("± {} %", number(percent, percent < 10.0 ? 1 : 0));
}

std::string meter_section(const Study& study) {
  const account::Receipt* receipt = a_receipt(study);
  const std::optional<std::string> spread = meter_spread(study);
  std::string quality = study.meter_quality;
  if (quality.empty() && receipt != nullptr) quality = meter::quality_name(receipt->total.quality);
  std::string out = "<section id=\"meter\">\n<h2>How far to trust the joules</h2>\n";
  out +=
      "<dl class=\"facts\">\n" + fact("meter", study.meter_name) +
      fact("what it reads", study.meter_description) +
      fact("quality", quality.empty() ? quality : str("{}: {}", quality, quality_meaning(quality)));
  out += fact("boundary", receipt == nullptr
                              ? std::string{}
                              : str("{}: {}", meter::boundary_name(receipt->total.boundary),
                                    boundary_meaning(receipt->total.boundary)));
  out += fact("its uncertainty",
              spread ? *spread + " of a run’s joules, one standard deviation" : std::string{}) +
         "</dl>\n";
  out +=
      "<p>Two different things are uncertain here. The meter may be wrong by a factor: that "
      "error is systematic, common to all rows, and cancels in ratios such as “−30&nbsp;%”. "
      "And repeats differ from each other: the ± in the table of plans is the 95&nbsp;% "
      "interval of that difference only.</p>\n";
  if (quality == "modelled") {
    out +=
        "<p>A model adds a third: it does not see what it leaves out. If one plan draws more "
        "power in each busy second than another, the ratios miss that too. They are as good "
        "as the model’s assumption that it does not.</p>\n";
  }
  return out + "</section>\n";
}

// How many answers of this workload that many output tokens are.
std::string answers(const Study& study, double tokens) {
  if (!study.output_tokens || *study.output_tokens < 1.0) return {};
  return str(", that is after {} answers of {} tokens", spoken_count(tokens / *study.output_tokens),
             number(*study.output_tokens, 0));
}

std::string payback_text(const Study& study) {
  if (study.chosen_plan() != nullptr && study.chosen == study.baseline) {
    return "The baseline was kept, so nothing is saved that could pay the search back.";
  }
  const std::optional<Payback> back = payback(study);
  if (!back) return "When it is paid back is unknown: one of the figures it needs is missing.";
  if (!back->count) {
    return "When it is paid back is unknown: the saving is not larger than the spread of the "
           "repeats.";
  }
  const Written saved = write(back->saved, common_scale({&back->saved.value, 1}, "J").factor);
  return str(
      "The chosen plan saves {} {}&nbsp;{} per {}, so the search is paid back "
      "after about <strong>{} {}s</strong> (between {} and {} by the spread of the "
      "repeats){}.",
      saved.value, saved.interval, common_scale({&back->saved.value, 1}, "J").unit, study.terms.per,
      spoken_count(back->count->value), study.terms.per, spoken_count(*back->count->low),
      spoken_count(*back->count->high), answers(study, back->count->value));
}

// "4.21 kJ (modelled, ± 50 % by the meter)".
std::string search_energy(const Study& study) {
  const std::optional<Figure> energy = figure_of(study.run->metric("search_energy_j"));
  if (!energy) return "– <small>(joules not recorded)</small>";
  const Scale scale = common_scale({&energy->value, 1}, "J");
  const std::string quality =
      study.meter_quality.empty() ? "quality not recorded" : escape(study.meter_quality);
  if (energy->half_width()) {
    return str("<strong>{}&nbsp;{}</strong> ({})", figure_text(*energy, scale.factor), scale.unit,
               quality);
  }
  const std::optional<std::string> spread = meter_spread(study);
  return str("<strong>{}&nbsp;{}</strong> ({}, {})", plain_number(energy->value * scale.factor),
             scale.unit, quality,
             spread ? *spread + ": one standard deviation of the meter" : "± unknown");
}

std::string search_section(const Study& study) {
  const std::optional<Figure> time = figure_of(study.run->metric("search_time_s"));
  return str(
      "<section id=\"search\">\n<h2>What the search itself cost</h2>\n<p>The search took {} "
      "and {}. {}</p>\n</section>\n",
      search_energy(study),
      time ? str("{}&nbsp;s by the clock", plain_number(time->value))
           : "– <small>(time not recorded)</small>",
      payback_text(study));
}

std::string bound_fact(const Study& study) {
  if (!study.bound) return {};
  return str("{} at most {} {}{}{}", study.terms.loss_name, plain_number(*study.bound),
             study.terms.loss_unit, study.bound_text.empty() ? "" : ": ", study.bound_text);
}

std::string provenance_section(const Study& study) {
  const ledger::Run& run = *study.run;
  std::string workload;
  if (study.prompt_tokens && study.output_tokens) {
    workload = str("{} prompt tokens, {} output tokens", number(*study.prompt_tokens, 0),
                   number(*study.output_tokens, 0));
  }
  return "<section id=\"provenance\">\n<h2>How to do it again</h2>\n<dl class=\"facts\">\n" +
         fact("command", run.info.command) + fact("model", run.info.model) +
         (study.terms.agents ? fact("suite", study.text) + fact("test suite", study.test)
                             : fact("text", study.text) + fact("workload", workload)) +
         fact("bound", bound_fact(study)) + fact("instruction set", study.isa) +
         fact("seed", study.seed) + fact("version", run.info.version) +
         fact("started", readable_time(run.started_at)) +
         fact("finished", readable_time(run.finished_at)) + fact("ledger run", str("{}", run.id)) +
         "</dl>\n</section>\n";
}

}  // namespace

std::string study_facts(const Study& study) {
  return search_section(study) + meter_section(study) +
         "<section id=\"machine\">\n<h2>The machine</h2>\n" +
         machine_facts(study.run->info.machine) + "</section>\n" + provenance_section(study);
}

}  // namespace frugal::report
