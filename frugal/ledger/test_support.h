#pragma once

/// What the tests of this folder share: a folder of their own, child processes, sample records.

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <string>

#include "frugal/base/error.h"
#include "frugal/ledger/ledger.h"
#include "tests/support/temp_folder.h"

namespace frugal::ledger::testing {

namespace fs = std::filesystem;

/// A test with a folder of its own, removed afterwards.
class FolderTest : public ::testing::Test {
 protected:
  [[nodiscard]] fs::path at(const std::string& name) const { return folder_ / name; }
  [[nodiscard]] fs::path file() const { return at("ledger.sqlite"); }

  test::TempFolder folder_;
};

/// What `body` throws; a failed test when it throws nothing.
inline Error fault_of(const std::function<void()>& body) {
  try {
    body();
  } catch (const Error& fault) {
    return fault;
  }
  ADD_FAILURE() << "nothing was thrown";
  return {ErrorKind::kInvalidArgument, "nothing was thrown"};
}

inline constexpr int kFaultCode = 50;   ///< child status of an Error, plus its kind
inline constexpr int kStillRoot = 77;   ///< child status when it could not give up root's rights
inline constexpr int kOtherFault = 99;  ///< child status of any other exception

/// Starts a process that runs `body` and leaves without unwinding.
inline pid_t start_child(const std::function<int()>& body) {
  const pid_t child = ::fork();
  if (child != 0) return child;
  int status = kOtherFault;
  try {
    status = body();
  } catch (const Error& fault) {
    status = kFaultCode + static_cast<int>(fault.kind());
  } catch (...) {
    status = kOtherFault;
  }
  ::_exit(status);
}

/// The exit status of a child, -1 when a signal ended it.
inline int wait_for(pid_t child) {
  int status = 0;
  if (::waitpid(child, &status, 0) != child || !WIFEXITED(status)) return -1;
  return WEXITSTATUS(status);
}

inline int in_child(const std::function<int()>& body) {
  return wait_for(start_child(body));
}

/// Root may write anywhere: become someone else, in a child only.
inline bool give_up_root() {
  return ::geteuid() != 0 || ::setuid(65534) == 0;
}

inline std::string bytes_of(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

inline void put_bytes(const fs::path& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary) << bytes;
}

inline RunInfo sample_info(const std::string& verb = "bench") {
  return {.verb = verb,
          .command = "frugal " + verb + " m.gguf",
          .model = "m.gguf",
          .plan = "Q8_0, 2 threads",
          .settings = R"({"isa":"avx2","seed":1})",
          .machine = R"({"cpus":2})",
          .version = "0.1.0"};
}

inline meter::Reading sample_reading(const std::string& domain, double energy) {
  return {.domain = domain,
          .boundary = meter::Boundary::kHost,
          .quality = meter::Quality::kDerived,
          .energy = Joules(energy),
          .uncertainty = Joules(energy / 3.0),
          .time = Seconds(1.0 / 7.0),
          .note = "wide"};
}

/// A receipt in which every number differs.
inline account::Receipt sample_receipt() {
  account::Receipt receipt;
  receipt.total = sample_reading("all", 12.3);
  std::uint64_t next = 1;
  for (const Phase phase : kAllPhases) {
    account::Share& energy = receipt.phases[static_cast<std::size_t>(phase)];
    energy.energy = Joules(static_cast<double>(next++) / 3.0);
    energy.uncertainty = Joules(static_cast<double>(next++) / 9.0);
    PhaseWork& work = receipt.work[phase];
    work.prompt_tokens = next++;
    work.cached_tokens = next++;
    work.output_tokens = next++;
    work.rejected_tokens = next++;
    work.layers_skipped = next++;
    work.recomputed_tokens = next++;
    work.rejected_time = Seconds(static_cast<double>(next++) / 7.0);
    work.recomputed_time = Seconds(static_cast<double>(next++) / 7.0);
    for (std::uint64_t& count : work.cost.ops) count = next++;
    for (std::uint64_t& count : work.cost.bytes) count = next++;
    work.time = Seconds(static_cast<double>(next++) / 7.0);
  }
  receipt.rejected = {Joules(1.0 / 11.0), Joules(1.0 / 13.0)};
  receipt.recomputed = {Joules(2.0 / 11.0), Joules(2.0 / 13.0)};
  std::vector<Seconds> layers;
  for (int i = 0; i < 12; ++i) {
    receipt.layers.push_back({Joules(i / 17.0), Joules(i / 19.0)});
    layers.emplace_back(i / 23.0);
  }
  receipt.work.add_layers(layers);
  return receipt;
}

}  // namespace frugal::ledger::testing
