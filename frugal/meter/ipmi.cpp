#include "frugal/meter/ipmi.h"

#include <fcntl.h>
#include <linux/ipmi.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <system_error>

#include "frugal/base/error.h"
#include "frugal/base/str.h"

namespace frugal::meter {

namespace {

constexpr unsigned char kGroupExtension = 0x2C;  // network function
constexpr unsigned char kGetPowerReading = 0x02;
constexpr unsigned char kDcmi = 0xDC;
constexpr int kPatienceMs = 500;
constexpr std::size_t kLeastBytes = 19;  // completion code, DCMI, four 16-bit powers, time, state
constexpr Seconds kPeriod{2.0};
constexpr double kSensorDeviation = 0.05;
constexpr Watts kLikelyPower{200.0};

std::string text_of(int code) {
  return std::generic_category().message(code);
}

/// An open /dev/ipmi0.
class IpmiDevice {
 public:
  explicit IpmiDevice(const std::filesystem::path& file)
      : number_(::open(file.c_str(), O_RDWR | O_CLOEXEC | O_NONBLOCK)) {
    const int code = errno;
    struct stat status {};
    const bool device = number_ >= 0 && ::fstat(number_, &status) == 0 && S_ISCHR(status.st_mode);
    if (device) return;
    if (number_ >= 0) ::close(number_);
    if (number_ >= 0) {
      throw Error(ErrorKind::kUnsupported, str("{}: is no device", file.string()));
    }
    if (code == EACCES || code == EPERM) {
      throw Error(ErrorKind::kPermission,
                  str("{}: {}: `sudo setfacl -m u:$USER:rw /dev/ipmi0` (which also lets you switch "
                      "the machine off)",
                      file.string(), text_of(code)));
    }
    throw Error(ErrorKind::kUnsupported,
                str("{}: {}: no management controller, or its driver is not loaded (`sudo modprobe "
                    "-a ipmi_si ipmi_devintf`)",
                    file.string(), text_of(code)));
  }
  ~IpmiDevice() { ::close(number_); }
  IpmiDevice(const IpmiDevice&) = delete;
  IpmiDevice& operator=(const IpmiDevice&) = delete;

  IpmiReply ask() {
    std::array<unsigned char, 4> data = {kDcmi, 0x01, 0x00, 0x00};  // mode 1: system power
    ipmi_system_interface_addr address{};
    address.addr_type = IPMI_SYSTEM_INTERFACE_ADDR_TYPE;
    address.channel = IPMI_BMC_CHANNEL;
    ipmi_req request{};
    request.addr = reinterpret_cast<unsigned char*>(&address);
    request.addr_len = sizeof address;
    request.msgid = ++asked_;
    request.msg.netfn = kGroupExtension;
    request.msg.cmd = kGetPowerReading;
    request.msg.data = data.data();
    request.msg.data_len = data.size();
    if (::ioctl(number_, IPMICTL_SEND_COMMAND, &request) != 0) {
      return {.problem = str("cannot be asked ({})", text_of(errno))};
    }
    return receive();
  }

 private:
  /// Answers to earlier questions that came too late are passed over.
  IpmiReply receive() {
    constexpr int kMostStale = 16;
    for (int i = 0; i < kMostStale; ++i) {
      pollfd wait{.fd = number_, .events = POLLIN, .revents = 0};
      const int ready = ::poll(&wait, 1, kPatienceMs);
      if (ready < 0 && errno == EINTR) continue;
      if (ready <= 0) return {.problem = str("gave no answer in {} ms", kPatienceMs)};
      std::array<unsigned char, IPMI_MAX_MSG_LENGTH> data{};
      ipmi_addr address{};
      ipmi_recv received{};
      received.addr = reinterpret_cast<unsigned char*>(&address);
      received.addr_len = sizeof address;
      received.msg.data = data.data();
      received.msg.data_len = data.size();
      if (::ioctl(number_, IPMICTL_RECEIVE_MSG_TRUNC, &received) != 0) {
        return {.problem = str("its answer cannot be read ({})", text_of(errno))};
      }
      if (received.msgid != asked_) continue;
      return {.bytes = {data.begin(), data.begin() + received.msg.data_len}};
    }
    return {.problem = "answers other questions than ours"};
  }

  int number_;
  long asked_ = 0;  // NOLINT(google-runtime-int): the kernel's type
};

}  // namespace

ProbeValue decode_dcmi_power(const IpmiReply& reply) {
  const auto none = [](std::string problem) {
    return ProbeValue{.micro = std::nullopt, .problem = std::move(problem)};
  };
  if (!reply.problem.empty()) return none("the controller " + reply.problem);
  const std::vector<std::uint8_t>& bytes = reply.bytes;
  constexpr std::uint8_t kInvalidCommand = 0xC1;
  if (!bytes.empty() && bytes[0] == kInvalidCommand) {
    return none("the controller does not know DCMI power readings");
  }
  if (!bytes.empty() && bytes[0] != 0) {
    return none(str("the controller refused with code 0x{:02x}", bytes[0]));
  }
  if (bytes.size() < kLeastBytes || bytes[1] != kDcmi) {
    return none(str("an answer of {} bytes, expected a DCMI power reading", bytes.size()));
  }
  constexpr std::uint8_t kActive = 0x40;
  if ((bytes[kLeastBytes - 1] & kActive) == 0) return none("power measurement is switched off");
  const unsigned power_w = bytes[2] + (256U * bytes[3]);
  if (power_w == 0) return none("shows 0 W, expected what the machine draws");
  return {.micro = std::uint64_t{1'000'000} * power_w, .problem = {}};
}

std::unique_ptr<Meter> open_ipmi(const IpmiOptions& options) {
  IpmiFn ask = options.ask;
  if (!ask) {
    const auto device = std::make_shared<IpmiDevice>(options.root / "dev" / "ipmi0");
    ask = [device] { return device->ask(); };
  }
  Probe probe;
  probe.domain = "node";
  probe.boundary = Boundary::kWall;
  probe.kind = ProbeKind::kPower;
  probe.limits.max_power = Watts(65'535.0);
  probe.update_period = kPeriod;
  probe.sample_period = 0.5 * kPeriod;
  probe.likely_power = kLikelyPower;
  probe.relative_std = kSensorDeviation;
  probe.read = [ask] { return decode_dcmi_power(ask()); };
  const ProbeValue first = probe.read();
  if (!first.micro) throw Error(ErrorKind::kUnsupported, "IPMI: " + first.problem);
  return std::make_unique<ProbeMeter>("ipmi", "power of the node by IPMI DCMI",
                                      std::vector<Probe>{std::move(probe)}, options.clock);
}

}  // namespace frugal::meter
