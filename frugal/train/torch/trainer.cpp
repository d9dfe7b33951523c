#include "frugal/train/torch/trainer.h"

#include <ATen/Parallel.h>
#include <ATen/autocast_mode.h>
#include <ATen/core/grad_mode.h>
#include <torch/csrc/api/include/torch/cuda.h>
#include <torch/csrc/autograd/autograd.h>
#include <torch/version.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <set>
#include <utility>

#include "frugal/base/clock.h"
#include "frugal/base/error.h"
#include "frugal/base/str.h"
#include "frugal/model/huggingface.h"
#include "frugal/model/layer_subset.h"
#include "frugal/model/tensor_names.h"
#include "frugal/tensor/dtype.h"
#include "frugal/train/blank.h"
#include "frugal/train/exits.h"
#include "frugal/train/torch/keep_zeros.h"
#include "frugal/train/torch/rounding.h"
#include "frugal/train/torch/scores.h"
#include "frugal/train/vocabulary.h"
#include "frugal/train/vocabulary_metadata.h"

namespace frugal::train {

namespace {

constexpr double kNoValidation = std::numeric_limits<double>::quiet_NaN();
// Steps over which the speed that people see is averaged.
constexpr double kSpeedMemory = 0.9;

OptimizerOptions options_of(const OptimizerRecipe& recipe) {
  const auto rule = rule_from_name(recipe.rule);
  if (!rule) {
    throw Error(ErrorKind::kInvalidArgument,
                str("optimizer.rule '{}', expected one that docs/training.md names",
                    printable(recipe.rule)));
  }
  return {.rule = *rule,
          .rate = recipe.rate,
          .momentum = recipe.momentum,
          .beta1 = recipe.beta1,
          .beta2 = recipe.beta2,
          .epsilon = recipe.epsilon,
          .decay = recipe.decay,
          .muon_rate = recipe.muon_rate};
}

at::Device device_of(const std::string& name, std::size_t local_rank) {
  const bool cuda = at::hasCUDA();
  if (name == "cpu" || (name == "auto" && !cuda)) return {at::kCPU};
  if (name != "auto" && name != "cuda") {
    throw Error(ErrorKind::kInvalidArgument,
                str("device '{}', expected auto, cpu or cuda", printable(name)));
  }
  if (!cuda) {
    throw Error(ErrorKind::kUnsupported, "device cuda: this LibTorch or machine has none");
  }
  const auto devices = static_cast<std::size_t>(torch::cuda::device_count());
  return {at::kCUDA, static_cast<at::DeviceIndex>(local_rank % std::max<std::size_t>(devices, 1))};
}

/// Lets LibTorch choose bfloat16 where that is safe, for the life of the object.
class Autocast {
 public:
  Autocast(bool on, const at::Device& device) : on_(on), cuda_(device.is_cuda()) {
    if (on_) set(true);
  }
  ~Autocast() {
    if (!on_) return;
    at::autocast::clear_cache();
    set(false);
  }
  Autocast(const Autocast&) = delete;
  Autocast& operator=(const Autocast&) = delete;

