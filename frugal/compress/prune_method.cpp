#include "frugal/compress/prune_method.h"

#include <algorithm>
#include <array>

#include "frugal/base/error.h"
#include "frugal/base/str.h"
#include "frugal/model/tensor_names.h"

namespace frugal::compress {

namespace {

struct Named {
  PruneBy by;
  std::string_view name;
};

constexpr std::array<Named, 3> kNames = {Named{PruneBy::kMagnitude, "magnitude"},
                                         Named{PruneBy::kWanda, "wanda"},
                                         Named{PruneBy::kSparseGpt, "sparsegpt"}};

constexpr double kLargestWeight = 1e30;  // its root times any weight is a float

bool is_matrix(const format::TensorInfo& tensor) {
  return model::is_rounded(tensor) && tensor.dims.size() == 2;
}

void check_threshold(PruneBy by, const Sparsity& sparsity) {
  if (sparsity.below == 0.0F || by == PruneBy::kMagnitude) return;
  throw Error(ErrorKind::kInvalidArgument,
              str("sparsity '{}': a threshold is for magnitude, expected a part or N:M for {}",
                  to_text(sparsity), name(by)));
}

}  // namespace

std::optional<PruneBy> prune_by_name(std::string_view name) {
  for (const Named& each : kNames) {
    if (each.name == name) return each.by;
  }
  return std::nullopt;
}

std::string_view name(PruneBy by) {
  return std::find_if(kNames.begin(), kNames.end(),
                      [by](const Named& each) { return each.by == by; })
      ->name;
}

PruneMethod::PruneMethod(const format::TensorFile& file, PruneOptions options)
    : options_(std::move(options)) {
  check_threshold(options_.by, options_.sparsity);
  for (const SparsityRule& rule : options_.rules) {
    check_threshold(options_.by, rule.sparsity);
    const bool used =
        std::any_of(file.tensors().begin(), file.tensors().end(), [&](const auto& tensor) {
          return is_matrix(tensor) && rule.pattern.found_in(tensor.name);
        });
    if (used) continue;
    throw Error(ErrorKind::kInvalidArgument,
                str("{}: '{}' says the sparsity of no matrix, expected an expression found in "
                    "one's name",
                    file.path(), printable(rule.pattern.pattern())));
  }
  const bool some = std::any_of(
      file.tensors().begin(), file.tensors().end(),
      [&](const auto& tensor) { return is_matrix(tensor) && !sparsity_of(tensor).none(); });
  if (some) return;
  throw Error(
      ErrorKind::kInvalidArgument,
      str("{}: no number of any matrix would become 0, expected a sparsity above 0", file.path()));
}

Sparsity PruneMethod::sparsity_of(const format::TensorInfo& tensor) const {
  for (const SparsityRule& rule : options_.rules) {
    if (rule.pattern.found_in(tensor.name)) return rule.sparsity;
  }
  return tensor.name.starts_with("blk.") ? options_.sparsity : Sparsity{};
}

std::string PruneMethod::key() const {
  std::string key = str("{} {}", name(options_.by), to_text(options_.sparsity));
  for (const SparsityRule& rule : options_.rules) {
    key += str(" [{}={}]", rule.pattern.pattern(), to_text(rule.sparsity));
  }
  return key;
}

Sums PruneMethod::sums() const {
  if (options_.by == PruneBy::kMagnitude) return Sums::kNone;
  return options_.by == PruneBy::kWanda ? Sums::kSquares : Sums::kProducts;
}

bool PruneMethod::takes(const format::TensorInfo& tensor, DType to) const {
  if (!is_matrix(tensor) || sparsity_of(tensor).none()) return false;
  if (holds_zero(to)) return true;
  throw Error(
      ErrorKind::kInvalidArgument,
      str("tensor '{}': {} has no exact 0 to prune to, expected f32, f16, bf16, q8_0, q6_k, "
          "q5_0, q4_0 or q3_k",
          printable(tensor.name), name(to)));
}

std::uint64_t PruneMethod::bytes_to_learn(std::size_t cols) const {
  if (options_.by == PruneBy::kSparseGpt) return ErrorFeedback::bytes_of(cols);
  return cols * sizeof(float);
}

std::uint64_t PruneMethod::bytes_to_make(const format::TensorInfo& tensor, DType to) const {
  return bytes_to_prune(tensor.rows(), tensor.cols(), to);
}

bool PruneMethod::learn(SecondMoments moments, ThreadPool& pool) {
  weights_.clear();
  if (options_.by == PruneBy::kSparseGpt) {
    feedback_ = make_feedback(moments, pool);
    return feedback_.has_value();
  }
  for (const double square : moments.squares) {
    weights_.push_back(static_cast<float>(std::min(square / moments.count, kLargestWeight)));
  }
  return options_.by == PruneBy::kMagnitude ||
         std::any_of(weights_.begin(), weights_.end(), [](float value) { return value > 0.0F; });
}

MadeMatrix PruneMethod::make(const kernels::Kernels& kernels, ThreadPool& pool,
                             const format::TensorInfo& tensor, const Rows& rows) {
  const Sparsity sparsity = sparsity_of(tensor);
  PrunedMatrix pruned = feedback_ ? prune_fed_back(kernels, pool, rows, sparsity, *feedback_)
                                  : prune(kernels, pool, rows, tensor.cols(),
                                          {.sparsity = sparsity, .weights = weights_});
  MadeMatrix made{.record = {.fed_back = pruned.fed_back,
                             .loss_plain = pruned.loss_plain,
                             .loss_fed_back = pruned.loss_fed_back,
                             .zeros = pruned.zeros},
                  .stored = std::move(pruned.stored)};
  if (feedback_) {
    made.record.damping = feedback_->damping;
    made.record.dead = feedback_->dead;
  } else {
    made.record.dead =
        static_cast<std::uint64_t>(std::count(weights_.begin(), weights_.end(), 0.0F));
  }
  return made;
}

}  // namespace frugal::compress
