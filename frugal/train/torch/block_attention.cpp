#include "frugal/train/torch/block_attention.h"

#include <ATen/Parallel.h>
#include <torch/csrc/autograd/custom_function.h>

#include <algorithm>
#include <limits>

namespace frugal::train {

namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

// What of the batch one task reads and writes: a block, seen by one kv head.
struct Task {
  Block block;
  std::int64_t kv_head = 0;
  std::int64_t group = 0;  // query heads of the kv head

  // [length * group, head_dim], maybe a view: the heads of a group read the same keys, so they are
  // rows of one product.
  [[nodiscard]] Tensor queries(const Tensor& x) const {
    return heads_of(x).reshape({block.length * group, -1});
  }
  [[nodiscard]] Tensor heads_of(const Tensor& x) const {  // [length, group, head_dim]
    return x.narrow(0, block.begin, block.length).narrow(1, kv_head * group, group);
  }
  // [shared_length + length, head_dim]
  [[nodiscard]] Tensor seen(const Tensor& x) const {
    const Tensor head = x.select(1, kv_head);
    const Tensor own = head.narrow(0, block.begin, block.length);
    if (block.shared_length == 0) return own.contiguous();
    return at::cat({head.narrow(0, block.shared_begin, block.shared_length), own});
  }
  // Adds to the rows that `seen` read.
  void add_to_seen(const Tensor& x, const Tensor& part) const {
    const Tensor head = x.select(1, kv_head);
    const std::int64_t shared = block.shared_length;
    if (shared > 0) head.narrow(0, block.shared_begin, shared).add_(part.narrow(0, 0, shared));
    head.narrow(0, block.begin, block.length).add_(part.narrow(0, shared, block.length));
  }
};

struct Shape {
  std::vector<Block> blocks;
  std::int64_t kv_heads = 0;
  std::int64_t group = 0;
  bool causal = false;
  double scale = 1.0;

