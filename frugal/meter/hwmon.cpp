#include "frugal/meter/hwmon.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <system_error>

#include "frugal/base/error.h"
#include "frugal/base/str.h"
#include "frugal/meter/small_file.h"

// A chip lists inputs that overlap: amd_energy every core and the socket around them, xe a card and
// the package on it, amdgpu one power twice (average and now).  Labels say which contains which;
// where they do not, the first input is read and the others are named as not added.

namespace frugal::meter {

namespace {

constexpr std::size_t kMaxEntries = 1024;  // of the class folder
constexpr int kMaxInputs = 256;            // a chip of amd_energy has one per core
constexpr Seconds kEnergyPeriod{0.01};
constexpr Seconds kPowerPeriod{1.0};
constexpr double kSensorDeviation = 0.05;
constexpr Watts kMostPower{20'000.0};

struct Input {
  std::filesystem::path file;
  std::string label;  ///< may be empty
  bool energy = false;
};

ChipKind chip_kind(std::string_view name) {
  if (name == "amdgpu" || name == "i915" || name == "xe") return ChipKind::kGraphics;
  if (name == "amd_energy") return ChipKind::kSockets;
  if (name == "power_meter") return ChipKind::kNode;
  return ChipKind::kOther;
}

/// There, though perhaps not readable.
bool is_there(const std::filesystem::path& file) {
  const SmallFile found = read_prefix(file);
  return found.text || found.code == EACCES || found.code == EPERM;
}

std::vector<Input> list_inputs(const std::filesystem::path& folder, std::string_view quantity) {
  std::vector<Input> inputs;
  for (int i = 1; i <= kMaxInputs; ++i) {
    const std::string stem = str("{}{}", quantity, i);
    std::filesystem::path file = folder / (stem + "_input");
    const bool energy = quantity == "energy";
    if (!energy && is_there(folder / (stem + "_average"))) file = folder / (stem + "_average");
    if (!is_there(file)) break;
    const SmallFile label = read_prefix(folder / (stem + "_label"));
    inputs.push_back({.file = std::move(file),
                      .label = label.text ? printable(trim(*label.text), 40) : "",
                      .energy = energy});
  }
  return inputs;
}

/// Those that may be added, moved to the front; their number.
std::size_t antichain(std::vector<Input>& inputs) {
  const auto to_front = [&inputs](const auto& wanted) {
    return static_cast<std::size_t>(std::stable_partition(inputs.begin(), inputs.end(), wanted) -
                                    inputs.begin());
  };
  const auto sockets =
      to_front([](const Input& input) { return input.label.starts_with("Esocket"); });
  if (sockets > 0) return sockets;
  const auto cards = to_front([](const Input& input) { return input.label == "card"; });
  if (cards > 0) return 1;
  return std::min<std::size_t>(1, inputs.size());
}

ProbeValue read_input(NumberFile& file, const std::string& name) {
  SmallNumber number = file.read();
  if (number.value) return {.micro = number.value, .problem = {}};
  return {.micro = std::nullopt, .problem = str("{} {}", name, number.problem)};
}

Probe probe_of(const HwmonChip& chip, const Input& input) {
  Probe probe;
  probe.domain = str("{}-{}", chip.name, chip.id);
  if (!input.label.empty()) probe.domain += "-" + input.label;
  probe.boundary = chip.kind == ChipKind::kNode ? Boundary::kHost : Boundary::kDevice;
  probe.kind = input.energy ? ProbeKind::kEnergy : ProbeKind::kPower;
  probe.limits.max_power = kMostPower;
  probe.limits.endless = true;
  probe.limits.count = Joules(1e-6);
  probe.update_period = input.energy ? kEnergyPeriod : kPowerPeriod;
  probe.relative_std = input.energy ? 0.0 : kSensorDeviation;
  probe.read = [file = std::make_shared<NumberFile>(input.file),
                name = input.file.filename().string()] { return read_input(*file, name); };
  return probe;
}

HwmonChip read_chip(const std::filesystem::path& folder) {
  HwmonChip chip;
  chip.id = folder.filename().string();
  const SmallFile name = read_prefix(folder / "name");
  chip.name = name.text ? printable(trim(*name.text), 40) : "";
  if (chip.name.empty()) chip.name = "chip";
  chip.kind = chip_kind(chip.name);
  // amdgpu lets a power limit be set on cards only.
  chip.integrated = chip.name == "amdgpu" && !is_there(folder / "power1_cap");
  std::vector<Input> inputs = list_inputs(folder, "energy");
  if (inputs.empty()) inputs = list_inputs(folder, "power");
  const std::size_t count = antichain(inputs);
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    const Input& input = inputs[i];
    if (i < count) {
      chip.probes.push_back(probe_of(chip, input));
    } else {
      chip.not_added += str("{}{}", chip.not_added.empty() ? "" : ", ",
                            input.label.empty() ? input.file.filename().string() : input.label);
    }
  }
  return chip;
}

[[noreturn]] void no_chip(const HwmonOptions& options, const std::vector<HwmonChip>& chips) {
  const std::filesystem::path folder = options.root / "sys" / "class" / "hwmon";
  std::string names;
  for (const HwmonChip& chip : chips) {
    names += str("{}{} ({})", names.empty() ? "" : ", ", chip.name, chip.id);
  }
  if (chips.empty()) {
    throw Error(ErrorKind::kUnsupported,
                str("{}: no chip with an energy or power input (virtual machines have none)",
                    folder.string()));
  }
  if (!options.chip.empty()) {
    throw Error(ErrorKind::kUnsupported, str("{}: no chip '{}', expected one of {}",
                                             folder.string(), printable(options.chip), names));
  }
  throw Error(ErrorKind::kUnsupported,
              str("{}: {}: what contains what is not known, name one: --meter hwmon:NAME",
                  folder.string(), names));
}

std::vector<HwmonChip> wanted_chips(const HwmonOptions& options) {
  std::vector<HwmonChip> chips = scan_hwmon(options.root);
  const bool one = chips.size() == 1;
  std::vector<HwmonChip> wanted;
  for (const HwmonChip& chip : chips) {
    const bool named = options.chip == chip.name || options.chip == chip.id;
    const bool obvious = one || chip.kind == ChipKind::kGraphics;
    if (options.chip.empty() ? obvious : named) wanted.push_back(chip);
  }
  if (wanted.empty()) no_chip(options, chips);
  return wanted;
}

}  // namespace

std::vector<HwmonChip> scan_hwmon(const std::filesystem::path& root) {
  const std::filesystem::path folder = root / "sys" / "class" / "hwmon";
  std::vector<std::filesystem::path> entries;
  std::error_code fault;
  std::filesystem::directory_iterator entry(folder, fault);
  while (!fault && entry != std::filesystem::directory_iterator()) {
    if (entries.size() == kMaxEntries) {
      throw Error(ErrorKind::kUnsupported,
                  str("{}: more than {} entries, expected the few of a real machine",
                      folder.string(), kMaxEntries));
    }
    if (entry->path().filename().string().starts_with("hwmon")) entries.push_back(entry->path());
    entry.increment(fault);
  }
  if (fault) {
    throw Error(ErrorKind::kUnsupported, str("{}: {}: no sensor chip is shown (virtual machines "
                                             "have none)",
                                             folder.string(), fault.message()));
  }
  std::sort(entries.begin(), entries.end());
  std::vector<HwmonChip> chips;
  for (const std::filesystem::path& path : entries) {
    HwmonChip chip = read_chip(path);
    if (!chip.probes.empty()) chips.push_back(std::move(chip));
  }
  return chips;
}

std::unique_ptr<Meter> open_hwmon(const HwmonOptions& options) {
  std::vector<Probe> probes;
  std::string text = "hwmon: ";
  std::string others;
  for (HwmonChip& chip : wanted_chips(options)) {
    for (Probe& probe : chip.probes) {
      const ProbeValue first = probe.read();
      if (!first.micro) {
        const bool refused = first.problem.find("Permission denied") != std::string::npos;
        throw Error(
            refused ? ErrorKind::kPermission : ErrorKind::kUnsupported,
            str("{}: {}{}", probe.domain, first.problem,
                refused ? str(": `sudo chmod a+r /sys/class/hwmon/{}/*_input`", chip.id) : ""));
      }
      text += str("{}{}", probes.empty() ? "" : " + ", probe.domain);
      probes.push_back(std::move(probe));
    }
    if (!chip.not_added.empty()) others += str("; not added of {}: {}", chip.id, chip.not_added);
  }
  return std::make_unique<ProbeMeter>("hwmon", text + others, std::move(probes), options.clock);
}

}  // namespace frugal::meter