 private:
  void set(bool enabled) const {
#if TORCH_VERSION_MAJOR >= 2
    const auto type = cuda_ ? at::kCUDA : at::kCPU;
    at::autocast::set_autocast_dtype(type, at::kBFloat16);
    at::autocast::set_autocast_enabled(type, enabled);
#else
    if (cuda_) {
      at::autocast::set_autocast_gpu_dtype(at::kBFloat16);
      at::autocast::set_enabled(enabled);
    } else {
      at::autocast::set_autocast_cpu_dtype(at::kBFloat16);
      at::autocast::set_cpu_enabled(enabled);
    }
#endif
  }
  bool on_;
  bool cuda_;
};

std::vector<Slot> slots_of(Network& network) {
  std::vector<Slot> slots;
  for (Parameter& parameter : network.parameters()) {
    if (parameter.value.requires_grad()) slots.push_back({parameter.name, parameter.value, {}});
  }
  return slots;
}

// What must be equal for a checkpoint to be of the same run.
std::string fingerprint(const Recipe& r, const Network& network, const TokenStore& data) {
  const model::Config& c = network.model().config;
  std::string out = str("{} {} layers {} width {} vocabulary {} from '{}' rounded '{}'",
                        c.architecture, network.parameter_count(), c.layers, c.embedding,
                        c.vocab_size, r.model.from.string(), r.round_to);
  for (const std::size_t layer : r.model.keep) out += str(" layer {}", layer);
  out += str(" | {} documents, {} tokens, {} targets in {} x {} x {}", data.documents(),
             data.tokens(), data.targets(), r.data.rows, r.data.length, r.data.accumulate);
  out += str(" | {} seed {}", r.optimizer.rule, r.seed);
  for (const std::size_t layer : r.exits.layers) out += str(" exit {}", layer);
  if (r.l0.target < 1.0) out += str(" l0 {}", r.l0.target);
  if (r.model.keep_zeros) out += " zeros kept";
  for (const std::filesystem::path& teacher : r.distill.teachers) out += " " + teacher.string();
  return out;
}

}  // namespace

Trainer::Trainer(const Recipe& recipe, const TrainOptions& options)
    : recipe_(recipe),
      options_(options),
      parallel_(recipe.parallel, options.ranks),
      device_(device_of(recipe.device, options.ranks.local_rank)),
      schedule_(recipe.schedule),
      checkpoints_(recipe.output) {
  at::set_num_threads(static_cast<int>(options.threads));
  if (recipe_.cache.empty()) recipe_.cache = recipe_.output;
  std::filesystem::create_directories(recipe_.output / "events");
  parallel_.leader_first([this] {
    prepare_model();
    prepare_data();
  });
  optimizer_.emplace(options_of(recipe_.optimizer), slots_of(*network_));
  parallel_.attach(*optimizer_);
  objective_.emplace(*network_, recipe_.distill, labels_, recipe_.exits.weight);
  state_.validation = kNoValidation;
  state_.recipe = fingerprint(recipe_, *network_, *train_data_);
}

ProgressFn Trainer::stage() {
  return [this](const ProgressUpdate& update) {
    report({.stage = std::string(update.stage), .step = update.done, .steps = update.total});
  };
}

// One rank that stopped by itself would leave the others waiting.
void Trainer::report(const TrainProgress& progress) {
  if (!options_.progress) return;
  if (parallel_.alone() || !in_loop_) return options_.progress(progress);
  try {
    options_.progress(progress);
  } catch (...) {
    wish_ = std::current_exception();
  }
}

void Trainer::prepare_model() {
  labels_ = find_labels(recipe_.data);
  std::shared_ptr<const format::TensorFile> file;
  const ModelRecipe& from = recipe_.model;
  if (!from.from.empty()) {
    file = model::open_tensors(from.from);
    if (!from.keep.empty()) file = model::keep_layers(file, from.keep);
  } else {
    Shape shape = from.shape;
    shape.labels = model::label_names(labels_);
    file = blank_model(shape, vocabulary(), recipe_.seed);
  }
  file = with_exits(std::move(file), recipe_.exits.layers);
  network_ = std::make_unique<Network>(std::move(file), device_);
  if (from.keep_zeros) network_->look_through(zeros_kept(*network_));
  if (recipe_.l0.target < 1.0 && !parallel_.alone()) {
    throw Error(ErrorKind::kInvalidArgument,
                str("l0.target {} in {} ranks, expected a single process: gates are not exchanged",
                    recipe_.l0.target, parallel_.ranks()));
  }
  if (recipe_.l0.target < 1.0) gates_ = std::make_unique<Gates>(*network_, recipe_.l0);
  if (!recipe_.round_to.empty()) round_matrices(dtype_from_name(recipe_.round_to).value());
  if (!network_->model().tokenizer) {
    (void)model::load_tokenizer(*network_->model().file);  // says why it cannot be used
  }
  if (labels_.empty()) return;
  const auto& classifier = network_->model().classifier;
  if (!classifier || model::groups_of(classifier->labels) != labels_) {
    throw Error(ErrorKind::kInvalidArgument,
                str("{}: its classifier has other classes than the training data, expected the "
                    "same ones",
                    from.from.string()));
  }
}

// Rows that are no multiple of the block stay as they are, as they do when a file is rounded.
void Trainer::round_matrices(DType type) {
  std::set<std::string, std::less<>> names;
  for (const format::TensorInfo& info : network_->model().file->tensors()) {
    if (model::is_rounded(info) && row_bytes(type, info.cols())) names.insert(info.name);
  }
  network_->look_through(
      [names = std::move(names), type](const std::string& name, const Tensor& value) {
        return names.contains(name) ? rounded(value, type) : value;
      });
}

const std::vector<std::filesystem::path>& Trainer::vocabulary_texts() const {
  const auto& named = recipe_.model.vocabulary_texts;
  return named.empty() ? recipe_.data.train : named;
}

// Learning one takes a minute, so it is kept beside the checkpoints.
format::Metadata Trainer::vocabulary() {
  const ModelRecipe& from = recipe_.model;
  if (!from.vocabulary.empty()) return format::TensorFile::open(from.vocabulary)->metadata();
  const std::filesystem::path kept = recipe_.cache / "vocabulary.gguf";
  const std::string made_of =
      str("{} of {} tokens{}{}\n{}", from.shape.architecture, from.vocabulary_size,
          from.spaces_apart ? " spaces apart" : "", from.digits_apart ? "" : " digits joined",
          state_of_files(vocabulary_texts()));
  if (std::filesystem::exists(kept)) {
    format::Metadata metadata = format::TensorFile::open(kept)->metadata();
    if (metadata.get_string("train.made_of") == made_of) return metadata;
  }
  stage()({.stage = "learn vocabulary"});
  format::Metadata metadata;
  metadata.set("general.architecture", from.shape.architecture);
  metadata.set("train.made_of", made_of);
  write_vocabulary(learn_vocabulary(), metadata);
  format::write_gguf(kept, metadata, {});
  return metadata;
}

text::Vocabulary Trainer::learn_vocabulary() const {
  std::vector<std::string> texts;
  read_documents(recipe_.data, vocabulary_texts(), [&](const RawDocument& document) {
    for (const text::ChatPiece& piece : document.pieces) texts.push_back(piece.text);
  });
  const TextSource source = [&texts, next = std::size_t{0}]() mutable {
    return next < texts.size() ? std::optional(texts[next++]) : std::nullopt;
  };
  const auto size = static_cast<std::uint32_t>(recipe_.model.vocabulary_size);
  if (recipe_.model.shape.architecture == "bert") {
    return learn_word_pieces(source, {.size = size}).vocabulary;
  }
  return learn_subwords(source, {.size = size,
                                 .spaces_apart = recipe_.model.spaces_apart,
                                 .digits_apart = recipe_.model.digits_apart})
      .vocabulary;
}

void Trainer::prepare_data() {
  const auto& tokenizer = *network_->model().tokenizer;
  const auto open = [&](const DataRecipe& recipe, const std::vector<std::filesystem::path>& files,
                        std::string_view name) {
    return tokenise(recipe, files, tokenizer, labels_, recipe_.cache / name, stage());
  };
  train_data_ = open(recipe_.data, recipe_.data.train, "train.tokens");
  train_ = std::make_unique<Packer>(train_data_, packing());
  if (recipe_.data.validation.empty()) return;
  DataRecipe judged = recipe_.data;
  judged.everyone = false;  // what counts in the end is what the assistant writes
  validation_data_ = open(judged, recipe_.data.validation, "validation.tokens");
}

PackerOptions Trainer::packing() const {
  return {.packing = labels_.empty() ? Packing::kCausal : Packing::kPadded,
          .length = static_cast<std::uint32_t>(recipe_.data.length),
          .rows = static_cast<std::uint32_t>(recipe_.data.rows),
          .seed = recipe_.seed,
          .rank = static_cast<std::uint32_t>(parallel_.rank()),
          .ranks = static_cast<std::uint32_t>(parallel_.ranks())};
}

TrainOutcome Trainer::run() {
  if (!options_.scores.empty()) return score();
  TrainOutcome outcome;
  const bool resumed = resume(outcome);
  if (parallel_.leads()) {
    events_.emplace(recipe_.output / "events", static_cast<std::int64_t>(state_.step));
  }
  in_loop_ = true;
  try {
    loop(resumed);
    finish(outcome);
  } catch (const LostRanks& lost) {
    throw LostRanks(str("{}: {}; {}", recipe_.name, lost.what(), keep_latest_meeting()));
  } catch (const Error&) {
    throw;  // what is wrong now must not become the latest checkpoint
  } catch (...) {
    if (step_whole_ && parallel_.alone()) save_checkpoint();
    throw;
  }
  return outcome;
}

bool Trainer::resume(TrainOutcome& outcome) {
  bool resumed = false;
  if (parallel_.leads()) {
    if (options_.fresh) checkpoints_.remove_all();
    resumed = checkpoints_.load(*network_, *optimizer_, state_, outcome.notes, parallel_.memory());
  }
  resumed = parallel_.start(*network_, *optimizer_, state_, resumed, run_name());
  if (resumed) {
    outcome.resumed_at = state_.step;
    train_->seek(state_.data);
    schedule_.restore(state_.schedule);
    if (gates_) gates_->resume(state_.step);
  }
  state_.data = train_->state();
  state_.schedule = schedule_.state();
  common_ = state_;
  return resumed;
}

// What must be equal on all ranks, so that they meet at the same steps.
std::string Trainer::run_name() const {
  const ParallelRecipe& p = recipe_.parallel;
  return str("{} steps, validated every {}, {} {} {} buckets {} every {} sharded {} | {}",
             recipe_.steps, recipe_.validate_every, p.compress, p.top_share, p.rank, p.bucket_mb,
             p.every, p.shard_optimizer, state_.recipe);
}

void Trainer::loop(bool resumed) {
  Seconds saved = monotonic_now();
  // Sharded memory is lost with a rank: then there must be a checkpoint to go back to.
  bool due = parallel_.sharded() && !resumed;
  while (state_.step < recipe_.steps) {
    step();
    due = due || (monotonic_now() - saved).value() > 60.0 * recipe_.checkpoint_minutes;
    if (!parallel_.met()) continue;
    const auto asked = parallel_.sums({wish_ ? 1.0 : 0.0, due && parallel_.leads() ? 1.0 : 0.0});
    const bool stop = asked[0] > 0.0;
    if (stop || asked[1] > 0.0) {
      save_checkpoint();
      saved = monotonic_now();
      due = false;
    }
    if (wish_) std::rethrow_exception(wish_);
    if (stop) {
      throw LostRanks(str("{}: another rank asked to stop, expected steps up to {}",
                          parallel_.name(), recipe_.steps));
    }
  }
}

// What becomes of a run whose other ranks are gone.
std::string Trainer::keep_latest_meeting() {
  if (!parallel_.leads()) return "rank 0 keeps what was learned";
  if (parallel_.sharded()) return "the latest checkpoint stays";
  parallel_.restore();
  checkpoints_.save(*network_, *optimizer_, common_, parallel_.memory());
  return str("step {} is kept, the same command goes on from there", common_.step);
}

void Trainer::finish(TrainOutcome& outcome) {
  save_checkpoint();
  outcome.model = recipe_.output / (recipe_.name + ".gguf");
  if (parallel_.leads()) {
    format::Metadata further;
    further.set("general.name", recipe_.name);
    const auto type = dtype_from_name(recipe_.type);
    network_->save(outcome.model, type.value_or(DType::kF16), further);
  }
  outcome.steps = state_.step;
  outcome.tokens = state_.tokens;
  outcome.parameters = static_cast<std::uint64_t>(network_->parameter_count());
  outcome.skipped_documents = train_->skipped().too_long;
  outcome.loss = state_.loss;
  if (std::isfinite(state_.validation)) outcome.validation = state_.validation;
  outcome.time = Seconds(state_.seconds);
  outcome.communication = parallel_.so_far();
  if (!gates_) return;
  const KeptGates kept = gates_->kept();
  outcome.notes.push_back(
      str("gates: {} of {} channels and {} of {} heads stay, {:.1f} % of their weights (target "
          "{:.1f} %)",
          kept.channels, kept.all_channels, kept.heads, kept.all_heads, 100.0 * kept.share,
          100.0 * recipe_.l0.target));
}

// What weights are worth, without a step.
TrainOutcome Trainer::score() {
  const Seconds start = monotonic_now();
  Scores scores(*network_);
  TrainOutcome outcome;
  outcome.model = options_.scores;
  while (scores.batches() < recipe_.score_batches) {
    at::manual_seed(recipe_.seed * 1'000'003 + scores.batches());
    const Batch batch = train_->next();
    optimizer_->zero_gradients();
    outcome.loss = backward(batch, targets_of(batch));
    scores.add();
    outcome.tokens += batch.token_count;
    stage()({.stage = "score", .done = scores.batches(), .total = recipe_.score_batches});
  }
  scores.save(options_.scores);
  outcome.steps = scores.batches();
  outcome.parameters = static_cast<std::uint64_t>(network_->parameter_count());
  outcome.skipped_documents = train_->skipped().too_long;
  outcome.time = monotonic_now() - start;
  return outcome;
}

std::uint64_t Trainer::targets_of(const Batch& batch) const {
  return labels_.empty() ? batch.target_count : batch.labels.size();
}

void Trainer::save_checkpoint() {
  parallel_.before_checkpoint();
  if (parallel_.leads()) {
    checkpoints_.save(*network_, *optimizer_, state_, parallel_.memory());
  }
  parallel_.after_checkpoint();
}

void Trainer::step() {
  step_whole_ = false;
  const Seconds start = monotonic_now();
  // What is random in a step depends on its number alone, so that a resumed run repeats it.
  at::manual_seed(recipe_.seed * 1'000'003 + state_.step);
  std::vector<Batch> batches;
  Parallel::Counts own;
  for (std::size_t i = 0; i < recipe_.data.accumulate; ++i) {
    batches.push_back(train_->next());
    own.targets += targets_of(batches.back());
    own.tokens += batches.back().token_count;
  }
  const Parallel::Counts all = parallel_.counts(own);
  optimizer_->zero_gradients();
  double loss = 0.0;
  for (const Batch& batch : batches) {
    if (&batch == &batches.back()) parallel_.before_last_backward();
    loss += backward(batch, all.targets);
  }
  loss = parallel_.after_backward(loss);
  const double norm = clip_gradients(optimizer_->slots(), recipe_.optimizer.clip);
  if (!std::isfinite(loss) || !std::isfinite(norm)) {
    throw Error(ErrorKind::kCorrupt,
                str("{}: step {}: the loss is {} and the gradient's norm {}, expected finite "
                    "numbers (a lower optimizer.rate?); the checkpoints before stay",
                    recipe_.name, state_.step + 1, loss, norm));
  }
  const double factor = schedule_.factor(state_.step);
  optimizer_->step(factor);
  if (gates_) gates_->step(state_.step);
  const auto late = parallel_.finish_step(state_.step + 1, state_.step + 1 == recipe_.steps);
  ++state_.step;
  state_.loss = loss;
  state_.tokens += all.tokens + static_cast<std::uint64_t>(late);
  const double seconds = (monotonic_now() - start).value();
  state_.seconds += seconds;
  const double speed = static_cast<double>(all.tokens) / seconds;
  speed_ = speed_ == 0.0 ? speed : (kSpeedMemory * speed_) + ((1.0 - kSpeedMemory) * speed);
  state_.data = train_->state();
  step_whole_ = true;
  tell(factor * recipe_.optimizer.rate, norm);
  if (parallel_.met()) common_ = state_;
}

double Trainer::backward(const Batch& batch, std::uint64_t targets) {
  Loss loss;
  {
    const Autocast autocast(recipe_.bfloat16, device_);
    loss = objective_->of(batch);
  }
  const Tensor mean = loss.total / static_cast<double>(targets);
  Tensor whole = mean;
  if (gates_) {
    whole = whole + gates_->penalty(state_.step) / static_cast<double>(recipe_.data.accumulate);
  }
  torch::autograd::backward({whole}, {});
  return mean.item<double>();
}

void Trainer::tell(double rate, double norm) {
  TrainProgress progress{.stage = "train",
                         .step = state_.step,
                         .steps = recipe_.steps,
                         .loss = state_.loss,
                         .rate = rate,
                         .gradient_norm = norm,
                         .tokens = state_.tokens,
                         .tokens_per_s = speed_,
                         .communication = parallel_.so_far()};
  validation_due_ = validation_due_ ||
                    (recipe_.validate_every > 0 &&
                     (state_.step % recipe_.validate_every == 0 || state_.step == recipe_.steps));
  if (validation_due_ && validation_data_ && parallel_.met()) {
    validation_due_ = false;
    const Validation measured = validate();
    progress.validation = measured.loss;
    progress.accuracy = measured.accuracy;
    progress.exits = measured.exits;
    state_.validation = measured.loss;
    schedule_.observe(measured.loss);
    state_.schedule = schedule_.state();
  }
  if (events_) write_events(progress);
  report(progress);
}

void Trainer::write_events(const TrainProgress& progress) {
  const auto number = [](double value) { return static_cast<float>(value); };
  std::vector<Scalar> scalars = {{"loss/train", number(progress.loss)},
                                 {"optimizer/rate", number(progress.rate)},
                                 {"optimizer/gradient_norm", number(progress.gradient_norm)},
                                 {"speed/tokens_per_s", number(progress.tokens_per_s)}};
  if (progress.validation) scalars.push_back({"loss/validation", number(*progress.validation)});
  if (progress.accuracy) scalars.push_back({"accuracy/validation", number(*progress.accuracy)});
  for (const ExitFigures& exit : progress.exits) {
    scalars.push_back({str("loss/exit_{}", exit.layer), number(exit.loss)});
    scalars.push_back({str("accuracy/exit_{}", exit.layer), number(exit.accuracy)});
  }
  if (progress.communication) {
    const Communication& c = *progress.communication;
    scalars.push_back({"communication/bytes", number(static_cast<double>(c.bytes))});
    scalars.push_back({"communication/seconds", number(c.time.value())});
  }
  events_->add(static_cast<std::int64_t>(progress.step), scalars);
}

Trainer::Validation Trainer::validate() {
  const at::NoGradGuard no_gradient;
  Packer packer(validation_data_, packing());
  double sum = 0.0;
  std::uint64_t targets = 0;
  std::uint64_t right = 0;
  std::vector<ExitLoss> exits(network_->model().exits().size());
  while (packer.state().epoch == 0) {
    const Autocast autocast(recipe_.bfloat16, device_);
    const Loss loss = objective_->untaught(packer.next());
    sum += loss.hard;
    targets += loss.targets;
    right += loss.right;
    for (std::size_t i = 0; i < exits.size(); ++i) {
      exits[i].hard += loss.exits[i].hard;
      exits[i].right += loss.exits[i].right;
    }
    stage()({.stage = "validate", .done = targets, .total = validation_data_->targets()});
  }
  std::vector<double> own = {sum, static_cast<double>(targets), static_cast<double>(right)};
  for (const ExitLoss& exit : exits) {
    own.insert(own.end(), {exit.hard, static_cast<double>(exit.right)});
  }
  const auto all = parallel_.sums(own);
  Validation out{.loss = all[0] / all[1], .accuracy = all[2] / all[1], .exits = {}};
  for (std::size_t i = 0; i < exits.size(); ++i) {
    out.exits.push_back(
        {network_->model().exits()[i], all[3 + (2 * i)] / all[1], all[4 + (2 * i)] / all[1]});
  }
  return out;
}

}  // namespace frugal::train
