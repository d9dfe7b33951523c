#include "frugal/train/torch/objective.h"

#include <filesystem>
#include <utility>

#include "frugal/base/error.h"
#include "frugal/base/str.h"
#include "frugal/model/huggingface.h"
#include "frugal/train/torch/loss.h"

namespace frugal::train {

namespace {

Tensor positions_of(const std::vector<std::int64_t>& rows, const at::Device& device) {
  const Tensor out = at::empty({static_cast<std::int64_t>(rows.size())}, at::kLong);
  std::copy(rows.begin(), rows.end(), out.data_ptr<std::int64_t>());
  return out.to(device);
}

std::uint64_t count_right(const Tensor& scores, const Tensor& targets) {
  const at::NoGradGuard no_gradient;
  return static_cast<std::uint64_t>(scores.argmax(-1).eq(targets).sum().item<std::int64_t>());
}

// A teacher answers what the student is asked: the next token, or so many classes.
void check_answers(const model::Model& teacher, const std::filesystem::path& path,
                   const std::vector<LabelGroup>& labels) {
  const std::size_t wanted = label_names(labels).size();
  if (wanted == 0 && teacher.output.weight.empty()) {
    throw Error(ErrorKind::kInvalidArgument,
                str("{}: a teacher without an output matrix, expected one that scores tokens",
                    path.string()));
  }
  const std::size_t classes = teacher.classifier ? teacher.classifier->output.weight.rows : 0;
  if (wanted > 0 && classes != wanted) {
    throw Error(ErrorKind::kInvalidArgument,
                str("{}: a teacher of {} classes for a student of {}, expected the same ones",
                    path.string(), classes, wanted));
  }
}

}  // namespace

Objective::Objective(const Network& student, const DistillRecipe& recipe,
                     std::vector<LabelGroup> labels)
    : student_(student), recipe_(recipe), labels_(std::move(labels)) {
  const model::Config& own = student.model().config;
  for (const std::filesystem::path& path : recipe_.teachers) {
    teachers_.push_back(std::make_unique<Network>(model::open_tensors(path), student.device()));
    const model::Config& config = teachers_.back()->model().config;
    if (config.vocab_size != own.vocab_size) {
      throw Error(ErrorKind::kInvalidArgument,
                  str("{}: a teacher of {} tokens for a student of {}, expected one vocabulary",
                      path.string(), config.vocab_size, own.vocab_size));
    }
    if (recipe_.hidden > 0.0 && config.embedding != own.embedding) {
      throw Error(ErrorKind::kInvalidArgument,
                  str("{}: a teacher of width {} for a student of {}, expected one width where "
                      "'distill.hidden' compares them",
                      path.string(), config.embedding, own.embedding));
    }
    check_answers(teachers_.back()->model(), path, labels_);
  }
}

Tensor Objective::soft_target(const std::vector<Tensor>& scores) const {
  Tensor sum;
  for (const Tensor& one : scores) {
    const Tensor probabilities = at::softmax(one.to(at::kFloat) / recipe_.temperature, -1);
    sum = sum.defined() ? sum + probabilities : probabilities;
  }
  return sum / static_cast<double>(scores.size());
}

Loss Objective::of(const Batch& batch) const {
  const Inputs inputs = inputs_of(batch, student_.device());
  return labels_.empty() ? of_tokens(inputs) : of_labels(batch, inputs);
}

Loss Objective::of_tokens(const Inputs& inputs) const {
  const Tensor places = inputs.targets.ne(kNoTarget).nonzero().view(-1);
  const Tensor targets = inputs.targets.index_select(0, places);
  const Tensor hidden = student_.hidden(inputs).index_select(0, places);
  const Tensor logits = student_.logits(hidden);
  const Tensor hard = cross_entropy_sum(logits, targets);
  Loss loss{.total = hard,
            .hard = hard.item<double>(),
            .targets = static_cast<std::uint64_t>(targets.numel()),
            .right = count_right(logits, targets)};
  if (teachers_.empty()) return loss;

  std::vector<Tensor> scores;
  std::vector<Tensor> states;
  {
    const at::NoGradGuard no_gradient;
    for (const auto& teacher : teachers_) {
      states.push_back(teacher->hidden(inputs).index_select(0, places));
      scores.push_back(teacher->logits(states.back()));
    }
  }
  loss.total =
      recipe_.hard * hard +
      (1.0 - recipe_.hard) * distillation_sum(logits, soft_target(scores), recipe_.temperature);
  if (recipe_.hidden > 0.0) {
    for (const Tensor& state : states) {
      loss.total = loss.total + recipe_.hidden * cosine_distance_sum(hidden, state);
    }
  }
  return loss;
}

// The classifier reads the first row of each document; a group of classes is a slice of its scores.
Loss Objective::of_labels(const Batch& batch, const Inputs& inputs) const {
  std::vector<std::int64_t> firsts;
  for (const PlacedDocument& document : batch.documents) {
    firsts.push_back(static_cast<std::int64_t>((document.row * batch.length) + document.begin));
  }
  const Tensor places = positions_of(firsts, student_.device());
  const std::vector<std::int64_t> flat(batch.labels.begin(), batch.labels.end());
  const auto groups = static_cast<std::int64_t>(labels_.size());
  const Tensor labels = positions_of(flat, student_.device()).view({-1, groups});
  FRUGAL_CHECK(labels.size(0) == places.size(0));
  const Tensor hidden = student_.hidden(inputs).index_select(0, places);
  const Tensor scores = student_.classify(hidden);
  std::vector<Tensor> taught;
  {
    const at::NoGradGuard no_gradient;
    for (const auto& teacher : teachers_) {
      taught.push_back(teacher->classify(teacher->hidden(inputs).index_select(0, places)));
    }
  }
  Loss loss;
  std::int64_t first = 0;
  for (std::size_t g = 0; g < labels_.size(); ++g) {
    const auto count = static_cast<std::int64_t>(labels_[g].classes.size());
    const auto slice = [&](const Tensor& all) { return all.narrow(1, first, count); };
    const Tensor targets = labels.select(1, static_cast<std::int64_t>(g));
    Tensor part = cross_entropy_sum(slice(scores), targets);
    loss.hard += part.item<double>();
    loss.targets += static_cast<std::uint64_t>(targets.numel());
    loss.right += count_right(slice(scores), targets);
    if (!taught.empty()) {
      std::vector<Tensor> slices;
      for (const Tensor& all : taught) slices.push_back(slice(all));
      part = recipe_.hard * part + (1.0 - recipe_.hard) * distillation_sum(slice(scores),
                                                                           soft_target(slices),
                                                                           recipe_.temperature);
    }
    loss.total = loss.total.defined() ? loss.total + part : part;
    first += count;
  }
  return loss;
}

}  // namespace frugal::train
