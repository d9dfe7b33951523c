#include "tests/laws/fake_devices.h"

#include <array>
#include <cmath>
#include <cstdint>
#include <optional>

#include "frugal/meter/battery.h"
#include "frugal/meter/fake_nvml_state_for_test.h"
#include "frugal/meter/fake_sysfs_for_test.h"
#include "frugal/meter/http_meter.h"
#include "frugal/meter/hwmon.h"
#include "frugal/meter/ipmi.h"
#include "frugal/meter/nvml.h"
#include "frugal/meter/perf.h"
#include "frugal/meter/powercap.h"
#include "frugal/meter/redfish.h"

namespace frugal::laws {

namespace {

constexpr double kMicro = 1e6;

std::uint64_t micro(double value) {
  return static_cast<std::uint64_t>(std::llround(kMicro * value));
}

/// One package of a powercap tree.
class FakePowercap final : public FakeDevice {
 public:
  FakePowercap() { tree_.zone(kZone, "package-0", 0); }
  std::unique_ptr<meter::Meter> open() override {
    return meter::open_powercap(tree_.root(), clock());
  }
  void show(Joules energy, Watts /*power*/) override {
    tree_.energy(kZone, micro(energy.value()) % meter::kPackageModulusUj);
  }
  void fail() override { tree_.hide_energy(kZone); }
  void vanish() override { std::filesystem::remove_all(tree_.powercap()); }

 private:
  static constexpr const char* kZone = "intel-rapl:0";
  meter::FakeSysfs tree_;
};

/// The same package through perf_event, 2^-32 J a count.
class FakePerf final : public FakeDevice {
 public:
  FakePerf() { tree_.power_unit({"energy-pkg"}); }
  std::unique_ptr<meter::Meter> open() override {
    meter::PerfOptions options;
    options.root = tree_.root();
    options.open = [this](const meter::PerfEvent& /*event*/) {
      return meter::PerfCounter{.read = [this] { return count_; }, .code = 0};
    };
    options.clock = clock();
    return meter::open_perf(options);
  }
  void show(Joules energy, Watts /*power*/) override {
    count_ = static_cast<std::uint64_t>(std::llround(std::ldexp(energy.value(), 32)));
  }
  void fail() override { count_.reset(); }

 private:
  meter::FakeSysfs tree_;
  std::optional<std::uint64_t> count_ = 0;
};

/// A graphics processor, with its energy counter or without.
template <bool kCounter>
class FakeNvml final : public FakeDevice {
 public:
  std::unique_ptr<meter::Meter> open() override {
    return meter::open_nvml({.library = FRUGAL_FAKE_NVML, .clock = clock()});
  }
  void show(Joules energy, Watts power) override {
    state_.write({{.energy_mj = kCounter ? std::optional(milli(energy.value())) : std::nullopt,
                   .power_mw = milli(power.value())}});
  }
  void fail() override { state_.remove(); }

 private:
  static std::uint64_t milli(double value) {
    return static_cast<std::uint64_t>(std::llround(1e3 * value));
  }
  meter::FakeNvmlState state_;
};

/// A chip with one energy or one power input.
template <bool kCounter>
class FakeHwmon final : public FakeDevice {
 public:
  FakeHwmon() { tree_.write(folder() / "name", "amdgpu\n"); }
  std::unique_ptr<meter::Meter> open() override {
    return meter::open_hwmon({.root = tree_.root(), .chip = "", .clock = clock()});
  }
  void show(Joules energy, Watts power) override {
    tree_.write(input(), str("{}\n", micro(kCounter ? energy.value() : power.value())));
  }
  void fail() override { tree_.write(input(), "N/A\n"); }
  void vanish() override { std::filesystem::remove_all(folder()); }

 private:
  [[nodiscard]] std::filesystem::path folder() const {
    return tree_.root() / "sys/class/hwmon/hwmon2";
  }
  [[nodiscard]] std::filesystem::path input() const {
    return folder() / (kCounter ? "energy1_input" : "power1_average");
  }
  meter::FakeSysfs tree_;
};

/// A laptop off the mains; it fails while it is plugged in.
class FakeBattery final : public FakeDevice {
 public:
  FakeBattery() { tree_.write(folder() / "type", "Battery\n"); }
  std::unique_ptr<meter::Meter> open() override {
    return meter::open_battery(tree_.root(), clock());
  }
  void show(Joules /*energy*/, Watts power) override {
    tree_.write(folder() / "status", "Discharging\n");
    tree_.write(folder() / "power_now", str("{}\n", micro(power.value())));
  }
  void fail() override { tree_.write(folder() / "status", "Charging\n"); }
  void vanish() override { std::filesystem::remove_all(folder()); }

