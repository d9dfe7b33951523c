#include "frugal/cli/ranks.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <string_view>
#include <thread>
#include <utility>

#include "frugal/base/atomic_file.h"
#include "frugal/base/clock.h"
#include "frugal/base/error.h"
#include "frugal/base/str.h"

namespace frugal::cli {

namespace {

constexpr const char* kLauncher = "FRUGAL_LAUNCHER";
constexpr auto kPoll = std::chrono::milliseconds(20);
constexpr double kGraceSeconds = 2.0;

/// The variables by which a launcher tells a process its place.
struct Launcher {
  const char* rank;
  const char* count;
  const char* local_rank;
  const char* local_count;
};
constexpr std::array kLaunchers = {
    Launcher{"RANK", "WORLD_SIZE", "LOCAL_RANK", "LOCAL_WORLD_SIZE"},
    Launcher{"OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_SIZE", "OMPI_COMM_WORLD_LOCAL_RANK",
             "OMPI_COMM_WORLD_LOCAL_SIZE"},
    Launcher{"PMI_RANK", "PMI_SIZE", "MPI_LOCALRANKID", "MPI_LOCALNRANKS"},
    // Not SLURM_NTASKS: a batch script has it too, outside of any srun.
    Launcher{"SLURM_PROCID", "SLURM_STEP_NUM_TASKS", "SLURM_LOCALID", "SLURM_STEP_TASKS_PER_NODE"},
};

const Launcher* launcher_of(const Environment& environment) {
  for (const Launcher& one : kLaunchers) {
    if (environment(one.rank) && environment(one.count)) return &one;
  }
  return nullptr;
}

std::size_t number(const Environment& environment, const char* name, std::int64_t least,
                   std::int64_t most) {
  const std::string text = environment(name).value_or("");
  const auto value = parse_int(text);
  if (!value || *value < least || *value > most) {
    throw Error(ErrorKind::kInvalidArgument, str("{}='{}', expected a number from {} to {}", name,
                                                 printable(text), least, most));
  }
  return static_cast<std::size_t>(*value);
}

/// The environment of this process with some variables set.
class ChangedEnvironment {
 public:
  explicit ChangedEnvironment(const std::vector<std::pair<std::string, std::string>>& changes) {
    for (char** at = environ; *at != nullptr; ++at) {
      const std::string_view entry = *at;
      const std::string_view name = entry.substr(0, entry.find('='));
      bool changed = false;
      for (const auto& change : changes) changed = changed || change.first == name;
      if (!changed) lines_.emplace_back(entry);
    }
    for (const auto& [name, value] : changes) lines_.push_back(name + "=" + value);
  }
  [[nodiscard]] std::vector<char*> pointers() {
    std::vector<char*> out;
    for (std::string& line : lines_) out.push_back(line.data());
    out.push_back(nullptr);
    return out;
  }

 private:
  std::vector<std::string> lines_;
};

/// How a child starts: in its own process group, its stdout into a pipe, with usual signals.
class SpawnPlan {
 public:
  explicit SpawnPlan(int stdout_pipe) {
    posix_spawn_file_actions_init(&actions_);
    posix_spawn_file_actions_addopen(&actions_, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&actions_, stdout_pipe, STDOUT_FILENO);
    posix_spawnattr_init(&attributes_);
    sigset_t usual;
    sigemptyset(&usual);
    sigaddset(&usual, SIGXFSZ);
    posix_spawnattr_setsigdefault(&attributes_, &usual);
    posix_spawnattr_setpgroup(&attributes_, 0);
    posix_spawnattr_setflags(&attributes_, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGDEF);
  }
  ~SpawnPlan() {
    posix_spawn_file_actions_destroy(&actions_);
    posix_spawnattr_destroy(&attributes_);
  }
  SpawnPlan(const SpawnPlan&) = delete;
  SpawnPlan& operator=(const SpawnPlan&) = delete;

  [[nodiscard]] pid_t spawn(const std::vector<std::string>& words,
                            const std::vector<char*>& environment) const {
    std::vector<char*> arguments;
    for (const std::string& word : words) arguments.push_back(const_cast<char*>(word.c_str()));
    arguments.push_back(nullptr);
    pid_t process = 0;
    const int fault = ::posix_spawnp(&process, words[0].c_str(), &actions_, &attributes_,
                                     arguments.data(), environment.data());
    if (fault != 0) throw frugal::system_error(fault, words[0], "cannot start");
    return process;
  }

