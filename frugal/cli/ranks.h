#pragma once

/// Several processes that train one model: who this one is, and how to start the others.

#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "frugal/train/train.h"

namespace frugal::cli {

/// A variable of the environment, where it is set.
using Environment = std::function<std::optional<std::string>(const std::string& name)>;

[[nodiscard]] Environment process_environment();

/// What torchrun (RANK, WORLD_SIZE, LOCAL_RANK), mpirun (OMPI_COMM_WORLD_RANK or PMI_RANK, …) or
/// srun (SLURM_PROCID, …) says of this process, the first of them that says anything; nothing where
/// it was started alone.  MASTER_ADDR and MASTER_PORT say where rank 0 is, GLOO_SOCKET_IFNAME
/// through which interface.
///
/// Errors: kInvalidArgument, naming the variable, for one that is no number or out of range.
[[nodiscard]] std::optional<train::Ranks> ranks_of(const Environment& environment);
/// Ranks on this machine: what shares its CPUs.
[[nodiscard]] std::size_t local_ranks(const Environment& environment, const train::Ranks& ranks);

/// Whether this process was started by a RankChildren that still lives.
[[nodiscard]] bool launcher_lives(const Environment& environment);

/// The other ranks of a run on this machine, as copies of this program.  They are in a process
/// group of their own, so that Ctrl-C reaches rank 0 alone; what they print on stdout is kept as
/// their last words.  None outlives this object.
///
/// Threads: one at a time.
class RankChildren {
 public:
  RankChildren() = default;
  ~RankChildren();
  RankChildren(const RankChildren&) = delete;
  RankChildren& operator=(const RankChildren&) = delete;

  /// Ranks 1 to count - 1, each `words` in the environment of a rank that finds rank 0 at `port`.
  /// Errors: kIo when no process can be made, kNotFound and kPermission for the program.
  void start(const std::vector<std::string>& words, std::size_t count, std::uint16_t port);
  /// Errors: kIo when one has ended: too early.
  void check();
  /// Waits until all have ended, at most so long; what is left is killed.
  void finish(double seconds);
  /// "rank 1 was ended by signal 9": of those that ended by themselves with a fault; empty: none.
  [[nodiscard]] std::string faults() const;

 private:
  struct Child {
    std::size_t rank = 0;
    pid_t process = 0;
    int words = -1;  ///< the end of its stdout that we read
    bool running = true;
    bool killed = false;  ///< by us
    int status = 0;
    std::string last_words;
  };
  void reap();
  [[nodiscard]] bool running() const;

  std::vector<Child> children_;
};

}  // namespace frugal::cli
