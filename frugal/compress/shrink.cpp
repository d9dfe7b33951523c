#include "frugal/compress/shrink.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>
#include <string>

#include "frugal/base/error.h"
#include "frugal/base/str.h"
#include "frugal/base/thread_pool.h"
#include "frugal/compress/block_influence.h"
#include "frugal/compress/compensate.h"
#include "frugal/compress/moments.h"
#include "frugal/compress/narrow.h"
#include "frugal/compress/sparsity.h"
#include "frugal/model/layer_subset.h"
#include "frugal/tensor/codec.h"

namespace frugal::compress {

namespace {

using format::TensorFile;
using model::Model;

constexpr std::size_t kBlock = 32;  // of the smallest block types

[[noreturn]] void refuse(const TensorFile& file, const std::string& found) {
  throw Error(ErrorKind::kInvalidArgument, str("{}: {}", file.path(), found));
}

std::shared_ptr<const TensorFile> drop_layers(const std::shared_ptr<const TensorFile>& file,
                                              std::span<const text::TokenId> text,
                                              const ShrinkOptions& options, Shrunk& result) {
  if (options.layers == 0) return file;
  const Model model = model::describe(file);
  if (options.layers >= model.layers.size()) {
    refuse(*file, str("{} of {} layers to drop, expected at least one to stay", options.layers,
                      model.layers.size()));
  }
  result.influence = block_influence(model, text, options.calibration);
  result.dropped_layers = least_influential(result.influence, options.layers);
  std::vector<std::size_t> kept;
  for (std::size_t l = 0; l < model.layers.size(); ++l) {
    if (!std::binary_search(result.dropped_layers.begin(), result.dropped_layers.end(), l)) {
      kept.push_back(l);
    }
  }
  return model::keep_layers(file, kept);
}

// A vector of a file of scores.
std::vector<double> scores_of(const TensorFile& scores, const std::string& name,
                              std::size_t length) {
  const format::TensorInfo* info = scores.find(name);
  if (info == nullptr || info->type != DType::kF32 || info->rows() * info->cols() != length) {
    refuse(scores, str("no tensor '{}' of {} F32 numbers, expected the scores of this model "
                       "(frugal train --scores)",
                       name, length));
  }
  std::vector<float> values(length);
  decode_row(DType::kF32, info->data, values);
  for (const float value : values) {
    if (!(value >= 0.0F) || !std::isfinite(value)) {
      throw Error(ErrorKind::kCorrupt, str("{}: tensor '{}' holds {}, expected no number below 0",
                                           scores.path(), name, value));
    }
  }
  return {values.begin(), values.end()};
}

double moment(const SecondMoments& moments, std::size_t i, std::size_t j) {
  return moments.sum.row(std::max(i, j))[std::min(i, j)] / moments.count;
}

// For each run of `width` columns: tr(W H Wᵀ) of them alone.
std::vector<double> energies(const std::vector<float>& w, const SecondMoments& moments,
                             std::size_t width) {
  const std::size_t cols = moments.sum.size();
  std::vector<double> scores(cols / width);
  for (std::size_t part = 0; part < scores.size(); ++part) {
    for (std::size_t first = 0; first < w.size(); first += cols) {
      const float* row = w.data() + first + (part * width);
      for (std::size_t i = 0; i < width; ++i) {
        const auto a = static_cast<double>(row[i]);
        const std::size_t c = (part * width) + i;
        scores[part] += a * a * moment(moments, c, c);
        for (std::size_t j = 0; j < i; ++j) {
          scores[part] +=
              2.0 * a * static_cast<double>(row[j]) * moment(moments, c, (part * width) + j);
        }
      }
    }
  }
  return scores;
}

// The `count` of largest score, ascending; of equal ones the first.
std::vector<std::size_t> largest(const std::vector<double>& scores, std::size_t count) {
  std::vector<std::size_t> order(scores.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return scores[a] > scores[b]; });
  order.resize(count);
  std::sort(order.begin(), order.end());
  return order;
}

// Chooses and compensates, one matrix with columns to lose after the other.
class Narrower {
 public:
  Narrower(const Model& model, std::span<const text::TokenId> text, const ShrinkOptions& options)
      : model_(model),
        text_(text),
        options_(options),
        kernels_(options.calibration.kernels ? *options.calibration.kernels
                                             : kernels::choose_kernels("")),
        pool_(options.calibration.threads),
        layers_(model.layers.size()) {
    const model::Config& c = model.config;
    channels_ = c.feed_forward - zeros_of(options.channels, c.feed_forward);
    if (c.feed_forward % kBlock == 0) channels_ = (channels_ + kBlock - 1) / kBlock * kBlock;
    if (options.channels > 0.0 && (channels_ == 0 || channels_ >= c.feed_forward)) {
      refuse(*model.file, str("{} of {} channels would stay, expected some to go and some to stay",
                              channels_, c.feed_forward));
    }
    if (options.groups >= c.kv_heads) {
      refuse(*model.file, str("{} of {} key-value heads of each layer to drop, expected at least "
                              "one to stay",
                              options.groups, c.kv_heads));
    }
    plan();
  }

