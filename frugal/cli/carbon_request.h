#pragma once

/// What `frugal carbon` is asked: a span of joules or a ledger, factors, and what to compare with.

#include <CLI/App.hpp>
#include <optional>
#include <string>

#include "frugal/carbon/estimators/comparison.h"
#include "frugal/cli/carbon_options.h"
#include "frugal/cli/common.h"
#include "frugal/ledger/ledger.h"

namespace frugal::cli {

struct CarbonRequest {
  CommonOptions common;
  CarbonOptions factors;
  bool zones = false;
  std::optional<double> joules;
  std::optional<double> joules_std;
  std::string quality = "modelled";
  std::string boundary = "host";
  double seconds = 0.0;
  std::string at;
  std::optional<double> tokens;
  std::optional<double> workflows;
  std::optional<ledger::RunId> run;
  bool record = false;
  bool compare = false;
  carbon::estimators::ComparedRun compared;
  std::optional<double> tdp;
  std::string family;
};

void add_request(CLI::App& verb, CarbonRequest& request);

/// What other tools' formulas are given; nothing unless a comparison was asked for.
[[nodiscard]] std::optional<carbon::estimators::ComparedRun> compared_of(
    const CarbonRequest& request);

}  // namespace frugal::cli
