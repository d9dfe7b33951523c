#pragma once

/// Prices from the literature, for machines that nobody has calibrated.

#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "frugal/meter/energy_model.h"

namespace frugal::meter {

/// What a processor says it is.
struct ProcessorId {
  std::string vendor = {};  ///< "GenuineIntel", "AuthenticAMD"; empty: not known, as on ARM
  int family = 0;
  int model = 0;
};

/// From the first processor in `<root>/proc/cpuinfo`.  Errors: none; what is absent stays empty.
[[nodiscard]] ProcessorId read_processor(const std::filesystem::path& root);

/// A processor family and the process it was made in.
struct ProcessorFamily {
  std::string_view name;  ///< "AMD Zen 3"
  double node_nm = 7.0;   ///< as its maker calls it
  bool known = true;      ///< false: assumed, nothing matched
};
[[nodiscard]] ProcessorFamily family_of(const ProcessorId& id);

/// A figure per operation or byte at two process nodes.
struct CircuitPrior {
  Term term;
  double at_45nm = 0.0;       ///< J
  double at_7nm = 0.0;        ///< J; equal where the process of the processor does not matter
  double relative_std = 0.5;  ///< of what is made from them
  std::string_view source;
};
[[nodiscard]] std::span<const CircuitPrior> circuit_priors();

/// Watts of one busy CPU above idle, and of the idle package.
struct PowerPrior {
  std::string_view family;  ///< as in ProcessorFamily::name; empty: of all others
  double busy_w = 6.0;
  double busy_std = 3.0;
  double idle_w = 0.0;
  double idle_std = 0.0;
  std::string_view source;
};
[[nodiscard]] std::span<const PowerPrior> power_priors();

/// Prices for a processor: circuit energies between the two nodes on a power law of the node, and
/// the powers of its family, else of all.
///
/// Formula: e(node) = e_45 · (node / 45)^k with k = ln(e_7 / e_45) / ln(7 / 45), also outside.
/// Numbers: a circuit's energy is the least that an operation takes; what else a core does for it
///          is in the CPU second.  Nothing is known of a network's byte, hence no price.
[[nodiscard]] EnergyModel prior_model(const ProcessorId& id);

}  // namespace frugal::meter