  std::shared_ptr<const TensorFile> run(Shrunk& result) {
    if (text_.empty()) {
      for (const auto& [name, place] : places_) choose(place, nullptr);
      result.uncompensated = places_.size();
    } else {
      run_on_text(result);
    }
    result.channels_after = options_.channels > 0.0 ? channels_ : model_.config.feed_forward;
    result.heads_after =
        (model_.config.kv_heads - options_.groups) * (model_.config.heads / model_.config.kv_heads);
    return narrow(model_, layers_);
  }

 private:
  // A matrix that loses columns.
  struct Place {
    std::size_t layer = 0;
    bool is_down = false;
  };

  void plan() {
    for (std::size_t l = 0; l < layers_.size(); ++l) {
      const model::Layer& layer = model_.layers[l];
      if (options_.groups > 0) places_[layer.attention_output.weight.name] = {l, false};
      if (options_.channels > 0.0) places_[layer.down.weight.name] = {l, true};
    }
  }

  [[nodiscard]] const model::Weight& weight_of(const Place& place) const {
    const model::Layer& layer = model_.layers[place.layer];
    return place.is_down ? layer.down.weight : layer.attention_output.weight;
  }

  void run_on_text(Shrunk& result) {
    std::vector<Input> inputs;
    for (Input& input : inputs_of(model_, false)) {
      if (places_.contains(input.tensors.front())) inputs.push_back(std::move(input));
    }
    FRUGAL_CHECK(inputs.size() == places_.size());
    for (const auto& pass : passes_within(inputs, options_.sums_bytes)) {
      for (SecondMoments& moments : second_moments(model_, text_, pass, options_.calibration)) {
        const Place& place = places_.at(moments.input.tensors.front());
        ++(cut(place, moments) ? result.compensated : result.uncompensated);
        moments.sum = {};
      }
    }
  }

  // True: what stays was compensated.
  bool cut(const Place& place, const SecondMoments& moments) {
    const std::vector<std::size_t> columns = choose(place, &moments);
    const auto substitute = make_substitute(kernels_, moments, columns, pool_);
    if (!substitute) return false;
    const model::Weight& weight = weight_of(place);
    const std::vector<float> w = numbers_of(model_, weight);
    std::vector<float> changed = compensated(
        kernels_, *substitute, {w.data(), weight.rows, weight.cols, weight.cols}, pool_);
    const bool finite = std::all_of(changed.begin(), changed.end(),
                                    [](float value) { return std::isfinite(value); });
    if (!finite) return false;
    NarrowLayer& layer = layers_[place.layer];
    (place.is_down ? layer.down : layer.output) = std::move(changed);
    return true;
  }

  // Decides what the layer keeps; the columns of the matrix that stay.
  std::vector<std::size_t> choose(const Place& place, const SecondMoments* moments) {
    const std::vector<double> scores = score(place, moments);
    NarrowLayer& layer = layers_[place.layer];
    if (place.is_down) {
      layer.channels = largest(scores, channels_);
      return layer.channels;
    }
    layer.groups = largest(scores, model_.config.kv_heads - options_.groups);
    return columns_of_groups(model_.config, layer.groups);
  }

  [[nodiscard]] std::vector<double> score(const Place& place, const SecondMoments* moments) const {
    const model::Config& c = model_.config;
    const std::size_t group = c.heads / c.kv_heads;
    if (!options_.scores) {
      return energies(numbers_of(model_, weight_of(place)), *moments,
                      place.is_down ? 1 : group * c.head_dim);
    }
    if (place.is_down) {
      return scores_of(*options_.scores, str("blk.{}.channels.score", place.layer), c.feed_forward);
    }
    const std::vector<double> heads =
        scores_of(*options_.scores, str("blk.{}.heads.score", place.layer), c.heads);
    std::vector<double> groups(c.kv_heads);
    for (std::size_t h = 0; h < c.heads; ++h) groups[h / group] += heads[h];
    return groups;
  }

  const Model& model_;
  std::span<const text::TokenId> text_;
  const ShrinkOptions& options_;
  const kernels::Kernels& kernels_;
  ThreadPool pool_;
  std::size_t channels_ = 0;  ///< that stay
  std::map<std::string, Place, std::less<>> places_;
  std::vector<NarrowLayer> layers_;
};

void check(const TensorFile& file, std::span<const text::TokenId> text,
           const ShrinkOptions& options) {
  const bool narrower = options.channels > 0.0 || options.groups > 0;
  if (options.layers == 0 && !narrower) refuse(file, "nothing to drop, expected something");
  if (options.layers > 0 && options.scores && narrower) {
    refuse(file, "scores are those of all layers, expected none together with layers to drop");
  }
  if (text.empty() && (options.layers > 0 || !options.scores)) {
    refuse(file,
           options.layers > 0
               ? "no text to tell what layers do, expected one"
               : "no text to tell what channels and heads are worth, expected one, or scores");
  }
}

}  // namespace

Shrunk shrink(std::shared_ptr<const TensorFile> file, std::span<const text::TokenId> text,
              const ShrinkOptions& options) {
  check(*file, text, options);
  Shrunk result;
  result.file = drop_layers(file, text, options, result);
  const Model model = model::describe(result.file);
  result.channels_before = result.channels_after = model.config.feed_forward;
  result.heads_before = result.heads_after = model.config.heads;
  if (options.channels > 0.0 || options.groups > 0) {
    result.file = Narrower(model, text, options).run(result);
  }
  return result;
}

}  // namespace frugal::compress
