#pragma once

/// What EcoLogits 0.9 says of one request to a language model: for comparison only.

#include <cstdint>
#include <optional>

#include "frugal/base/units.h"

namespace frugal::carbon::estimators {

/// Grams, megajoules and kilograms of antimony per kWh of the grid, litres per kWh.
struct EcologitsFactors {
  double gwp_kg_per_kwh = 0.0;
  double adpe_kgsb_per_kwh = 0.0;
  double pe_mj_per_kwh = 0.0;
  double wue_on_site = 0.0;   ///< L/kWh of the computers
  double wue_off_site = 0.0;  ///< L/kWh of the building
};

struct EcologitsRequest {
  double active_billions = 0.0;  ///< parameters that take part in each token
  double total_billions = 0.0;
  double output_tokens = 0.0;
  std::optional<Seconds> latency = std::nullopt;  ///< measured; bounds the modelled one
  double pue = 1.0;
  double batch = 64.0;
  EcologitsFactors grid = {};
};

/// Units as in the source, to compare digit by digit.
struct EcologitsImpact {
  double gpus = 0.0;
  double gpu_kwh_each = 0.0;
  double latency_s = 0.0;
  double server_kwh = 0.0;   ///< without its GPUs
  double request_kwh = 0.0;  ///< of the building
  double gwp_use_kg = 0.0;
  double adpe_use_kgsb = 0.0;
  double pe_use_mj = 0.0;
  double water_as_coded_l = 0.0;  ///< the PUE twice, as releases up to 0.9 do
  double water_l = 0.0;           ///< the PUE once, as its documentation has it
  double gwp_embodied_kg = 0.0;
  double adpe_embodied_kgsb = 0.0;
  double pe_embodied_mj = 0.0;
};

/// With P the active and T all parameters in billions, B the batch, n the output tokens:
///
/// Formula: f_E = α e^(βB) P + γ Wh per token and GPU; f_L = 6.785…e-4 P + 3.119…e-4 B + 0.01947… s
///          per token, latency = min(n f_L, measured);
///          GPUs = 2^ceil(log2(ceil(1.2 · T · 2 / 80)));
///          E_server = latency/3600 · 1.2 · GPUs/8 / B kWh; E = PUE (E_server + GPUs n f_E / 1000);
///          embodied = latency / (3 years · B) · (GPUs/8 · server + GPUs · gpu).
/// Numbers: input tokens cost nothing; at B = 64 γ dominates: a model without parameters still
/// takes
///          0.146 J per token.
/// Errors:  kInvalidArgument for numbers that are negative or not finite, and a batch below 1.
/// Source:  EcoLogits 0.9.1, ecologits/impacts/llm.py; water: its issue 230.
[[nodiscard]] EcologitsImpact ecologits(const EcologitsRequest& request);

/// f_E: energy of one output token on one GPU.
[[nodiscard]] Joules ecologits_joules_per_token(double active_billions, double batch = 64.0);

}  // namespace frugal::carbon::estimators
