#include "frugal/meter/cpu_time.h"

#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <system_error>
#include <vector>

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

// Numbers of a file like "12 345 6 ", at most as many as fit a page of memory.
std::vector<pid_t> children_in(const std::filesystem::path& file) {
  constexpr std::size_t kMostBytes = 4096;
  std::vector<pid_t> children;
  const SmallFile list = read_prefix(file, kMostBytes);
  if (!list.text) return children;
  for (const std::string_view word : split(*list.text, ' ')) {
    const auto number = parse_int(word);
    if (number && *number > 0) children.push_back(static_cast<pid_t>(*number));
  }
  return children;
}

std::vector<pid_t> children_of(pid_t process) {
  std::vector<pid_t> children;
  std::error_code gone;  // it may end while we look
  std::filesystem::directory_iterator task(str("/proc/{}/task", process), gone);
  for (; !gone && task != std::filesystem::directory_iterator(); task.increment(gone)) {
    for (const pid_t child : children_in(task->path() / "children")) children.push_back(child);
  }
  return children;
}

// utime + stime + cutime + cstime of /proc/PID/stat, fields 14 to 17.
double ticks_of(pid_t process) {
  constexpr std::size_t kMostBytes = 1024;
  const SmallFile stat = read_prefix(str("/proc/{}/stat", process), kMostBytes);
  if (!stat.text) return 0.0;  // it has ended
  const std::string_view text = *stat.text;
  const std::size_t name_end = text.rfind(')');  // names may hold anything
  if (name_end == std::string_view::npos) return 0.0;
  constexpr std::size_t kFirst = 12;  // words before utime, behind the name
  const auto words = split(text.substr(name_end + 1), ' ');
  double ticks = 0.0;
  for (std::size_t i = kFirst; i < std::min(words.size(), kFirst + 4); ++i) {
    ticks += static_cast<double>(parse_int(words[i]).value_or(0));
  }
  return ticks;
}

// Of all descendants that have not been waited for.
Seconds living_seconds() {
  constexpr std::size_t kMost = 4096;  // a tree may grow while it is walked
  static const auto ticks_per_second = static_cast<double>(sysconf(_SC_CLK_TCK));
  std::vector<pid_t> found = children_of(getpid());
  double ticks = 0.0;
  for (std::size_t i = 0; i < found.size() && i < kMost; ++i) {
    ticks += ticks_of(found[i]);
    for (const pid_t child : children_of(found[i])) found.push_back(child);
  }
  return Seconds(ticks / ticks_per_second);
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
  // What has been waited for is read first: a process that ends in between is then missing for a
  // moment, never counted twice.
  const auto read = [latest = Seconds(0.0)]() mutable -> std::optional<Seconds> {
    const auto ended = usage_seconds();
    if (!ended) return std::nullopt;
    latest = std::max(latest, *ended + living_seconds());
    return latest;
  };
  return {.description = "this process and all that it started",
          .read = read,
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
