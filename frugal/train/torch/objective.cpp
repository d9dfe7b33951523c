#include "frugal/train/torch/objective.h"

#include <ATen/core/grad_mode.h>

#include <filesystem>
#include <utility>

#include "frugal/base/error.h"
#include "frugal/base/str.h"
#include "frugal/model/huggingface.h"
#include "frugal/train/torch/loss.h"

namespace frugal::train {

namespace {

std::uint64_t count_right(const Tensor& scores, const Tensor& targets) {
  const at::NoGradGuard no_gradient;
  return static_cast<std::uint64_t>(scores.argmax(-1).eq(targets).sum().item<std::int64_t>());
}

/// Scores that are one choice: all tokens, or the classes of one group.
struct Slice {
  std::int64_t first = 0;
  std::int64_t count = -1;  ///< -1: all
  Tensor targets;           ///< int64 [n]
};

std::vector<Slice> token_slice(const Inputs& inputs) {
  return {{.first = 0,
           .count = -1,
           .targets = inputs.targets.masked_select(inputs.targets.ne(kNoTarget))}};
}

std::vector<Slice> label_slices(const Batch& batch, const std::vector<LabelGroup>& labels,
                                const Inputs& inputs) {
  const std::vector<std::int64_t> flat(batch.labels.begin(), batch.labels.end());
  const Tensor targets = to_device(flat, inputs.tokens.device())
                             .view({static_cast<std::int64_t>(batch.documents.size()),
                                    static_cast<std::int64_t>(labels.size())});
  std::vector<Slice> slices;
  std::int64_t first = 0;
  for (std::size_t g = 0; g < labels.size(); ++g) {
    const auto count = static_cast<std::int64_t>(labels[g].classes.size());
    slices.push_back({first, count, targets.select(1, static_cast<std::int64_t>(g))});
    first += count;
  }
  return slices;
}

// A classifier reads the first row of each document.
Tensor first_rows(const Batch& batch, const at::Device& device) {
  std::vector<std::int64_t> firsts;
  for (const PlacedDocument& document : batch.documents) {
    firsts.push_back(static_cast<std::int64_t>((document.row * batch.length) + document.begin));
  }
  return to_device(firsts, device);
}

// A teacher answers what the student is asked: the next token, or so many classes.
void check_answers(const model::Model& teacher, const std::filesystem::path& path,
                   const std::vector<LabelGroup>& labels) {
  const std::size_t wanted = model::label_names(labels).size();
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
                     std::vector<LabelGroup> labels, double exit_weight)
    : student_(student), recipe_(recipe), labels_(std::move(labels)), exit_weight_(exit_weight) {
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

Objective::Answers Objective::ask(const Network& network, const Inputs& inputs,
                                  const Tensor& places) const {
  Answers out;
  const auto ask_exit = [&](std::size_t layer, const Tensor& x) {
    if (&network != &student_ || network.model().layers[layer].exit_norm.empty()) return;
    out.exits.push_back(network.exit_logits(layer, x.index_select(0, places)));
  };
  out.states = network.hidden(inputs, ask_exit).index_select(0, places);
  out.scores = labels_.empty() ? network.logits(out.states) : network.classify(out.states);
  return out;
}

// hard * cross entropy + (1 - hard) * distance from the teachers' mean probabilities
Tensor Objective::mixed(const Tensor& hard, const Tensor& scores,
                        const std::vector<Tensor>& taught) const {
  if (taught.empty()) return hard;
  Tensor sum;
  for (const Tensor& one : taught) {
    const Tensor probabilities = at::softmax(one.to(at::kFloat) / recipe_.temperature, -1);
    sum = sum.defined() ? sum + probabilities : probabilities;
  }
  const Tensor soft =
      distillation_sum(scores, sum / static_cast<double>(taught.size()), recipe_.temperature);
  return recipe_.hard * hard + (1.0 - recipe_.hard) * soft;
}

Loss Objective::measure(const Batch& batch, std::size_t teachers) const {
  const Inputs inputs = inputs_of(batch, student_.device());
  const std::vector<Slice> slices =
      labels_.empty() ? token_slice(inputs) : label_slices(batch, labels_, inputs);
  const Tensor places = labels_.empty() ? inputs.targets.ne(kNoTarget).nonzero().view(-1)
                                        : first_rows(batch, student_.device());
  const Answers own = ask(student_, inputs, places);
  std::vector<Answers> taught;
  {
    const at::NoGradGuard no_gradient;
    for (std::size_t i = 0; i < teachers; ++i) {
      taught.push_back(ask(*teachers_[i], inputs, places));
    }
  }
  Loss loss;
  for (const Slice& slice : slices) {
    const auto part_of = [&](const Tensor& all) {
      return all.narrow(1, slice.first, slice.count < 0 ? all.size(1) : slice.count);
    };
    const Tensor scores = part_of(own.scores);
    std::vector<Tensor> soft;
    for (const Answers& one : taught) soft.push_back(part_of(one.scores));
    const Tensor hard = cross_entropy_sum(scores, slice.targets);
    loss.hard += hard.item<double>();
    loss.targets += static_cast<std::uint64_t>(slice.targets.numel());
    loss.right += count_right(scores, slice.targets);
    const Tensor part = mixed(hard, scores, soft);
    loss.total = loss.total.defined() ? loss.total + part : part;
  }
  for (const Tensor& scores : own.exits) {  // decoders alone have exits: one slice of all tokens
    const Tensor& targets = slices.front().targets;
    std::vector<Tensor> soft;
    for (const Answers& one : taught) soft.push_back(one.scores);
    const Tensor hard = cross_entropy_sum(scores, targets);
    loss.exits.push_back({hard.item<double>(), count_right(scores, targets)});
    loss.total = loss.total + exit_weight_ * mixed(hard, scores, soft);
  }
  if (recipe_.hidden > 0.0) {
    for (const Answers& one : taught) {
      loss.total = loss.total + recipe_.hidden * cosine_distance_sum(own.states, one.states);
    }
  }
  return loss;
}

}  // namespace frugal::train
