#include "frugal/carbon/estimators/ecologits.h"

#include <algorithm>
#include <cmath>

#include "frugal/base/error.h"
#include "frugal/base/str.h"

namespace frugal::carbon::estimators {

namespace {

constexpr double kHourSeconds = 3600.0;

// Wh per output token on one GPU.
double token_wh(double active_billions, double batch) {
  constexpr double kAlpha = 1.1665273170451914e-06;
  constexpr double kBeta = -0.011205921025579175;
  constexpr double kGamma = 4.052928146734005e-05;
  return kAlpha * std::exp(kBeta * batch) * active_billions + kGamma;
}

double token_seconds(double active_billions, double batch) {
  constexpr double kPerBillion = 0.0006785088094353663;
  constexpr double kPerBatch = 0.0003119310311688259;
  constexpr double kConstant = 0.019473717579473387;
  return kPerBillion * active_billions + kPerBatch * batch + kConstant;
}

// 16 bits a weight and a fifth on top, in cards of 80 GB, a power of two of them.
double gpus_for(double total_billions) {
  constexpr double kOverhead = 1.2;
  constexpr double kBytesOfWeight = 2.0;
  constexpr double kCardGigabytes = 80.0;
  const double cards = std::ceil(kOverhead * total_billions * kBytesOfWeight / kCardGigabytes);
  return std::exp2(std::ceil(std::log2(std::max(cards, 1.0))));
}

void check(const EcologitsRequest& request) {
  constexpr double kMost = 1e12;
  for (const double number :
       {request.active_billions, request.total_billions, request.output_tokens,
        request.latency.value_or(Seconds(0.0)).value(), request.pue, request.batch}) {
    if (number >= 0.0 && number <= kMost) continue;  // not for NaN
    throw Error(ErrorKind::kInvalidArgument,
                str("EcoLogits' formula: found {}, expected 0 to 1e12", number));
  }
  if (request.batch < 1.0) {
    throw Error(ErrorKind::kInvalidArgument,
                str("EcoLogits' formula: batch {}, expected at least 1", request.batch));
  }
}

void add_embodied(EcologitsImpact& impact, double batch) {
  constexpr double kLifetime = 3.0 * 365.0 * 24.0 * kHourSeconds;
  constexpr double kGpusOfServer = 8.0;
  const double share = impact.latency_s / (kLifetime * batch);
  const auto both = [&](double server, double gpu) {
    return share * (impact.gpus / kGpusOfServer * server + impact.gpus * gpu);
  };
  impact.gwp_embodied_kg = both(5700.0, 164.0);
  impact.adpe_embodied_kgsb = both(0.37, 5.1e-3);
  impact.pe_embodied_mj = both(70'000.0, 1828.0);
}

}  // namespace

EcologitsImpact ecologits(const EcologitsRequest& request) {
  constexpr double kServerKilowatts = 1.2;
  constexpr double kGpusOfServer = 8.0;
  check(request);
  EcologitsImpact impact;
  impact.gpus = gpus_for(request.total_billions);
  impact.gpu_kwh_each =
      request.output_tokens * token_wh(request.active_billions, request.batch) / 1000.0;
  impact.latency_s = request.output_tokens * token_seconds(request.active_billions, request.batch);
  if (request.latency) impact.latency_s = std::min(impact.latency_s, request.latency->value());
  impact.server_kwh = impact.latency_s / kHourSeconds * kServerKilowatts *
                      (impact.gpus / kGpusOfServer) / request.batch;
  const double computers_kwh = impact.server_kwh + impact.gpus * impact.gpu_kwh_each;
  impact.request_kwh = request.pue * computers_kwh;
  const EcologitsFactors& grid = request.grid;
  const double water_per_kwh = grid.wue_on_site + request.pue * grid.wue_off_site;
  impact.gwp_use_kg = impact.request_kwh * grid.gwp_kg_per_kwh;
  impact.adpe_use_kgsb = impact.request_kwh * grid.adpe_kgsb_per_kwh;
  impact.pe_use_mj = impact.request_kwh * grid.pe_mj_per_kwh;
  impact.water_as_coded_l = impact.request_kwh * water_per_kwh;
  impact.water_l = computers_kwh * water_per_kwh;
  add_embodied(impact, request.batch);
  return impact;
}

Joules ecologits_joules_per_token(double active_billions, double batch) {
  return Joules(kHourSeconds * token_wh(active_billions, batch));
}

}  // namespace frugal::carbon::estimators
