#include "frugal/meter/cpu_time.h"

#include <sys/resource.h>
#include <unistd.h>

#include <array>
#include <cstddef>
#include <cstdint>

#include "frugal/base/str.h"
#include "frugal/meter/small_file.h"

namespace frugal::meter {

namespace {

Seconds seconds(const timeval& time) {
  return Seconds(static_cast<double>(time.tv_sec) + 1e-6 * static_cast<double>(time.tv_usec));
}

std::optional<Seconds> usage_seconds() {
  rusage self{};
  rusage children{};
  if (getrusage(RUSAGE_SELF, &self) != 0) return std::nullopt;
  if (getrusage(RUSAGE_CHILDREN, &children) != 0) return std::nullopt;
  return seconds(self.ru_utime) + seconds(self.ru_stime) + seconds(children.ru_utime) +
         seconds(children.ru_stime);
}

/// Ticks in the line "cpu  user nice system idle iowait irq softirq steal …".
std::optional<double> busy_ticks(std::string_view line) {
  constexpr std::array<bool, 7> kBusy = {true, true, true, false, false, true, true};
  if (!line.starts_with("cpu ")) return std::nullopt;
  double busy = 0.0;
  std::size_t column = 0;
  for (const std::string_view word : split(line.substr(4), ' ')) {
    if (word.empty()) continue;  // two spaces follow "cpu"
    if (column == kBusy.size()) break;
    const auto ticks = parse_int(word);
    if (!ticks || *ticks < 0) return std::nullopt;
    if (kBusy[column++]) busy += static_cast<double>(*ticks);
  }
  return column == kBusy.size() ? std::optional(busy) : std::nullopt;
}

}  // namespace

CpuTimeSource process_cpu_time() {
  return {.description = "this process and its waited-for children",
          .read = usage_seconds,
          .resolution = Seconds(0.001)};
}

CpuTimeSource machine_cpu_time(const std::filesystem::path& root) {
  const std::filesystem::path file = root / "proc" / "stat";
  const auto ticks_per_second = static_cast<double>(sysconf(_SC_CLK_TCK));
  const auto read = [file, ticks_per_second]() -> std::optional<Seconds> {
    constexpr std::size_t kFirstLine = 512;
    const SmallFile stat = read_prefix(file, kFirstLine);
    if (!stat.text) return std::nullopt;
    const std::string_view text = *stat.text;
    const std::size_t end = text.find('\n');
    if (end == std::string_view::npos) return std::nullopt;  // cut off: the last number is unsure
    const auto busy = busy_ticks(text.substr(0, end));
    if (!busy) return std::nullopt;
    return Seconds(*busy / ticks_per_second);
  };
  return {.description = str("all processors ({})", file.string()),
          .read = read,
          .resolution = Seconds(1.0 / ticks_per_second)};
}

}  // namespace frugal::meter