  [[nodiscard]] std::int64_t tasks() const {
    return static_cast<std::int64_t>(blocks.size()) * kv_heads;
  }
  [[nodiscard]] Task task(std::int64_t index) const {
    return {blocks[static_cast<std::size_t>(index / kv_heads)], index % kv_heads, group};
  }
};

void hide_what_comes_later(const Tensor& scores, const Task& task) {
  const std::int64_t columns = scores.size(1);
  auto* row = scores.data_ptr<float>();
  for (std::int64_t token = 0; token < task.block.length; ++token) {
    for (std::int64_t head = 0; head < task.group; ++head, row += columns) {
      std::fill(row + task.block.shared_length + token + 1, row + columns,
                -std::numeric_limits<float>::infinity());
    }
  }
}

// Runs `work(index)` for all tasks.  Gradients are ours, so that LibTorch records none.
template <class Work>
void for_tasks(std::int64_t count, const Work& work) {
  at::parallel_for(0, count, 1, [&](std::int64_t begin, std::int64_t end) {
    const at::AutoDispatchBelowADInplaceOrView no_gradient;
    for (std::int64_t index = begin; index < end; ++index) work(index);
  });
}

Tensor weigh(const Shape& shape, const Tensor& q, const Tensor& k, const Tensor& v,
             std::vector<Tensor>& probabilities) {
  const Tensor out = at::zeros_like(q);
  probabilities.resize(static_cast<std::size_t>(shape.tasks()));
  for_tasks(shape.tasks(), [&](std::int64_t index) {
    const Task task = shape.task(index);
    const Tensor scores = at::mm(task.queries(q).mul(shape.scale), task.seen(k).t());
    if (shape.causal) hide_what_comes_later(scores, task);
    Tensor& weights = probabilities[static_cast<std::size_t>(index)];
    weights = at::softmax(scores, -1);
    const Tensor to = task.heads_of(out);
    to.copy_(at::mm(weights, task.seen(v)).view(to.sizes()));
  });
  return out;
}

// With P the probabilities and O = P V:  dV = P^T dO,  dP = dO V^T,  dS = P (dP - sum(P dP)),
// dQ = scale dS K,  dK = scale dS^T Q.
variable_list weigh_backward(const Shape& shape, const Tensor& q, const Tensor& k, const Tensor& v,
                             const variable_list& probabilities, const Tensor& d_out) {
  const Tensor d_q = at::zeros_like(q);
  const Tensor d_k = at::zeros_like(k);
  const Tensor d_v = at::zeros_like(v);
  std::vector<Tensor> d_keys(probabilities.size());
  std::vector<Tensor> d_values(probabilities.size());
  for_tasks(shape.tasks(), [&](std::int64_t index) {
    const Task task = shape.task(index);
    const auto at = static_cast<std::size_t>(index);
    const Tensor& p = probabilities[at];
    const Tensor d_rows = task.queries(d_out);
    d_values[at] = at::mm(p.t(), d_rows);
    const Tensor d_p = at::mm(d_rows, task.seen(v).t());
    const Tensor d_scores = at::_softmax_backward_data(d_p, p, -1, at::kFloat);
    const Tensor to = task.heads_of(d_q);
    to.copy_(at::mm(d_scores, task.seen(k)).mul_(shape.scale).view(to.sizes()));
    d_keys[at] = at::mm(d_scores.t(), task.queries(q).mul(shape.scale));
  });
  // Blocks share their beginning: a head is summed by one thread, in order.
  for_tasks(shape.kv_heads, [&](std::int64_t head) {
    for (std::int64_t index = head; index < shape.tasks(); index += shape.kv_heads) {
      const Task task = shape.task(index);
      task.add_to_seen(d_k, d_keys[static_cast<std::size_t>(index)]);
      task.add_to_seen(d_v, d_values[static_cast<std::size_t>(index)]);
    }
  });
  return {d_q, d_k, d_v};
}

// What autograd can keep: a list of integers.
std::vector<std::int64_t> flattened(const std::vector<Block>& blocks) {
  std::vector<std::int64_t> flat;
  for (const Block& b : blocks) {
    flat.insert(flat.end(), {b.begin, b.length, b.shared_begin, b.shared_length});
  }
  return flat;
}

std::vector<Block> unflattened(const std::vector<std::int64_t>& flat) {
  std::vector<Block> blocks;
  for (std::size_t i = 0; i < flat.size(); i += 4) {
    blocks.push_back({flat[i], flat[i + 1], flat[i + 2], flat[i + 3]});
  }
  return blocks;
}

class BlockAttention : public torch::autograd::Function<BlockAttention> {
 public:
  static Tensor forward(AutogradContext* context, const Tensor& q, const Tensor& k, const Tensor& v,
                        const Shape& shape) {
    variable_list kept;
    const Tensor out = weigh(shape, q, k, v, kept);
    kept.insert(kept.end(), {q, k, v});
    context->save_for_backward(std::move(kept));
    context->saved_data["blocks"] = flattened(shape.blocks);
    context->saved_data["causal"] = shape.causal;
    context->saved_data["scale"] = shape.scale;
    return out.flatten(1);
  }

  static variable_list backward(AutogradContext* context, const variable_list& gradients) {
    variable_list kept = context->get_saved_variables();
    const Tensor v = kept.back();
    const Tensor k = kept[kept.size() - 2];
    const Tensor q = kept[kept.size() - 3];
    kept.resize(kept.size() - 3);
    const Shape shape{unflattened(context->saved_data["blocks"].toIntVector()), k.size(1),
                      q.size(1) / k.size(1), context->saved_data["causal"].toBool(),
                      context->saved_data["scale"].toDouble()};
    variable_list out =
        weigh_backward(shape, q, k, v, kept, gradients[0].contiguous().view(q.sizes()));
    out.resize(4);  // the shape has none
    return out;
  }
};

}  // namespace

Tensor attend_by_block(const Tensor& q, const Tensor& k, const Tensor& v, double scale,
                       const std::vector<Block>& blocks, bool causal) {
  const Shape shape{blocks, k.size(1), q.size(1) / k.size(1), causal, scale};
  return BlockAttention::apply(q.contiguous(), k.contiguous(), v.contiguous(), shape);
}

}  // namespace frugal::train
