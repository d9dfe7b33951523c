#include "frugal/cli/child.h"

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>

#include "frugal/base/atomic_file.h"
#include "frugal/base/error.h"
#include "frugal/base/str.h"

// The child reports a failed exec through a pipe that a successful exec closes.
//
// The signals that ask to end are held back from before the fork until we know whom to pass them
// on to, so that none is lost between.  The child ignores what we were started to ignore (`nohup`)
// and nothing else: exec would hand down also what we ignore for our own ends.

namespace frugal::cli {

namespace {

constexpr std::array kEndings = {SIGINT, SIGQUIT, SIGTERM, SIGHUP};

volatile std::sig_atomic_t child_process = 0;

void pass_on(int number) {
  if (child_process > 0) ::kill(static_cast<pid_t>(child_process), number);
}

// For as long as it lives, we leave SIGINT and SIGQUIT to the child, which the terminal sends them
// to as well, and pass on SIGTERM and SIGHUP unless they are ignored.
class EndingsForChild {
 public:
  EndingsForChild() {
    sigset_t endings;
    sigemptyset(&endings);
    for (const int number : kEndings) sigaddset(&endings, number);
    ::pthread_sigmask(SIG_BLOCK, &endings, &mask_before_);
    for (std::size_t i = 0; i < kEndings.size(); ++i) {
      sigaction(kEndings[i], nullptr, &before_[i]);
      if (before_[i].sa_handler == SIG_IGN) continue;
      struct sigaction action {};
      const bool of_terminal = kEndings[i] == SIGINT || kEndings[i] == SIGQUIT;
      action.sa_handler = of_terminal ? SIG_IGN : pass_on;
      sigaction(kEndings[i], &action, nullptr);
    }
  }
  ~EndingsForChild() {
    child_process = 0;
    restore();
  }
  EndingsForChild(const EndingsForChild&) = delete;
  EndingsForChild& operator=(const EndingsForChild&) = delete;

  void let_through() const { ::pthread_sigmask(SIG_SETMASK, &mask_before_, nullptr); }

  // In the child: what we ignored when we were started stays ignored, the rest is as usual.
  void become_usual() const {
    restore();
    for (std::size_t i = 0; i < kEndings.size(); ++i) {
      if (before_[i].sa_handler != SIG_IGN) std::signal(kEndings[i], SIG_DFL);
    }
    std::signal(SIGXFSZ, SIG_DFL);
    let_through();
  }

 private:
  void restore() const {
    for (std::size_t i = 0; i < kEndings.size(); ++i) sigaction(kEndings[i], &before_[i], nullptr);
  }

  sigset_t mask_before_{};
  std::array<struct sigaction, kEndings.size()> before_{};
};

[[noreturn]] void become(const std::vector<std::string>& words, int fault_pipe) {
  std::vector<char*> arguments;
  for (const std::string& word : words) arguments.push_back(const_cast<char*>(word.c_str()));
  arguments.push_back(nullptr);
  ::execvp(arguments[0], arguments.data());
  const int fault = errno;
  (void)!::write(fault_pipe, &fault, sizeof fault);
  ::_exit(127);
}

int wait_for(pid_t child) {
  int status = 0;
  while (::waitpid(child, &status, 0) < 0) {
    if (errno != EINTR) {
      throw Error(ErrorKind::kIo, str("waiting for the command: {}", std::strerror(errno)));
    }
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

}  // namespace

int run_child(const std::vector<std::string>& words) {
  FRUGAL_CHECK(!words.empty());
  std::array<int, 2> fault_pipe{};
  if (::pipe2(fault_pipe.data(), O_CLOEXEC) != 0) {
    throw Error(ErrorKind::kIo, str("{}: {}", words[0], std::strerror(errno)));
  }
  EndingsForChild endings;
  const pid_t child = ::fork();
  if (child == 0) {
    endings.become_usual();
    become(words, fault_pipe[1]);
  }
  const int fork_fault = errno;
  child_process = child;
  endings.let_through();
  ::close(fault_pipe[1]);
  if (child < 0) {
    ::close(fault_pipe[0]);
    throw Error(ErrorKind::kIo, str("{}: {}", words[0], std::strerror(fork_fault)));
  }
  int fault = 0;
  ssize_t got = 0;
  do {
    got = ::read(fault_pipe[0], &fault, sizeof fault);
  } while (got < 0 && errno == EINTR);  // a signal that was passed on
  const bool failed = got == sizeof fault;
  ::close(fault_pipe[0]);
  const int code = wait_for(child);
  if (failed) throw frugal::system_error(fault, words[0], "cannot start");
  return code;
}

OrphanKeeper::OrphanKeeper() {
  ::prctl(PR_GET_CHILD_SUBREAPER, &before_);
  ::prctl(PR_SET_CHILD_SUBREAPER, 1);
}

OrphanKeeper::~OrphanKeeper() {
  ::prctl(PR_SET_CHILD_SUBREAPER, before_);
}

// The member function belongs to the keeper: without one there are no orphans to wait for.
// NOLINTNEXTLINE(readability-convert-member-functions-to-static)
bool OrphanKeeper::reap() const {
  while (true) {
    const pid_t ended = ::waitpid(-1, nullptr, WNOHANG);
    if (ended < 0 && errno == EINTR) continue;
    if (ended <= 0) return ended == 0;
  }
}

}  // namespace frugal::cli
