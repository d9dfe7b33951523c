#pragma once

/// Every kind of meter on a fake device whose truth is known, for laws that hold for all of them.

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "frugal/base/clock.h"
#include "frugal/base/units.h"
#include "frugal/meter/meter.h"

namespace frugal::laws {

/// A device with one domain, on a clock that only `draw` and `suspend` move.
class FakeDevice {
 public:
  virtual ~FakeDevice() = default;
  FakeDevice() = default;
  FakeDevice(const FakeDevice&) = delete;
  FakeDevice& operator=(const FakeDevice&) = delete;

  /// The meter under test, on this device and its clock.
  [[nodiscard]] virtual std::unique_ptr<meter::Meter> open() = 0;
  /// What the device shows from now on: the energy counted and the power drawn.
  virtual void show(Joules energy, Watts power) = 0;
  /// Reads fail until the next `show`.
  virtual void fail() = 0;
  /// The device goes away, for good.
  virtual void vanish() { fail(); }

  /// Draws `power` for `time`: the clock moves, the counter counts.
  void draw(Watts power, Seconds time) {
    now_ += time;
    energy_ += power * time;
    drawn_ += power * time;
    show(energy_, power);
  }
  /// The same without the clock noticing.
  void suspend(Watts power, Seconds time) {
    energy_ += power * time;
    show(energy_, power);
  }
  /// Sets the counter to `energy`.
  void set_counter(Joules energy, Watts power) {
    energy_ = energy;
    show(energy_, power);
  }
  void step_clock(Seconds by) { now_ += by; }

  /// All that was drawn since construction.
  [[nodiscard]] Joules drawn() const { return drawn_; }
  [[nodiscard]] Joules counter() const { return energy_; }

 protected:
  [[nodiscard]] ClockFn clock() {
    return [this] { return now_; };
  }

 private:
  Seconds now_{1000.0};
  Joules energy_;
  Joules drawn_;
};

/// A kind of device.
struct DeviceKind {
  std::string name;
  std::function<std::unique_ptr<FakeDevice>()> make;
  bool counts = true;                   ///< energy; else it shows power
  std::optional<Joules> wraps_at = {};  ///< of its counter
  Seconds update_period{0.001};         ///< as its meter believes
  Watts max_power{1500.0};              ///< as its meter believes, or more
  Seconds sample_period{1.0};           ///< between samples in these tests
};

/// All of them.
[[nodiscard]] std::vector<DeviceKind> device_kinds();

}  // namespace frugal::laws
