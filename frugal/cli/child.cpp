#include "frugal/cli/child.h"

#include <fcntl.h>
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

namespace frugal::cli {

namespace {

volatile std::sig_atomic_t child_process = 0;

void pass_on(int number) {
  if (child_process > 0) ::kill(static_cast<pid_t>(child_process), number);
}

void set_handler(int number, void (*handler)(int)) {
  struct sigaction action {};
  action.sa_handler = handler;
  sigaction(number, &action, nullptr);
}

[[noreturn]] void become(const std::vector<std::string>& words, int fault_pipe) {
  for (const int number : {SIGINT, SIGQUIT, SIGTERM, SIGHUP}) std::signal(number, SIG_DFL);
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
  const pid_t child = ::fork();
  if (child == 0) become(words, fault_pipe[1]);
  const int fork_fault = errno;
  ::close(fault_pipe[1]);
  if (child < 0) {
    ::close(fault_pipe[0]);
    throw Error(ErrorKind::kIo, str("{}: {}", words[0], std::strerror(fork_fault)));
  }
  // The terminal sends SIGINT to the child as well: it decides, we wait and weigh.
  child_process = child;
  std::signal(SIGINT, SIG_IGN);
  std::signal(SIGQUIT, SIG_IGN);
  set_handler(SIGTERM, pass_on);
  set_handler(SIGHUP, pass_on);
  int fault = 0;
  const bool failed = ::read(fault_pipe[0], &fault, sizeof fault) == sizeof fault;
  ::close(fault_pipe[0]);
  const int code = wait_for(child);
  if (failed) throw frugal::system_error(fault, words[0], "cannot start");
  return code;
}

}  // namespace frugal::cli
