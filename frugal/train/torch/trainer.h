#pragma once

/// Private to this folder: the loop.

#include <exception>
#include <memory>
#include <optional>
#include <vector>

#include "frugal/base/progress.h"
#include "frugal/train/corpus.h"
#include "frugal/train/events.h"
#include "frugal/train/packer.h"
#include "frugal/train/schedule.h"
#include "frugal/train/torch/checkpoint.h"
#include "frugal/train/torch/gates.h"
#include "frugal/train/torch/network.h"
#include "frugal/train/torch/objective.h"
#include "frugal/train/torch/optimizer.h"
#include "frugal/train/torch/parallel.h"
#include "frugal/train/train.h"

namespace frugal::train {

/// One run of one recipe, from data to model.
class Trainer {
 public:
  Trainer(const Recipe& recipe, const TrainOptions& options);
  [[nodiscard]] TrainOutcome run();

 private:
  struct Validation {
    double loss = 0.0;
    double accuracy = 0.0;
    std::vector<ExitFigures> exits;
  };

  void prepare_model();
  [[nodiscard]] format::Metadata vocabulary();
  [[nodiscard]] text::Vocabulary learn_vocabulary() const;
  [[nodiscard]] const std::vector<std::filesystem::path>& vocabulary_texts() const;
  void round_matrices(DType type);
  void prepare_data();
  [[nodiscard]] PackerOptions packing() const;
  [[nodiscard]] ProgressFn stage();
  TrainOutcome score();
  void report(const TrainProgress& progress);
  bool resume(TrainOutcome& outcome);
  [[nodiscard]] std::string run_name() const;
  void loop(bool resumed);
  [[nodiscard]] std::string keep_latest_meeting();
  void step();
  [[nodiscard]] std::uint64_t targets_of(const Batch& batch) const;
  double backward(const Batch& batch, std::uint64_t targets);
  void tell(double rate, double norm);
  void write_events(const TrainProgress& progress);
  [[nodiscard]] Validation validate();
  void save_checkpoint();
  void finish(TrainOutcome& outcome);

  Recipe recipe_;
  TrainOptions options_;
  Parallel parallel_;
  at::Device device_;
  std::vector<LabelGroup> labels_;
  std::unique_ptr<Network> network_;
  std::unique_ptr<Gates> gates_;  ///< null: none
  std::shared_ptr<const TokenStore> train_data_;
  std::shared_ptr<const TokenStore> validation_data_;
  std::unique_ptr<Packer> train_;
  std::optional<Optimizer> optimizer_;
  std::optional<Objective> objective_;
  Schedule schedule_;
  Checkpoints checkpoints_;
  RunState state_;   ///< after the latest whole step
  RunState common_;  ///< after the latest meeting of all ranks
  std::optional<EventFile> events_;
  double speed_ = 0.0;           ///< tokens per second, lately
  bool step_whole_ = false;      ///< the latest step was taken in full
  bool validation_due_ = false;  ///< as soon as all ranks meet
  bool in_loop_ = false;
  std::exception_ptr wish_;  ///< to stop, which all ranks must hear of first
};

}  // namespace frugal::train
