#include "frugal/meter/frugal_meter.h"

#include <algorithm>
#include <exception>
#include <limits>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "frugal/base/error.h"
#include "frugal/base/str.h"
#include "frugal/meter/choose.h"
#include "frugal/meter/window.h"

// Exceptions end here: none may pass through a caller that is C.

/// One running span and the windows in it.
struct frugal_meter {  // NOLINT(readability-identifier-naming): the name that C sees
  explicit frugal_meter(std::unique_ptr<frugal::meter::Meter> the_meter)
      : meter(std::move(the_meter)), span(*meter) {}

  std::unique_ptr<frugal::meter::Meter> meter;
  frugal::meter::Span span;
  std::mutex mutex;  ///< guards what follows
  std::map<int, std::unique_ptr<frugal::meter::Window>> windows;
  int next = 0;
  std::string error;
};

namespace {

/// Copies what fits, and terminates it.
void copy_text(std::string_view text, char* out, std::size_t size) {
  if (out == nullptr || size == 0) return;
  const std::size_t count = std::min(text.size(), size - 1);
  std::copy_n(text.begin(), count, out);
  out[count] = '\0';
}

frugal_reading c_reading(const frugal::meter::Reading& reading) {
  const bool known = reading.quality != frugal::meter::Quality::kUnavailable;
  constexpr double kUnknown = std::numeric_limits<double>::quiet_NaN();
  frugal_reading out{};
  copy_text(reading.domain, out.domain, sizeof out.domain);
  copy_text(frugal::meter::boundary_name(reading.boundary), out.boundary, sizeof out.boundary);
  copy_text(frugal::meter::quality_name(reading.quality), out.quality, sizeof out.quality);
  copy_text(reading.note, out.note, sizeof out.note);
  out.energy_j = known ? reading.energy.value() : kUnknown;
  out.energy_j_std = known ? reading.uncertainty.value() : kUnknown;
  out.time_s = reading.time.value();
  return out;
}

/// `work()` under the meter's lock; -1, and the reason kept, for what it throws.
template <class Function>
int guarded(frugal_meter* meter, const Function& work) {
  if (meter == nullptr) return -1;
  const std::lock_guard<std::mutex> lock(meter->mutex);
  meter->error.clear();
  try {
    return work();
  } catch (const std::exception& fault) {
    meter->error = fault.what();
    return -1;
  }
}

}  // namespace

extern "C" {

frugal_meter* frugal_meter_open(const char* name, char* message, size_t message_size) {
  copy_text("", message, message_size);
  try {
    frugal::meter::MeterOptions options;
    options.name = name == nullptr ? "auto" : name;
    return std::make_unique<frugal_meter>(frugal::meter::choose_meter(options)).release();
  } catch (const std::exception& fault) {
    copy_text(fault.what(), message, message_size);
    return nullptr;
  }
}

int frugal_meter_begin(frugal_meter* meter) {
  return guarded(meter, [meter] {
    auto window = std::make_unique<frugal::meter::Window>(meter->span);
    const int number = meter->next;
    meter->windows.emplace(number, std::move(window));
    meter->next = number == std::numeric_limits<int>::max() ? 0 : number + 1;
    return number;
  });
}

int frugal_meter_end(frugal_meter* meter, int window, frugal_reading* readings, int capacity) {
  return guarded(meter, [=] {
    using frugal::Error;
    using frugal::ErrorKind;
    const auto found = meter->windows.find(window);
    if (found == meter->windows.end()) {
      throw Error(ErrorKind::kInvalidArgument, frugal::str("window {} is not open", window));
    }
    if (readings == nullptr && capacity > 0) {
      throw Error(ErrorKind::kInvalidArgument, "no place for readings");
    }
    const auto found_readings = found->second->so_far();
    meter->windows.erase(found);
    const auto fits = std::min(found_readings.size(), static_cast<size_t>(std::max(capacity, 0)));
    for (size_t i = 0; i < fits; ++i) readings[i] = c_reading(found_readings[i]);
    return static_cast<int>(found_readings.size());
  });
}

const char* frugal_meter_error(const frugal_meter* meter) {
  return meter == nullptr ? "no meter" : meter->error.c_str();
}

void frugal_meter_close(frugal_meter* meter) {
  const std::unique_ptr<frugal_meter> owner(meter);
}

}  // extern "C"
