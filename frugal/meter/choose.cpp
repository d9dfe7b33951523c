#include "frugal/meter/choose.h"

#include "frugal/base/error.h"
#include "frugal/base/str.h"
#include "frugal/meter/model.h"
#include "frugal/meter/powercap.h"

namespace frugal::meter {

namespace {

ModelOptions model_options(const MeterOptions& options) {
  ModelOptions model;
  if (options.cpu_power) model.cpu_power = *options.cpu_power;
  return model;
}

MeterStatus rapl_status(const MeterOptions& options) {
  MeterStatus status{
      .name = "rapl", .available = false, .quality = Quality::kUnavailable, .detail = {}};
  try {
    const PowercapMeter meter(options.root);
    status.available = true;
    status.quality = Quality::kMeasured;
    status.detail = meter.description();
  } catch (const Error& error) {  // an absent counter is an answer here, not a fault
    status.detail = error.what();
  }
  return status;
}

MeterStatus model_status(const MeterOptions& options) {
  ModelOptions model = model_options(options);
  const bool readable = model.cpu_time.read().has_value();
  const ModelMeter meter(std::move(model));
  return {.name = "model",
          .available = readable,
          .quality = readable ? Quality::kModelled : Quality::kUnavailable,
          .detail = readable ? meter.description() : "the CPU time cannot be read"};
}

}  // namespace

std::vector<MeterStatus> survey(const MeterOptions& options) {
  return {rapl_status(options), model_status(options)};
}

std::unique_ptr<Meter> choose_meter(const MeterOptions& options) {
  if (options.name == "rapl") return std::make_unique<PowercapMeter>(options.root);
  if (options.name == "model") return std::make_unique<ModelMeter>(model_options(options));
  if (options.name != "auto") {
    throw Error(
        ErrorKind::kInvalidArgument,
        str("meter '{}': no such meter, expected auto, rapl or model", printable(options.name)));
  }
  try {
    return std::make_unique<PowercapMeter>(options.root);
  } catch (const Error&) {  // `survey` tells why; here the model is the answer
    return std::make_unique<ModelMeter>(model_options(options));
  }
}

}  // namespace frugal::meter
