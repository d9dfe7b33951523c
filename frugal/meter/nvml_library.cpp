#include "frugal/meter/nvml_library.h"

#include <dlfcn.h>

#include <array>

#include "frugal/base/error.h"
#include "frugal/base/str.h"

namespace frugal::meter {

namespace {

using Device = void*;
using Status = int;  // an enum of C

constexpr Status kSuccess = 0;
constexpr Status kNoPermission = 4;
constexpr unsigned kMostDevices = 64;
constexpr std::uint64_t kMostMilli = 9'000'000'000'000'000ULL;  // what still fits as micro

std::string last_dl_error() {
  const char* text = dlerror();  // NOLINT(concurrency-mt-unsafe): glibc keeps one a thread
  return text == nullptr ? "unknown reason" : printable(text, 200);
}

}  // namespace

/// The symbols that are used; those after `power` may be missing.
struct NvmlLibrary::Functions {
  void* library = nullptr;
  Status (*init)() = nullptr;
  Status (*shutdown)() = nullptr;
  const char* (*error_text)(Status) = nullptr;
  Status (*count)(unsigned*) = nullptr;
  Status (*handle)(unsigned, Device*) = nullptr;
  Status (*name)(Device, char*, unsigned) = nullptr;
  Status (*uuid)(Device, char*, unsigned) = nullptr;
  Status (*power)(Device, unsigned*) = nullptr;
  Status (*energy)(Device, unsigned long long*) = nullptr;  // NOLINT(google-runtime-int): NVML's
  Status (*mig)(Device, unsigned*, unsigned*) = nullptr;
  Status (*limits)(Device, unsigned*, unsigned*) = nullptr;

  explicit Functions(const std::string& file) {
    library = dlopen(file.c_str(), RTLD_NOW | RTLD_LOCAL);
    if (library == nullptr) {
      throw Error(ErrorKind::kUnsupported,
                  str("{}: no NVIDIA driver here (in a container: start it with the NVIDIA runtime "
                      "and the capability `utility`)",
                      last_dl_error()));
    }
    try {
      find(init, "nvmlInit_v2", file);
      find(shutdown, "nvmlShutdown", file);
      find(error_text, "nvmlErrorString", file);
      find(count, "nvmlDeviceGetCount_v2", file);
      find(handle, "nvmlDeviceGetHandleByIndex_v2", file);
      find(name, "nvmlDeviceGetName", file);
      find(uuid, "nvmlDeviceGetUUID", file);
      find(power, "nvmlDeviceGetPowerUsage", file);
    } catch (...) {
      dlclose(library);
      throw;
    }
    find_optional(energy, "nvmlDeviceGetTotalEnergyConsumption");
    find_optional(mig, "nvmlDeviceGetMigMode");
    find_optional(limits, "nvmlDeviceGetPowerManagementLimitConstraints");
  }
  ~Functions() { dlclose(library); }
  Functions(const Functions&) = delete;
  Functions& operator=(const Functions&) = delete;

  template <class Function>
  void find_optional(Function& function, const char* symbol) {
    function = reinterpret_cast<Function>(dlsym(library, symbol));
  }
  template <class Function>
  void find(Function& function, const char* symbol, const std::string& file) {
    find_optional(function, symbol);
    if (function == nullptr) {
      throw Error(ErrorKind::kUnsupported, str("{}: has no {}", file, symbol));
    }
  }

  [[nodiscard]] std::string text(Status status) const {
    const char* said = error_text(status);
    return said == nullptr ? str("error {}", status) : printable(said, 80);
  }
  /// Device handles may change when a driver is reloaded, so each call asks anew.
  [[nodiscard]] Status find_device(unsigned index, Device& device) const {
    return handle(index, &device);
  }
};

NvmlLibrary::NvmlLibrary(const std::string& file) : functions_(std::make_unique<Functions>(file)) {
  const Status status = functions_->init();
  if (status == kSuccess) return;
  const auto kind = status == kNoPermission ? ErrorKind::kPermission : ErrorKind::kUnsupported;
  throw Error(kind, str("NVML: {}", functions_->text(status)));
}

NvmlLibrary::~NvmlLibrary() {
  functions_->shutdown();
}

unsigned NvmlLibrary::device_count() const {
  unsigned count = 0;
  const Status status = functions_->count(&count);
  if (status != kSuccess) {
    throw Error(ErrorKind::kUnsupported, str("NVML: {}", functions_->text(status)));
  }
  if (count > kMostDevices) {
    throw Error(ErrorKind::kUnsupported,
                str("NVML: {} devices, expected at most {}", count, kMostDevices));
  }
  return count;
}

NvmlDevice NvmlLibrary::device(unsigned index) const {
  Device device = nullptr;
  const Status status = functions_->find_device(index, device);
  if (status != kSuccess) {
    const auto kind = status == kNoPermission ? ErrorKind::kPermission : ErrorKind::kUnsupported;
    throw Error(kind, str("NVML: GPU {}: {}", index, functions_->text(status)));
  }
  NvmlDevice found{.index = index, .name = {}, .uuid = {}, .mig = false};
  std::array<char, 96> text{};
  const auto size = static_cast<unsigned>(text.size() - 1);  // the last one stays 0
  if (functions_->name(device, text.data(), size) == kSuccess) found.name = printable(text.data());
  text = {};
  if (functions_->uuid(device, text.data(), size) == kSuccess) found.uuid = printable(text.data());
  unsigned current = 0;
  unsigned pending = 0;
  if (functions_->mig != nullptr && functions_->mig(device, &current, &pending) == kSuccess) {
    found.mig = current == 1;
  }
  return found;
}

ProbeValue NvmlLibrary::energy(unsigned index) const {
  if (functions_->energy == nullptr) {
    return {.micro = std::nullopt, .problem = "this driver has no energy counter"};
  }
  Device device = nullptr;
  unsigned long long milli = 0;  // NOLINT(google-runtime-int): NVML's
  Status status = functions_->find_device(index, device);
  if (status == kSuccess) status = functions_->energy(device, &milli);
  if (status != kSuccess) return {.micro = std::nullopt, .problem = functions_->text(status)};
  if (milli > kMostMilli) return {.micro = std::nullopt, .problem = "the counter is out of range"};
  return {.micro = 1000 * static_cast<std::uint64_t>(milli), .problem = {}};
}

ProbeValue NvmlLibrary::power(unsigned index) const {
  Device device = nullptr;
  unsigned milli = 0;
  Status status = functions_->find_device(index, device);
  if (status == kSuccess) status = functions_->power(device, &milli);
  if (status != kSuccess) return {.micro = std::nullopt, .problem = functions_->text(status)};
  return {.micro = std::uint64_t{1000} * milli, .problem = {}};
}

std::optional<Watts> NvmlLibrary::max_power(unsigned index) const {
  Device device = nullptr;
  unsigned least = 0;
  unsigned most = 0;
  if (functions_->limits == nullptr) return std::nullopt;
  if (functions_->find_device(index, device) != kSuccess) return std::nullopt;
  if (functions_->limits(device, &least, &most) != kSuccess || most == 0) return std::nullopt;
  return Watts(1e-3 * most);
}

}  // namespace frugal::meter
