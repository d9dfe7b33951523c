#pragma once

/// What this machine is, for the record.

#include <cstdint>
#include <filesystem>
#include <string>

namespace frugal {

/// Unknown texts are empty, an unknown size is 0.
struct Machine {
  std::string processor = {};      ///< "AMD EPYC 7763 64-Core Processor"
  std::size_t cpus = 0;            ///< that this process may use
  std::uint64_t memory_bytes = 0;  ///< installed
  std::string kernel = {};         ///< "Linux 6.1.0-18-amd64"
};

/// Reads `<root>/proc/cpuinfo` and `<root>/proc/meminfo`.  Errors: none.
[[nodiscard]] Machine this_machine(const std::filesystem::path& root = "/");

/// One line of JSON: processor, cpus, memory_bytes, kernel; what records say of the machine.
[[nodiscard]] std::string to_line(const Machine& machine);

}  // namespace frugal
