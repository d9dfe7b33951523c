/// The idea.
///
/// Autograd writes the gradient of a leaf in its AccumulateGrad node, once per backward, and calls
/// that node's hooks behind it.  Gradients are views into buckets, in the reverse order of the
/// parameters, which is about the order in which backward arrives at them: so the first bucket is
/// full when most of backward is still to be done, and Gloo's threads send it beside the rest.
///
/// A collective is known to the other ranks only by its place in the order of calls.  Two ranks may
/// fill buckets in different orders; therefore bucket i is sent only after bucket i - 1.  What no
/// gradient arrived for (a parameter that a batch did not use) is sent by `finish`.

#include "frugal/train/torch/gradient_sync.h"

#include <ATen/core/grad_mode.h>
#include <torch/csrc/autograd/function.h>
#include <torch/csrc/autograd/utils/lambda_post_hook.h>
#include <torch/csrc/autograd/variable.h>

#include <utility>

namespace frugal::train {

Exchange::Exchange(Communicator& communicator, const ParallelRecipe& recipe,
                   const std::vector<Slot>& slots)
    : communicator_(communicator), buckets_(make_buckets(slots, recipe.bucket_mb << 20)) {
  for (const Bucket& bucket : buckets_) {
    compressors_.push_back(make_compressor(recipe, communicator_, bucket));
  }
}

void Exchange::begin_next() {
  const at::NoGradGuard no_gradient;
  const Communicator::Clock clock(communicator_);
  compressors_[begun_++]->begin();
}

void Exchange::finish() {
  const at::NoGradGuard no_gradient;
  const Communicator::Clock clock(communicator_);
  while (begun_ < buckets_.size()) begin_next();
  begun_ = 0;
  std::vector<Compressor*> open;
  for (const auto& compressor : compressors_) open.push_back(compressor.get());
  while (!open.empty()) {
    std::vector<Compressor*> still;
    for (Compressor* compressor : open) {
      if (!compressor->advance()) still.push_back(compressor);
    }
    open = std::move(still);
  }
}

struct GradientSync::Watch {
  GradientSync* owner;
};

GradientSync::GradientSync(Communicator& communicator, const ParallelRecipe& recipe,
                           std::vector<Slot>& slots)
    : exchange_(communicator, recipe, slots), watch_(std::make_shared<Watch>(Watch{this})) {
  using torch::autograd::variable_list;
  using torch::autograd::utils::LambdaPostHook;
  for (std::size_t b = 0; b < exchange_.buckets().size(); ++b) {
    const Bucket& bucket = exchange_.buckets()[b];
    for (std::size_t i = 0; i < bucket.slots.size(); ++i) {
      const Tensor& value = slots[bucket.slots[i]].value;
      value.mutable_grad() = bucket.parts[i];
      auto node = torch::autograd::impl::grad_accumulator(value);
      node->add_post_hook(std::make_unique<LambdaPostHook>(
          [watch = watch_, b](const variable_list& outputs, const variable_list& /*inputs*/) {
            if (watch->owner != nullptr) watch->owner->arrived(b);
            return outputs;
          }));
      hooked_.push_back(std::move(node));
    }
  }
}

GradientSync::~GradientSync() {
  watch_->owner = nullptr;
}

void GradientSync::arm() {
  missing_.clear();
  for (const Bucket& bucket : exchange_.buckets()) missing_.push_back(bucket.slots.size());
  next_ = 0;
  armed_ = true;
}

// A fault waits for `finish`: what autograd makes of an exception in a hook is its own affair.
void GradientSync::arrived(std::size_t bucket) {
  if (!armed_) return;
  --missing_[bucket];
  if (fault_) return;
  try {
    for (; next_ < missing_.size() && missing_[next_] == 0; ++next_) exchange_.begin_next();
  } catch (...) {
    fault_ = std::current_exception();
  }
}

void GradientSync::finish() {
  armed_ = false;
  if (fault_) std::rethrow_exception(std::exchange(fault_, nullptr));
  exchange_.finish();
}

}  // namespace frugal::train
