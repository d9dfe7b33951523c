#pragma once

/// How a model is trained, as a recipe (TOML) says it.

#include <cstdint>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "frugal/train/blank.h"
#include "frugal/train/schedule.h"

namespace frugal::train {

/// Where the model comes from: an existing file, or a shape and a vocabulary.
struct ModelRecipe {
  std::filesystem::path from;        ///< GGUF file or folder; empty: a new model of `shape`
  std::vector<std::size_t> keep;     ///< of `from`: layers to keep, in order; empty: all
  bool keep_zeros = false;           ///< of `from`: weights of its matrices that are 0 stay so
  Shape shape;                       ///< of a new model
  std::filesystem::path vocabulary;  ///< of a new model: GGUF file to take it from, or empty
  std::size_t vocabulary_size = 0;   ///< of a new model without one: tokens to make from the data
  std::vector<std::filesystem::path> vocabulary_texts;  ///< that they are made from; data.train
  bool spaces_apart = false;  ///< of tokens that are made: see SubwordOptions
  bool digits_apart = true;
};

enum class DataKind {
  kConversations,  ///< JSON lines with "messages" and "tools"; what the assistant says is learned
  kText,           ///< plain text; every token is learned
  kLabels,         ///< JSON lines with "text" and one string per key of `labels`
};

struct DataRecipe {
  DataKind kind = DataKind::kConversations;
  std::vector<std::filesystem::path> train;
  std::vector<std::filesystem::path> validation;  ///< empty: none is made
  std::vector<std::string> labels;                ///< kLabels: keys to learn, one class set each
  bool everyone = false;       ///< conversations: users and tools are learned too, in training only
  std::size_t length = 512;    ///< tokens of a row
  std::size_t rows = 8;        ///< rows computed at once
  std::size_t accumulate = 1;  ///< such batches of one step
};

struct OptimizerRecipe {
  std::string rule = "adamw";  ///< sgd, adam, adamw, adagrad or muon
  double rate = 1e-3;
  double momentum = 0.9;
  double beta1 = 0.9;
  double beta2 = 0.95;
  double epsilon = 1e-8;
  double decay = 0.1;
  double muon_rate = 0.02;
  double clip = 1.0;  ///< largest norm of all gradients together; 0: any
};

/// Learning from other models' answers; no teacher: none.
struct DistillRecipe {
  std::vector<std::filesystem::path> teachers;  ///< their probabilities are averaged
  double temperature = 2.0;
  double hard = 0.5;    ///< share of the loss that the data's own targets have
  double hidden = 0.0;  ///< weight of the distance between the last hidden states, of equal width
};

/// Layers after which the model learns to answer already; none: no exits.
struct ExitsRecipe {
  std::vector<std::size_t> layers;  ///< from 0, ascending
  double weight = 0.3;              ///< of each exit's loss, beside the model's own
};

/// Gates that learn which channels and heads are not worth their cost; target 1: none.
struct L0Recipe {
  double target = 1.0;           ///< share of the gated weights to keep
  double initial = 0.95;         ///< how open gates are at first
  double rate = 0.1;             ///< of the gates (Adam)
  double multiplier_rate = 0.1;  ///< of the multipliers that hold the target
  std::uint64_t warmup = 0;      ///< steps over which the target falls from 1
  double temperature = 2.0 / 3.0;
  double low = -0.1;  ///< gates are stretched to [low, high] and cut to [0, 1]
  double high = 1.1;
};

/// How several processes train one model together; without meaning for a single one.
struct ParallelRecipe {
  std::string compress = "none";  ///< of what is exchanged: none, fp16, int8, topk or powersgd
  double top_share = 0.01;        ///< topk: share of the numbers that are sent
  std::size_t rank = 4;           ///< powersgd: of the matrices that are sent
  std::size_t bucket_mb = 4;      ///< MiB of gradients that are sent at once
  std::size_t every = 1;          ///< steps between exchanges; above 1: of parameters (DiLoCo)
  double outer_rate = 0.7;        ///< DiLoCo: of the step over what the ranks agree on
  double outer_momentum = 0.9;
  bool shard_optimizer = false;  ///< each rank keeps its share of the optimizer's memory (ZeRO-1)
};

/// A key of the recipe that a search may choose, and from what.
struct SearchParameter {
  std::string key;  ///< "optimizer.rate"
  double low = 0.0;
  double high = 0.0;
  bool whole = false;                ///< whole numbers only
  bool logarithmic = false;          ///< as many tries between 0.001 and 0.01 as up to 0.1
  std::vector<std::string> choices;  ///< in place of a range
};

/// How `frugal train --search` looks for better settings.
struct SearchRecipe {
  std::string method = "tpe";       ///< grid, random or tpe
  std::uint64_t trials = 20;        ///< at most; a grid ends by itself
  std::uint32_t grid_steps = 3;     ///< values of a range in a grid
  std::string pruner = "median";    ///< none, median or halving: stops what is not worth its joules
  std::uint32_t prune_startup = 4;  ///< median: trials that must have come as far
  double prune_joules = 0.0;        ///< what every trial may spend; halving: the first rung
  std::vector<SearchParameter> parameters;
};

struct Recipe {
  std::string name;  ///< of the model; also of its files
  std::filesystem::path output;
  std::filesystem::path cache;  ///< folder of learned vocabulary and stored tokens; empty: output
  std::uint64_t seed = 1;
  std::uint64_t steps = 0;
  std::uint64_t validate_every = 200;  ///< steps; 0: never
  double checkpoint_minutes = 5.0;
  bool bfloat16 = false;  ///< autocast
  std::string device = "auto";
  std::string type = "f16";  ///< of the matrices in the result
  std::string round_to;      ///< train with the matrices rounded to this block type; empty: as is
  ModelRecipe model;
  DataRecipe data;
  OptimizerRecipe optimizer;
  ScheduleOptions schedule;
  DistillRecipe distill;
  ExitsRecipe exits;
  L0Recipe l0;
  std::uint64_t score_batches = 64;  ///< of a run that scores weights instead of training them
  ParallelRecipe parallel;
  SearchRecipe search;
};

/// Reads a recipe; paths in it are relative to its own folder's project root: the folder the
/// program runs in.  `changes` are "key=value" pairs that replace what the file says.
///
/// Errors: kNotFound, kPermission, kIo; kInvalidArgument with file, line and key for TOML that is
///         none, a key that no recipe has, a value of another type or out of range.
[[nodiscard]] Recipe read_recipe(const std::filesystem::path& path,
                                 const std::vector<std::string>& changes);

}  // namespace frugal::train
