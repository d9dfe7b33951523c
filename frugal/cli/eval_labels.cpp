#include "frugal/base/json.h"
#include "frugal/base/str.h"
#include "frugal/cli/eval.h"
#include "frugal/cli/json_of.h"
#include "frugal/eval/labels.h"
#include "frugal/meter/window.h"

namespace frugal::cli {

namespace {

Json json_of(const eval::LabelScores& scores) {
  Json json = {{"texts", scores.texts}, {"groups", Json::array()}};
  for (const eval::LabelScore& group : scores.groups) {
    const Proportion& p = group.accuracy;
    json["groups"].push_back(
        {{"key", group.key}, {"accuracy", p.value}, {"low", p.low}, {"high", p.high}});
  }
  return json;
}

std::string text_of(const eval::LabelScores& scores) {
  std::string text = str("texts       {}\n", scores.texts);
  for (const eval::LabelScore& group : scores.groups) {
    const Proportion& p = group.accuracy;
    text += str("{:<11} {:.2f} % ({:.2f} to {:.2f})\n", group.key, 100.0 * p.value, 100.0 * p.low,
                100.0 * p.high);
  }
  return text;
}

// What one text took; nothing where no meter knows.
void add_per_text(Json& json, std::string& text, const meter::Reading& energy,
                  std::uint64_t texts) {
  if (energy.quality == meter::Quality::kUnavailable || texts == 0) return;
  const auto n = static_cast<double>(texts);
  json["joules_per_text"] = energy.energy.value() / n;
  text += str("per text    {} ± {}\n", human_si(energy.energy.value() / n, "J"),
              human_si(energy.uncertainty.value() / n, "J"));
}

// One metric a group.
void add_metrics(ledger::Ledger& ledger, ledger::RunId run, const eval::LabelScores& scores) {
  for (const eval::LabelScore& group : scores.groups) {
    ledger::Metric accuracy;
    accuracy.name = "accuracy_" + group.key;
    accuracy.value = group.accuracy.value;
    accuracy.low = group.accuracy.low;
    accuracy.high = group.accuracy.high;
    accuracy.count = static_cast<std::int64_t>(scores.texts);
    ledger.add_metric(run, accuracy);
  }
}

}  // namespace

void eval_labels(const EvalOptions& options, const std::string& command_line) {
  const model::Model model = model::load(options.model);
  engine::Engine engine(
      model, {.threads = threads_of(options.common), .kernels = &kernels_of(options.common)});
  const std::string lines = read_input(options.labels);
  const auto meter = meter::choose_meter(meter_options_of(options.common));
  meter::Span span(*meter);
  eval::LabelScores scores;
  {
    const ProgressFn progress = progress_of(options.common);
    scores = eval::score_labels(engine, lines, options.labels, progress);
  }
  const auto readings = span.stop();
  Json json = json_of(scores);
  std::string text = text_of(scores) + "energy      " + cli::text_of(meter::total(readings)) + "\n";
  add_per_text(json, text, meter::total(readings), scores.texts);
  if (!options.common.ledger.empty()) {
    ledger::Ledger ledger(options.common.ledger);
    const auto id = ledger.begin(run_info("eval", command_line, options.model, to_line(json)));
    add_metrics(ledger, id, scores);
    ledger.add_readings(id, readings);
    ledger.add_receipt(id, account::attribute(readings, engine.work()));
    ledger.finish(id);
  }
  json["readings"] = cli::json_of(readings);
  print_out(options.common.json ? to_line(json) + "\n" : text);
}

}  // namespace frugal::cli
