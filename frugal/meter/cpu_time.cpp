#include "frugal/meter/cpu_time.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
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

// Looks at /proc ten times a second for as long as a program runs: no allocation, no directory
// unless a process has several threads.
class Descendants {
 public:
  /// User and system time of all that have not been waited for, and of those that they waited for.
  [[nodiscard]] double ticks() {
    constexpr std::size_t kMost = 4096;  // a tree may grow while it is walked
    found_.clear();
    add_children(getpid(), getpid());  // whoever starts programs here does so on the first thread
    double ticks = 0.0;
    for (std::size_t i = 0; i < found_.size() && i < kMost; ++i) {
      const pid_t process = found_[i];
      const Usage usage = usage_of(process);
      ticks += usage.ticks;
      if (usage.threads == 1) {
        add_children(process, process);
      } else {
        add_children_of_threads(process);
      }
    }
    return ticks;
  }

 private:
  struct Usage {
    double ticks = 0.0;
    std::int64_t threads = 0;
  };

  /// The start of /proc/<process>/<file>; empty for one that has ended.
  std::string_view read(const std::string& path) {
    const int file = open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (file < 0) return {};
    const ssize_t got = ::read(file, text_.data(), text_.size());
    close(file);
    return {text_.data(), got < 0 ? 0 : static_cast<std::size_t>(got)};
  }

  /// The next number of a list with single spaces; nothing at its end.
  static std::optional<std::int64_t> next(std::string_view& list) {
    std::int64_t number = 0;
    const auto [end, fault] = std::from_chars(list.data(), list.data() + list.size(), number);
    if (fault != std::errc()) return std::nullopt;
    const auto length = static_cast<std::size_t>(end - list.data());
    list.remove_prefix(std::min(length + 1, list.size()));
    return number;
  }

  void add_children(pid_t process, pid_t thread) {
    std::string_view list = read(str("/proc/{}/task/{}/children", process, thread));
    while (const auto child = next(list)) found_.push_back(static_cast<pid_t>(*child));
  }

  void add_children_of_threads(pid_t process) {
    std::error_code gone;  // it may end while we look
    std::filesystem::directory_iterator task(str("/proc/{}/task", process), gone);
    for (; !gone && task != std::filesystem::directory_iterator(); task.increment(gone)) {
      const auto thread = parse_int(task->path().filename().string());
      if (thread) add_children(process, static_cast<pid_t>(*thread));
    }
  }

  /// Fields 14 to 17 and 20 of /proc/PID/stat: utime, stime, cutime, cstime; threads.
  Usage usage_of(pid_t process) {
    constexpr std::size_t kBeforeTimes = 10;  // words between the state and utime
    std::string_view stat = read(str("/proc/{}/stat", process));
    const std::size_t name_end = stat.rfind(')');  // names may hold anything
    if (name_end == std::string_view::npos || stat.size() < name_end + 4) return {};
    stat.remove_prefix(name_end + 4);  // ") S "
    std::array<std::int64_t, kBeforeTimes + 7> words{};
    for (std::int64_t& word : words) word = next(stat).value_or(0);
    Usage usage{.threads = words[kBeforeTimes + 6]};
    for (std::size_t i = 0; i < 4; ++i) {
      usage.ticks += static_cast<double>(words[kBeforeTimes + i]);
    }
    return usage;
  }

  std::vector<pid_t> found_;
  std::array<char, 4096> text_{};
};

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
  struct State {
    Descendants living;
    Seconds latest;
  };
  const auto ticks_per_second = static_cast<double>(sysconf(_SC_CLK_TCK));
  const auto read = [state = std::make_shared<State>(),
                     ticks_per_second]() -> std::optional<Seconds> {
    const auto ended = usage_seconds();
    if (!ended) return std::nullopt;
    const Seconds living(state->living.ticks() / ticks_per_second);
    state->latest = std::max(state->latest, *ended + living);
    return state->latest;
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