 private:
  [[nodiscard]] std::filesystem::path folder() const {
    return tree_.root() / "sys/class/power_supply/BAT0";
  }
  meter::FakeSysfs tree_;
};

/// A management controller on the machine.
class FakeIpmi final : public FakeDevice {
 public:
  std::unique_ptr<meter::Meter> open() override {
    meter::IpmiOptions options;
    options.ask = [this] { return reply_; };
    options.clock = clock();
    return meter::open_ipmi(options);
  }
  void show(Joules /*energy*/, Watts power) override {
    reply_ = {};
    reply_.bytes.resize(19);
    reply_.bytes[1] = 0xDC;
    reply_.bytes[2] = static_cast<std::uint8_t>(std::ceil(power.value()));
    reply_.bytes[18] = 0x40;
  }
  void fail() override { reply_ = {.problem = "gave no answer in 500 ms"}; }

 private:
  meter::IpmiReply reply_;
};

/// What answers over HTTP; while it fails it is an error, a page or a lie in turn.
class FakeWeb : public FakeDevice {
 public:
  void fail() override {
    constexpr std::array<const char*, 4> kAnswers = {"", "<html>", "{}", "{\"x\":-1}"};
    body_ = kAnswers.at(failures_++ % kAnswers.size());
  }

 protected:
  [[nodiscard]] meter::FetchFn fetch() {
    return [this](const meter::FetchRequest& request) {
      if (body_.empty()) throw Error(ErrorKind::kIo, request.url + ": no answer in 2 s");
      return body_;
    };
  }
  std::string body_;

 private:
  std::size_t failures_ = 0;
};

template <bool kCounter>
class FakePlug final : public FakeWeb {
 public:
  std::unique_ptr<meter::Meter> open() override {
    meter::HttpMeterOptions options;
    options.request.url = "http://plug/";
    options.pointer = "/x";
    options.unit = kCounter ? "J" : "W";
    options.fetch = fetch();
    options.clock = clock();
    return meter::open_http(options);
  }
  void show(Joules energy, Watts power) override {
    body_ = str("{{\"x\":{:.6f}}}", kCounter ? energy.value() : power.value());
  }
};

class FakeRedfish final : public FakeWeb {
 public:
  std::unique_ptr<meter::Meter> open() override {
    meter::RedfishOptions options;
    options.request.url = "https://bmc";
    options.fetch = [this, power = fetch()](const meter::FetchRequest& request) -> std::string {
      if (request.url.ends_with("/Chassis")) {
        return R"({"Members":[{"@odata.id":"/redfish/v1/Chassis/1"}]})";
      }
      if (request.url.ends_with("/1")) return R"({"Power":{"@odata.id":"/redfish/v1/p"}})";
      return power(request);
    };
    options.clock = clock();
    return meter::open_redfish(options);
  }
  void show(Joules /*energy*/, Watts power) override {
    body_ = str(R"({{"PowerControl":[{{"PowerConsumedWatts":{:.6f}}}]}})", power.value());
  }
};

template <class Device>
std::unique_ptr<FakeDevice> make() {
  return std::make_unique<Device>();
}

DeviceKind counter(std::string name, std::unique_ptr<FakeDevice> (*maker)(), double period_s) {
  DeviceKind kind;
  kind.name = std::move(name);
  kind.make = maker;
  kind.update_period = Seconds(period_s);
  return kind;
}

DeviceKind sensor(std::string name, std::unique_ptr<FakeDevice> (*maker)(), double period_s,
                  double sample_s) {
  DeviceKind kind = counter(std::move(name), maker, period_s);
  kind.counts = false;
  kind.sample_period = Seconds(sample_s);
  return kind;
}

}  // namespace

std::vector<DeviceKind> device_kinds() {
  DeviceKind powercap = counter("powercap", make<FakePowercap>, 0.001);
  powercap.wraps_at = Joules(1e-6 * static_cast<double>(meter::kPackageModulusUj));
  DeviceKind nvml = counter("nvml_energy", make<FakeNvml<true>>, 0.1);
  nvml.max_power = Watts(3000.0);
  DeviceKind plug = counter("plug_energy", make<FakePlug<true>>, 10.0);
  plug.max_power = Watts(25'000.0);
  DeviceKind chip = counter("hwmon_energy", make<FakeHwmon<true>>, 0.01);
  chip.max_power = Watts(20'000.0);
  return {powercap,
          counter("perf", make<FakePerf>, 0.001),
          nvml,
          chip,
          sensor("nvml_power", make<FakeNvml<false>>, 1.0, 0.1),
          sensor("hwmon_power", make<FakeHwmon<false>>, 1.0, 0.1),
          sensor("battery", make<FakeBattery>, 5.0, 1.0),
          sensor("ipmi", make<FakeIpmi>, 2.0, 1.0),
          sensor("redfish", make<FakeRedfish>, 5.0, 2.0),
          sensor("plug_power", make<FakePlug<false>>, 1.0, 1.0),
          plug};
}

}  // namespace frugal::laws