 private:
  posix_spawn_file_actions_t actions_{};
  posix_spawnattr_t attributes_{};
};

std::string all_of(int descriptor) {
  std::string out;
  std::array<char, 4096> chunk{};
  ssize_t got = 0;
  while ((got = ::read(descriptor, chunk.data(), chunk.size())) > 0) {
    out.append(chunk.data(), static_cast<std::size_t>(got));
  }
  return std::string(trim(out));
}

}  // namespace

Environment process_environment() {
  return [](const std::string& name) -> std::optional<std::string> {
    const char* value = std::getenv(name.c_str());
    return value == nullptr ? std::nullopt : std::optional<std::string>(value);
  };
}

std::optional<train::Ranks> ranks_of(const Environment& environment) {
  constexpr std::int64_t kMost = 1 << 16;
  const Launcher* launcher = launcher_of(environment);
  if (launcher == nullptr) return std::nullopt;
  train::Ranks out;
  out.count = number(environment, launcher->count, 1, kMost);
  out.rank = number(environment, launcher->rank, 0, static_cast<std::int64_t>(out.count) - 1);
  out.local_rank = out.rank;
  if (environment(launcher->local_rank)) {
    out.local_rank = number(environment, launcher->local_rank, 0, kMost);
  }
  out.address = environment("MASTER_ADDR").value_or(out.address);
  if (environment("MASTER_PORT")) {
    constexpr std::int64_t kMostPort = std::numeric_limits<std::uint16_t>::max();
    out.port = static_cast<std::uint16_t>(number(environment, "MASTER_PORT", 1, kMostPort));
  }
  out.interface = environment("GLOO_SOCKET_IFNAME").value_or("");
  return out;
}

// Slurm counts as in "2(x3),1": here the first number is good enough.
std::size_t local_ranks(const Environment& environment, const train::Ranks& ranks) {
  const Launcher* launcher = launcher_of(environment);
  const std::string text =
      launcher == nullptr ? "" : environment(launcher->local_count).value_or("");
  const auto value = parse_int(std::string_view(text).substr(0, text.find_first_of("(,")));
  if (value && *value >= 1) return static_cast<std::size_t>(*value);
  const bool here = ranks.address == "localhost" || ranks.address.starts_with("127.");
  return here ? ranks.count : 1;
}

bool launcher_lives(const Environment& environment) {
  const auto process = parse_int(environment(kLauncher).value_or(""));
  return process && *process == ::getppid();
}

RankChildren::~RankChildren() {
  finish(kGraceSeconds);
}

void RankChildren::start(const std::vector<std::string>& words, std::size_t count,
                         std::uint16_t port) {
  FRUGAL_CHECK(!words.empty());
  for (std::size_t rank = 1; rank < count; ++rank) {
    std::array<int, 2> pipe{};
    if (::pipe2(pipe.data(), O_CLOEXEC) != 0) {
      throw Error(ErrorKind::kIo, str("{}: {}", words[0], std::strerror(errno)));
    }
    children_.push_back({.rank = rank, .words = pipe[0], .running = false, .last_words = {}});
    ChangedEnvironment environment({{"RANK", str("{}", rank)},
                                    {"WORLD_SIZE", str("{}", count)},
                                    {"LOCAL_RANK", str("{}", rank)},
                                    {"LOCAL_WORLD_SIZE", str("{}", count)},
                                    {"MASTER_ADDR", "127.0.0.1"},
                                    {"MASTER_PORT", str("{}", port)},
                                    {kLauncher, str("{}", ::getpid())}});
    try {
      children_.back().process = SpawnPlan(pipe[1]).spawn(words, environment.pointers());
    } catch (...) {
      ::close(pipe[1]);
      throw;
    }
    ::close(pipe[1]);
    children_.back().running = true;
  }
}

void RankChildren::reap() {
  for (Child& child : children_) {
    if (!child.running) continue;
    const pid_t ended = ::waitpid(child.process, &child.status, WNOHANG);
    if (ended == 0 || (ended < 0 && errno == EINTR)) continue;
    child.running = false;
    child.last_words = all_of(child.words);
  }
}

bool RankChildren::running() const {
  bool any = false;
  for (const Child& child : children_) any = any || child.running;
  return any;
}

void RankChildren::check() {
  reap();
  for (const Child& child : children_) {
    if (child.running) continue;
    const std::string why = faults();
    throw Error(ErrorKind::kIo, str("rank {} ended before the run began, expected it to come{}{}",
                                    child.rank, why.empty() ? "" : ": ", why));
  }
}

void RankChildren::finish(double seconds) {
  const Seconds start = monotonic_now();
  for (reap(); running(); reap()) {
    if ((monotonic_now() - start).value() > seconds) {
      for (Child& child : children_) {
        if (child.running && !child.killed) ::kill(child.process, SIGKILL);
        child.killed = child.killed || child.running;
      }
    }
    std::this_thread::sleep_for(kPoll);
  }
  for (Child& child : children_) {
    if (child.words >= 0) ::close(std::exchange(child.words, -1));
  }
}

std::string RankChildren::faults() const {
  std::string out;
  const auto add = [&out](const std::string& one) { out += out.empty() ? one : "; " + one; };
  for (const Child& child : children_) {
    if (child.running || child.killed || child.process == 0) continue;
    if (WIFSIGNALED(child.status)) {
      add(str("rank {} was ended by signal {}", child.rank, WTERMSIG(child.status)));
    } else if (!child.last_words.empty()) {
      add(str("rank {} said: {}", child.rank, child.last_words));
    }
  }
  return out;
}

}  // namespace frugal::cli
