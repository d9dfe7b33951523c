/// A stand-in for libnvidia-ml.so.1, built as a library of its own.  What its processors show is
/// read, at each call, from the file that FRUGAL_FAKE_NVML_STATE names: a line each,
///
///     UUID energy_mj power_mw mig name…
///
/// "-" for energy means that there is no counter, for power that the sensor cannot be read.

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

namespace {

struct State {
  std::string uuid;
  std::string energy;
  std::string power;
  std::string mig;
  std::string name;
};

constexpr int kSuccess = 0;
constexpr int kInvalidArgument = 2;
constexpr int kNotSupported = 3;
constexpr int kDriverNotLoaded = 9;
constexpr int kGpuIsLost = 15;

bool read_state(std::vector<State>& devices) {
  const char* path = std::getenv("FRUGAL_FAKE_NVML_STATE");
  std::ifstream file(path == nullptr ? "" : path);
  if (!file) return false;
  for (std::string line; std::getline(file, line);) {
    std::istringstream words(line);
    State state;
    words >> state.uuid >> state.energy >> state.power >> state.mig >> std::ws;
    std::getline(words, state.name);
    devices.push_back(std::move(state));
  }
  return true;
}

/// Handles are indices, counted from 1 so that none is null.
int find(void* device, State& state) {
  std::vector<State> devices;
  const auto index = reinterpret_cast<std::size_t>(device);
  if (!read_state(devices)) return kGpuIsLost;
  if (index == 0 || index > devices.size()) return kInvalidArgument;
  state = devices[index - 1];
  return kSuccess;
}

int copy_text(const std::string& text, char* out, unsigned size) {
  std::snprintf(out, size, "%s", text.c_str());
  return kSuccess;
}

}  // namespace

extern "C" {

int nvmlInit_v2() {
  std::vector<State> devices;
  return read_state(devices) ? kSuccess : kDriverNotLoaded;
}
int nvmlShutdown() {
  return kSuccess;
}
const char* nvmlErrorString(int status) {
  if (status == kNotSupported) return "Not Supported";
  if (status == kDriverNotLoaded) return "Driver Not Loaded";
  return status == kGpuIsLost ? "GPU is lost" : "Unknown Error";
}
int nvmlDeviceGetCount_v2(unsigned* count) {
  std::vector<State> devices;
  if (!read_state(devices)) return kGpuIsLost;
  *count = static_cast<unsigned>(devices.size());
  return kSuccess;
}
int nvmlDeviceGetHandleByIndex_v2(unsigned index, void** device) {
  *device = reinterpret_cast<void*>(std::size_t{index} + 1);
  State state;
  return find(*device, state);
}
int nvmlDeviceGetName(void* device, char* out, unsigned size) {
  State state;
  const int status = find(device, state);
  return status == kSuccess ? copy_text(state.name, out, size) : status;
}
int nvmlDeviceGetUUID(void* device, char* out, unsigned size) {
  State state;
  const int status = find(device, state);
  return status == kSuccess ? copy_text(state.uuid, out, size) : status;
}
int nvmlDeviceGetPowerUsage(void* device, unsigned* power_mw) {
  State state;
  if (const int status = find(device, state); status != kSuccess) return status;
  if (state.power == "-") return kNotSupported;
  *power_mw = static_cast<unsigned>(std::strtoul(state.power.c_str(), nullptr, 10));
  return kSuccess;
}
int nvmlDeviceGetTotalEnergyConsumption(void* device, unsigned long long* energy_mj) {
  State state;
  if (const int status = find(device, state); status != kSuccess) return status;
  if (state.energy == "-") return kNotSupported;
  *energy_mj = std::strtoull(state.energy.c_str(), nullptr, 10);
  return kSuccess;
}
int nvmlDeviceGetMigMode(void* device, unsigned* current, unsigned* pending) {
  State state;
  if (const int status = find(device, state); status != kSuccess) return status;
  *current = *pending = state.mig == "1" ? 1 : 0;
  return kSuccess;
}

}  // extern "C"
