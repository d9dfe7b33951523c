#include "frugal/meter/energy_priors.h"

#include <array>
#include <cmath>

#include "frugal/base/str.h"
#include "frugal/meter/small_file.h"

// All figures of the energy model that nobody measured on the machine at hand, in tables, each with
// where it comes from.  docs/energy-model.md says how they fit together.

namespace frugal::meter {

namespace {

constexpr double kPico = 1e-12;

struct FamilyRow {
  std::string_view vendor;
  int family;
  int first_model;
  int last_model;
  std::string_view name;
  double node_nm;
};

// Model numbers as in Linux, arch/x86/include/asm/intel-family.h and arch/x86/kernel/cpu/amd.c;
// process nodes as the makers announced them.
constexpr std::array kFamilies = {
    FamilyRow{"AuthenticAMD", 23, 0x00, 0x2f, "AMD Zen", 14.0},
    FamilyRow{"AuthenticAMD", 23, 0x30, 0xff, "AMD Zen 2", 7.0},
    FamilyRow{"AuthenticAMD", 25, 0x00, 0x0f, "AMD Zen 3", 7.0},
    FamilyRow{"AuthenticAMD", 25, 0x10, 0x1f, "AMD Zen 4", 5.0},
    FamilyRow{"AuthenticAMD", 25, 0x20, 0x3f, "AMD Zen 3", 7.0},
    FamilyRow{"AuthenticAMD", 25, 0x40, 0x4f, "AMD Zen 3+", 6.0},
    FamilyRow{"AuthenticAMD", 25, 0x50, 0x5f, "AMD Zen 3", 7.0},
    FamilyRow{"AuthenticAMD", 25, 0x60, 0xff, "AMD Zen 4", 5.0},
    FamilyRow{"AuthenticAMD", 26, 0x00, 0xff, "AMD Zen 5", 4.0},
    FamilyRow{"GenuineIntel", 6, 0x2a, 0x2d, "Intel Sandy Bridge", 32.0},
    FamilyRow{"GenuineIntel", 6, 0x3a, 0x3a, "Intel Ivy Bridge", 22.0},
    FamilyRow{"GenuineIntel", 6, 0x3e, 0x3e, "Intel Ivy Bridge", 22.0},
    FamilyRow{"GenuineIntel", 6, 0x3c, 0x3c, "Intel Haswell", 22.0},
    FamilyRow{"GenuineIntel", 6, 0x3f, 0x3f, "Intel Haswell", 22.0},
    FamilyRow{"GenuineIntel", 6, 0x45, 0x46, "Intel Haswell", 22.0},
    FamilyRow{"GenuineIntel", 6, 0x3d, 0x3d, "Intel Broadwell", 14.0},
    FamilyRow{"GenuineIntel", 6, 0x47, 0x47, "Intel Broadwell", 14.0},
    FamilyRow{"GenuineIntel", 6, 0x4f, 0x4f, "Intel Broadwell", 14.0},
    FamilyRow{"GenuineIntel", 6, 0x56, 0x56, "Intel Broadwell", 14.0},
    FamilyRow{"GenuineIntel", 6, 0x4e, 0x4e, "Intel Skylake", 14.0},
    FamilyRow{"GenuineIntel", 6, 0x55, 0x55, "Intel Skylake", 14.0},
    FamilyRow{"GenuineIntel", 6, 0x5e, 0x5e, "Intel Skylake", 14.0},
    FamilyRow{"GenuineIntel", 6, 0x8e, 0x8e, "Intel Skylake", 14.0},
    FamilyRow{"GenuineIntel", 6, 0x9e, 0x9e, "Intel Skylake", 14.0},
    FamilyRow{"GenuineIntel", 6, 0xa5, 0xa6, "Intel Skylake", 14.0},
    FamilyRow{"GenuineIntel", 6, 0x6a, 0x6c, "Intel Ice Lake", 10.0},
    FamilyRow{"GenuineIntel", 6, 0x7d, 0x7e, "Intel Ice Lake", 10.0},
    FamilyRow{"GenuineIntel", 6, 0x8c, 0x8d, "Intel Tiger Lake", 10.0},
    FamilyRow{"GenuineIntel", 6, 0x8f, 0x8f, "Intel Sapphire Rapids", 10.0},
    FamilyRow{"GenuineIntel", 6, 0xcf, 0xcf, "Intel Emerald Rapids", 10.0},
    FamilyRow{"GenuineIntel", 6, 0x97, 0x97, "Intel Alder Lake", 10.0},
    FamilyRow{"GenuineIntel", 6, 0x9a, 0x9a, "Intel Alder Lake", 10.0},
    FamilyRow{"GenuineIntel", 6, 0xb7, 0xb7, "Intel Raptor Lake", 10.0},
    FamilyRow{"GenuineIntel", 6, 0xba, 0xba, "Intel Raptor Lake", 10.0},
    FamilyRow{"GenuineIntel", 6, 0xbf, 0xbf, "Intel Raptor Lake", 10.0},
};
constexpr ProcessorFamily kUnknownFamily{.name = "unknown", .node_nm = 7.0, .known = false};

constexpr std::string_view kHorowitz =
    "45 nm: Horowitz, ISSCC 2014, fig. 1.1.9; 7 nm: his table as Jouppi et al., ISCA 2021, "
    "brought it up to date";
constexpr std::array kCircuits = {
    // The mean of an addition and a multiplication: 0.03 and 0.2 pJ, 0.007 and 0.07 pJ.
    CircuitPrior{Term::kInt8, 0.115 * kPico, 0.0385 * kPico, 0.5, kHorowitz},
    // The same of float32: 0.9 and 3.7 pJ, 0.38 and 1.31 pJ.
    CircuitPrior{Term::kFloat, 2.3 * kPico, 0.845 * kPico, 0.5, kHorowitz},
    CircuitPrior{Term::kSpecial, 36.8 * kPico, 13.5 * kPico, 0.7,
                 "taken as 16 float32 operations: a polynomial of degree 5 to 7, its reduction and "
                 "scaling"},
    // 8 bytes of DRAM: 1300 to 2600 pJ, 1300 pJ.
    CircuitPrior{Term::kDram, 160.0 * kPico, 160.0 * kPico, 0.5,
                 "DDR4, about 20 pJ/bit; Horowitz has 1300 to 2600 pJ per 8 bytes at 45 nm, Jouppi "
                 "1300 pJ for DDR3 and DDR4"},
    // 8 bytes of an SRAM of 32 KB to 1 MB: 20 to 100 pJ, 8.5 to 14 pJ; the geometric middle.
    CircuitPrior{Term::kCache, 5.6 * kPico, 1.36 * kPico, 0.6, kHorowitz},
    CircuitPrior{Term::kDevice, 194.0 * kPico, 194.0 * kPico, 0.3,
                 "fitted to 274 published H100 runs (docs/energy-model.md): of the whole board; "
                 "HBM2 alone takes 31 pJ/B (O'Connor et al., MICRO 2017)"},
    CircuitPrior{Term::kStorage, 1800.0 * kPico, 1800.0 * kPico, 0.6,
                 "an NVMe disk at full speed: at most 6.2 W at 3.4 GB/s (Samsung 970 EVO, its own "
                 "table of power states)"},
};

// CodeCarbon's cpu_load_profiling: RAPL at 0 and 100 % load of all logical CPUs, two of which share
// a core.  One busy CPU alone keeps its core busy: between 1 and 2 times the quotient, hence 1.4,
// and the distance is in the deviation.  Idle power is of the package or packages together.
constexpr std::array kPowers = {
    PowerPrior{"AMD Zen 4", 2.4, 1.4, 18.3, 9.0,
               "EPYC 8024P, RAPL 18.3 to 46.2 W over 16 CPUs (CodeCarbon 3.3.0)"},
    PowerPrior{"AMD Zen", 5.4, 2.7, 42.7, 20.0,
               "Threadripper 1950X, RAPL 42.7 to 167.1 W over 32 CPUs (CodeCarbon 3.3.0)"},
    PowerPrior{"Intel Ivy Bridge", 11.0, 6.0, 6.5, 3.0,
               "E3-1240 v2, RAPL 5.5 to 49.4 W and 7.5 to 93.4 W over 8 CPUs in two runs that "
               "disagree (CodeCarbon 3.3.0)"},
    PowerPrior{"Intel Haswell", 5.2, 2.6, 15.9, 8.0,
               "two E5-2620 v3, RAPL 15.9 to 105.0 W over 24 CPUs (CodeCarbon 3.3.0)"},
    PowerPrior{"", 6.0, 3.0, 15.0, 12.0,
               "the middle and the spread of the four machines above (CodeCarbon 3.3.0)"},
};

double at_node(const CircuitPrior& prior, double node_nm) {
  constexpr double kOld = 45.0;
  constexpr double kNew = 7.0;
  const double power = std::log(prior.at_7nm / prior.at_45nm) / std::log(kNew / kOld);
  return prior.at_45nm * std::pow(node_nm / kOld, power);
}

const PowerPrior& power_of(std::string_view family) {
  for (const PowerPrior& row : kPowers) {
    if (row.family == family) return row;
  }
  return kPowers.back();
}

}  // namespace

std::span<const CircuitPrior> circuit_priors() {
  return kCircuits;
}

std::span<const PowerPrior> power_priors() {
  return kPowers;
}

ProcessorId read_processor(const std::filesystem::path& root) {
  constexpr std::size_t kFirstProcessor = 4096;
  const SmallFile file = read_prefix(root / "proc" / "cpuinfo", kFirstProcessor);
  ProcessorId id;
  if (!file.text) return id;
  for (const std::string_view line : split(*file.text, '\n')) {
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos) break;  // the first processor ends
    const std::string_view key = trim(line.substr(0, colon));
    const std::string_view value = trim(line.substr(colon + 1));
    const int number = static_cast<int>(parse_int(value).value_or(-1));
    if (key == "vendor_id") id.vendor = printable(value, 40);
    if (key == "cpu family") id.family = number;
    if (key == "model") id.model = number;
  }
  return id;
}

ProcessorFamily family_of(const ProcessorId& id) {
  for (const FamilyRow& row : kFamilies) {
    const bool in = id.model >= row.first_model && id.model <= row.last_model;
    if (id.vendor == row.vendor && id.family == row.family && in) {
      return {.name = row.name, .node_nm = row.node_nm};
    }
  }
  return kUnknownFamily;
}

EnergyModel prior_model(const ProcessorId& id) {
  const ProcessorFamily family = family_of(id);
  EnergyModel model;
  model.name = family.known ? str("{}, {:g} nm, priors", family.name, family.node_nm)
                            : str("an unknown processor taken as {:g} nm, priors", family.node_nm);
  const PowerPrior& power = power_of(family.name);
  model[Term::kIdle] =
      Price{.value = power.idle_w, .std = power.idle_std, .source = std::string(power.source)};
  model[Term::kCpu] =
      Price{.value = power.busy_w, .std = power.busy_std, .source = std::string(power.source)};
  for (const CircuitPrior& prior : kCircuits) {
    const double value = at_node(prior, family.node_nm);
    model[prior.term] = Price{
        .value = value, .std = prior.relative_std * value, .source = std::string(prior.source)};
  }
  return model;
}

}  // namespace frugal::meter
