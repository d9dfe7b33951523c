#include "frugal/base/machine.h"

#include <sys/utsname.h>

#include <fstream>

#include "frugal/base/json.h"
#include "frugal/base/str.h"
#include "frugal/base/thread_pool.h"

namespace frugal {

namespace {
// The value of the first line "key<spaces>: value", among the first few thousand lines.
std::string value_of(const std::filesystem::path& path, std::string_view key) {
  std::ifstream file(path);
  std::string line;
  for (int i = 0; i < 4096 && std::getline(file, line); ++i) {
    const std::size_t colon = line.find(':');
    if (colon == std::string::npos || trim(std::string_view(line).substr(0, colon)) != key)
      continue;
    return printable(trim(std::string_view(line).substr(colon + 1)), 120);
  }
  return {};
}
}  // namespace

Machine this_machine(const std::filesystem::path& root) {
  Machine machine;
  machine.processor = value_of(root / "proc/cpuinfo", "model name");
  machine.cpus = usable_cpus();
  const std::string memory = value_of(root / "proc/meminfo", "MemTotal");
  const auto kib = parse_int(memory.substr(0, memory.find(' ')));
  if (kib && *kib > 0) machine.memory_bytes = static_cast<std::uint64_t>(*kib) * 1024;
  utsname names{};
  if (uname(&names) == 0) machine.kernel = str("{} {}", names.sysname, names.release);
  return machine;
}

std::string to_line(const Machine& machine) {
  return to_line(Json{{"processor", machine.processor},
                      {"cpus", machine.cpus},
                      {"memory_bytes", machine.memory_bytes},
                      {"kernel", machine.kernel}});
}

}  // namespace frugal
