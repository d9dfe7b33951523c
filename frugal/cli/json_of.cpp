#include "frugal/cli/json_of.h"

#include "frugal/base/str.h"

namespace frugal::cli {

namespace {
bool known(const meter::Reading& reading) {
  return reading.quality != meter::Quality::kUnavailable;
}
}  // namespace

Json json_of(const meter::Reading& reading) {
  Json json = {{"domain", reading.domain},
               {"boundary", meter::boundary_name(reading.boundary)},
               {"quality", meter::quality_name(reading.quality)}};
  if (known(reading)) {
    json["energy_j"] = reading.energy.value();
    json["energy_j_std"] = reading.uncertainty.value();
  }
  json["time_s"] = reading.time.value();
  if (!reading.note.empty()) json["note"] = reading.note;
  return json;
}

Json json_of(const std::vector<meter::Reading>& readings) {
  Json json = Json::array();
  for (const meter::Reading& reading : readings) json.push_back(json_of(reading));
  return json;
}

Json json_of(const PhaseWork& work) {
  Json json = {{"prompt_tokens", work.prompt_tokens},
               {"cached_tokens", work.cached_tokens},
               {"output_tokens", work.output_tokens},
               {"rejected_tokens", work.rejected_tokens},
               {"time_s", work.time.value()}};
  if (work.recomputed_tokens > 0) json["recomputed_tokens"] = work.recomputed_tokens;
  if (work.layers_skipped > 0) json["layers_skipped"] = work.layers_skipped;
  for (std::size_t i = 0; i < kOpKinds; ++i) {
    json["ops"][op_name(static_cast<Op>(i))] = work.cost.ops[i];
  }
  for (std::size_t i = 0; i < kTrafficKinds; ++i) {
    if (work.cost.bytes[i] == 0) continue;
    json["bytes"][traffic_name(static_cast<Traffic>(i))] = work.cost.bytes[i];
  }
  return json;
}

Json json_of(const account::Receipt& receipt) {
  Json json = {{"quality", meter::quality_name(receipt.total.quality)}};
  if (known(receipt.total)) {
    json["energy_j"] = receipt.total.energy.value();
    json["energy_j_std"] = receipt.total.uncertainty.value();
  }
  if (const auto joules = receipt.joules_per_output_token())
    json["joules_per_output_token"] = *joules;
  for (const Phase phase : kAllPhases) {
    const bool idle = phase == Phase::kIdle;
    if (!idle && receipt.work[phase] == PhaseWork{}) continue;
    Json one;
    if (known(receipt.total)) {
      one["energy_j"] = receipt[phase].energy.value();
      one["energy_j_std"] = receipt[phase].uncertainty.value();
    }
    if (!idle) one["work"] = json_of(receipt.work[phase]);
    json["phases"][phase_name(phase)] = one;
  }
  const PhaseWork all = receipt.work.total();
  const auto waste = [&](const char* name, const account::Share& share, std::uint64_t tokens) {
    if (tokens == 0) return;
    json["waste"][name] = {{"tokens", tokens}};
    if (!known(receipt.total)) return;
    json["waste"][name]["energy_j"] = share.energy.value();
    json["waste"][name]["energy_j_std"] = share.uncertainty.value();
  };
  waste("rejected", receipt.rejected, all.rejected_tokens);
  waste("recomputed", receipt.recomputed, all.recomputed_tokens);
  for (const account::Share& layer : receipt.layers) {
    json["layers_j"].push_back(layer.energy.value());
  }
  return json;
}

std::string power_text(Watts power) {
  return str("{:.4g} W", power.value());
}

std::string text_of(const meter::Reading& reading) {
  if (!known(reading)) {
    return str("energy unknown: {}", reading.note.empty() ? "no meter could read" : reading.note);
  }
  return str("{} ± {} ({})", human_si(reading.energy.value(), "J"),
             human_si(reading.uncertainty.value(), "J"), meter::quality_name(reading.quality));
}

}  // namespace frugal::cli
