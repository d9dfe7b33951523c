#include "frugal/carbon/estimators/comparison.h"

#include <array>
#include <initializer_list>
#include <utility>

#include "frugal/base/error.h"
#include "frugal/base/str.h"
#include "frugal/carbon/estimators/codecarbon.h"
#include "frugal/carbon/estimators/ecologits.h"

namespace frugal::carbon::estimators {

namespace {

// An estimator as the table knows it: what it needs, and its joules when all of that is there.
struct Estimator {
  std::string_view name;
  std::string_view formula;
  std::string_view known_error;
  std::string (*missing)(const ComparedRun& run);
  Joules (*energy)(const ComparedRun& run);
};

std::string needs(std::initializer_list<std::pair<bool, std::string_view>> parts) {
  std::string out;
  for (const auto& [known, name] : parts) {
    if (!known) out += str("{}{}", out.empty() ? "needs " : ", ", name);
  }
  return out;
}

Watts tdp_of(const ComparedRun& run) {
  return run.tdp ? *run.tdp : codecarbon_unknown_tdp(run.cpus);
}

Watts memory_of(const ComparedRun& run) {
  return run.memory_gigabytes > 0.0 ? codecarbon_memory(run.memory_gigabytes) : Watts(0.0);
}

std::string time_and_load(const ComparedRun& run) {
  return needs({{run.time.has_value(), "the time"},
                {run.load.has_value(), "the load"},
                {run.tdp || run.cpus > 0, "the TDP"}});
}

std::string only_time(const ComparedRun& run) {
  return needs({{run.time.has_value(), "the time"}});
}

std::string curve_and_load(const ComparedRun& run) {
  return needs({{run.time.has_value(), "the time"},
                {run.load.has_value(), "the load"},
                {run.family.has_value(), "the processor family"}});
}

std::string tdp_and_load(const ComparedRun& run) {
  return needs({{run.time.has_value(), "the time"},
                {run.load.has_value(), "the load"},
                {run.tdp.has_value(), "the TDP"}});
}

std::string tokens_and_size(const ComparedRun& run) {
  return needs({{run.output_tokens.has_value(), "the output tokens"},
                {run.active_billions.has_value(), "the parameters"}});
}

Joules by_load(const ComparedRun& run) {
  return (codecarbon_cpu_by_load(tdp_of(run), *run.load) + memory_of(run)) * *run.time;
}

// The share of the processor that the process had is the load, where it ran alone.
Joules of_process(const ComparedRun& run) {
  return (*run.load * tdp_of(run) + memory_of(run)) * *run.time;
}

Joules constant(const ComparedRun& run) {
  return (codecarbon_constant(run.tdp) + memory_of(run)) * *run.time;
}

Joules teads(const ComparedRun& run) {
  return teads_power(*run.tdp, *run.load) * *run.time;
}

Joules boavizta(const ComparedRun& run) {
  return (boavizta_power(*run.family, *run.load) + boavizta_memory(run.memory_gigabytes)) *
         *run.time;
}

Joules of_request(const ComparedRun& run) {
  constexpr double kKwh = 3.6e6;
  const double active = *run.active_billions;
  const EcologitsRequest request{.active_billions = active,
                                 .total_billions = run.total_billions.value_or(active),
                                 .output_tokens = *run.output_tokens,
                                 .latency = run.time};
  return Joules(kKwh * ecologits(request).request_kwh);
}

constexpr std::array<Estimator, 6> kEstimators = {{
    {"CodeCarbon 3.3.0, CPU by load", "TDP (0.1 + 0.9 load^3), memory by modules",
     "median 42 %, nine in ten below 73 % (55 RAPL points that it ships)", time_and_load, by_load},
    {"CodeCarbon 3.3.0, process", "TDP x share of the CPUs, memory by modules",
     "median 35 %, nine in ten below 88 % (the same points)", time_and_load, of_process},
    {"CodeCarbon 3.3.0, constant", "TDP / 2, or 85 W; memory by modules",
     "median 44 %, nine in ten below 265 % (the same points)", only_time, constant},
    {"Teads", "0.12, 0.32, 0.75, 1.02 of the TDP at 0, 10, 50, 100 % load; CPU alone",
     "median 40 %, nine in ten below 140 % (the same points)", tdp_and_load, teads},
    {"Boavizta", "a ln(b (load + c)) + d by processor family, 0.284 W/GB",
     "not validated here against counters", curve_and_load, boavizta},
    {"EcoLogits 0.9", "output tokens x (alpha e^(beta B) P + gamma) on H100s, batch 64",
     "median 51 %, from 0.13 to 5.1 times (259 H100 configurations of ML.ENERGY)", tokens_and_size,
     of_request},
}};

void check(const ComparedRun& run) {
  constexpr double kMost = 1e12;
  const auto within = [](std::string_view what, double number, double most) {
    if (number >= 0.0 && number <= most) return;  // not for NaN
    throw Error(ErrorKind::kInvalidArgument,
                str("compare: {} is {}, expected 0 to {}", what, number, most));
  };
  within("the load", run.load.value_or(0.0), 1.0);
  within("the time", run.time.value_or(Seconds(0.0)).value(), kMost);
  within("the TDP", run.tdp.value_or(Watts(0.0)).value(), kMost);
  within("the memory", run.memory_gigabytes, kMost);
  within("the number of tokens", run.output_tokens.value_or(0.0), kMost);
  within("the number of parameters", run.active_billions.value_or(0.0), kMost);
  within("the number of parameters", run.total_billions.value_or(0.0), kMost);
}

}  // namespace

std::vector<Comparison> compare(const ComparedRun& run) {
  check(run);
  std::vector<Comparison> rows;
  for (const Estimator& estimator : kEstimators) {
    Comparison& row = rows.emplace_back();
    row.name = estimator.name;
    row.formula = estimator.formula;
    row.known_error = estimator.known_error;
    row.missing = estimator.missing(run);
    if (row.missing.empty()) row.energy = estimator.energy(run);
  }
  return rows;
}

std::optional<Grams> carbon_of(const Comparison& row, const FactorSet& factors) {
  if (!row.energy || !factors.intensity) return std::nullopt;
  const double pue = factors.pue ? factors.pue->factor.value : 1.0;
  return Grams(row.energy->value() * pue * factors.intensity->g_per_kwh.value / kJoulesPerKwh);
}

Json to_json(const std::vector<Comparison>& rows, const FactorSet& factors) {
  Json out = Json::array();
  for (const Comparison& row : rows) {
    Json one = {{"name", row.name}, {"formula", row.formula}};
    if (row.energy) one["energy_j"] = row.energy->value();
    if (const auto grams = carbon_of(row, factors)) one["carbon_gco2e"] = grams->value();
    if (!row.missing.empty()) one["missing"] = row.missing;
    one["known_error"] = row.known_error;
    out.push_back(one);
  }
  return out;
}

}  // namespace frugal::carbon::estimators
