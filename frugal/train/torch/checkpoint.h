#pragma once

/// Private to this folder: a training run on disk, so that it can be killed.

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "frugal/train/packer.h"
#include "frugal/train/schedule.h"
#include "frugal/train/torch/network.h"
#include "frugal/train/torch/optimizer.h"

namespace frugal::train {

/// What a run knows besides its tensors.
struct RunState {
  std::uint64_t step = 0;
  std::uint64_t tokens = 0;
  double seconds = 0.0;
  double loss = 0.0;
  double validation = 0.0;  ///< NaN: none yet
  PackerState data;
  ScheduleState schedule;
  std::string recipe;  ///< fingerprint of what must not change between runs
};

/// Checkpoints of one run: a GGUF file each (the parameters in float32 under their own names, the
/// network's memory likewise, the optimizer's as "state.<what>.<name>", the rest as "train.…"
/// keys), of which the latest two are kept.  A file appears whole or not at all, and carries a
/// checksum.
class Checkpoints {
 public:
  explicit Checkpoints(std::filesystem::path folder) : folder_(std::move(folder)) {}

  /// `further` tensors are stored under their own names.
  /// Errors: those of write_gguf; what was there before stays.
  void save(const Network& network, Optimizer& optimizer, const RunState& state,
            const std::vector<Parameter>& further = {}) const;

  /// Puts the latest whole checkpoint into network and optimizer; a damaged one is passed over and
  /// told in `notes`.  Of `further`, what the file lacks stays as it is.  False when there is none.
  /// Errors: kCorrupt when there are checkpoints and all are damaged; kInvalidArgument for one of
  ///         another recipe or shape.
  bool load(Network& network, Optimizer& optimizer, RunState& state,
            std::vector<std::string>& notes, const std::vector<Parameter>& further = {}) const;

  void remove_all() const;

 private:
  [[nodiscard]] std::vector<std::filesystem::path> newest_first() const;

  std::filesystem::path folder_;
};

}  // namespace frugal::train
