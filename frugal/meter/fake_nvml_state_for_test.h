#pragma once

/// What the processors of the fake NVML library show.  For tests only.

#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string>
#include <vector>

#include "frugal/base/str.h"
#include "tests/support/temp_folder.h"

namespace frugal::meter {

struct FakeGpu {
  std::string uuid = "GPU-5f0a1b2c-0000-1111-2222-333344445555";
  std::optional<std::uint64_t> energy_mj = {};  ///< nothing: no counter
  std::optional<std::uint64_t> power_mw = {};   ///< nothing: no sensor
  bool mig = false;
  std::string name = "Fake H100";
};

/// The library reads it at each call while this object lives.
class FakeNvmlState {
 public:
  FakeNvmlState() { ::setenv("FRUGAL_FAKE_NVML_STATE", file().c_str(), 1); }
  ~FakeNvmlState() { ::unsetenv("FRUGAL_FAKE_NVML_STATE"); }
  FakeNvmlState(const FakeNvmlState&) = delete;
  FakeNvmlState& operator=(const FakeNvmlState&) = delete;

  void write(const std::vector<FakeGpu>& gpus) const {
    std::ofstream out(file(), std::ios::binary);
    const auto word = [](const std::optional<std::uint64_t>& value) {
      return value ? str("{}", *value) : std::string("-");
    };
    for (const FakeGpu& gpu : gpus) {
      out << str("{} {} {} {} {}\n", gpu.uuid, word(gpu.energy_mj), word(gpu.power_mw),
                 gpu.mig ? 1 : 0, gpu.name);
    }
  }
  /// Every call fails from now on.
  void remove() const { std::filesystem::remove(file()); }

 private:
  [[nodiscard]] std::filesystem::path file() const { return folder_ / "nvml"; }
  test::TempFolder folder_;
};

}  // namespace frugal::meter
