// For one input: H of its channels, and some rows of each matrix that gets it. An exponent is tried
// by scaling those rows, rounding them as they will be rounded and scaling them back; what differs
// then is weighed by H. All inputs are tried with the network as it was: scalings of other places
// do not change what is lost here, since they multiply rows and divide inputs by the same numbers.

#include "frugal/compress/awq.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "frugal/base/thread_pool.h"
#include "frugal/compress/moment_loss.h"
#include "frugal/compress/storable.h"
#include "frugal/kernels/round.h"
#include "frugal/model/tensor_names.h"
#include "frugal/tensor/codec.h"

namespace frugal::compress {

namespace {

constexpr std::size_t kExponents = 20;
constexpr std::size_t kSampledRows = 64;
constexpr float kLeastScale = 1e-4F;
constexpr float kMostScale = 1e4F;

double exponent_of(std::size_t step) {
  return static_cast<double>(step) / static_cast<double>(kExponents);
}

// Some rows of a matrix, and what they are to become.
struct Sample {
  DType type = DType::kQ4_0;
  std::vector<float> rows = {};
};

Sample sample_of(const format::TensorFile& file, const format::TensorInfo& tensor, DType type) {
  const std::size_t cols = tensor.cols();
  const std::size_t bytes = row_bytes(tensor.type, cols).value();
  const std::size_t count = std::min<std::size_t>(kSampledRows, tensor.rows());
  Sample sample{.type = type, .rows = std::vector<float>(count * cols)};
  for (std::size_t i = 0; i < count; ++i) {
    const std::size_t r = i * tensor.rows() / count;
    const std::span<float> row(sample.rows.data() + (i * cols), cols);
    decode_row(tensor.type, file.data(tensor).data() + (r * bytes), row);
    check_storable(row, type, {file.path(), tensor.name, r});
  }
  return sample;
}

// E[x²] of each channel: the mean of the columns that read it.
std::vector<double> energies(const Fold& fold, std::span<const float> moments) {
  const std::size_t cols = fold.input.cols;
  std::vector<double> sums(fold.channels);
  std::vector<double> readers(fold.channels);
  for (std::size_t c = 0; c < cols; ++c) {
    sums[fold.channels_of[c]] += static_cast<double>(moments[(c * cols) + c]);
    readers[fold.channels_of[c]] += 1.0;
  }
  for (std::size_t i = 0; i < sums.size(); ++i) sums[i] /= std::max(readers[i], 1.0);
  return sums;
}

std::vector<float> scales_of(std::span<const double> energies, double exponent) {
  double least = 0.0;
  double most = 0.0;
  for (const double energy : energies) {
    if (!(energy > 0.0)) continue;
    least = most == 0.0 ? energy : std::min(least, energy);
    most = std::max(most, energy);
  }
  std::vector<float> scales;
  for (const double energy : energies) {
    const double relative = energy > 0.0 ? energy / std::sqrt(most * least) : 1.0;
    const auto scale = static_cast<float>(std::pow(relative, exponent / 2.0));
    scales.push_back(std::clamp(scale, kLeastScale, kMostScale));
  }
  return scales;
}

// All that trying an exponent on one input needs.
class Trial {
 public:
  Trial(const kernels::Kernels& kernels, const Fold& fold, const SecondMoments& moments,
        std::vector<Sample> samples)
      : kernels_(kernels),
        fold_(fold),
        moments_(mean_moments(moments)),
        energies_(energies(fold, moments_)),
        samples_(std::move(samples)) {}

  [[nodiscard]] std::vector<float> scales(double exponent) const {
    return scales_of(energies_, exponent);
  }

  [[nodiscard]] double loss(double exponent) const {
    const std::vector<float> by_channel = scales(exponent);
    std::vector<float> by_col;
    for (const std::uint32_t channel : fold_.channels_of) by_col.push_back(by_channel[channel]);
    std::vector<float> importance;
    for (std::size_t c = 0; c < by_col.size(); ++c) {
      importance.push_back(moments_[(c * by_col.size()) + c] / (by_col[c] * by_col[c]));
    }
    double loss = 0.0;
    for (const Sample& sample : samples_) loss += loss_of(sample, by_col, importance);
    return loss;
  }

 private:
  [[nodiscard]] double loss_of(const Sample& sample, std::span<const float> scales,
                               std::span<const float> importance) const {
    const std::size_t cols = scales.size();
    const std::size_t count = sample.rows.size() / cols;
    const kernels::ColumnWeights weights(sample.type, cols, importance);
    std::vector<std::byte> stored(row_bytes(sample.type, cols).value());
    std::vector<float> row(cols);
    std::vector<float> change(sample.rows.size());
    for (std::size_t r = 0; r < count; ++r) {
      const float* w = sample.rows.data() + (r * cols);
      for (std::size_t c = 0; c < cols; ++c) row[c] = w[c] * scales[c];
      kernels::round_row(kernels_, sample.type, row, weights, stored.data());
      decode_row(sample.type, stored.data(), row);
      for (std::size_t c = 0; c < cols; ++c) change[(r * cols) + c] = w[c] - (row[c] / scales[c]);
    }
    return moment_loss(kernels_, moments_, {change.data(), count, cols, cols});
  }

  const kernels::Kernels& kernels_;
  const Fold& fold_;
  std::vector<float> moments_;
  std::vector<double> energies_;
  std::vector<Sample> samples_;
};

ScaledInput best_of(const Trial& trial, const Fold& fold, ThreadPool& pool) {
  std::array<double, kExponents> losses{};
  pool.parallel_for(kExponents, 1, [&](std::size_t begin, std::size_t end) {
    for (std::size_t i = begin; i < end; ++i) losses[i] = trial.loss(exponent_of(i));
  });
  const auto best = static_cast<std::size_t>(
      std::distance(losses.begin(), std::min_element(losses.begin(), losses.end())));
  return {.scaling = {.fold = fold, .scales = trial.scales(exponent_of(best))},
          .exponent = exponent_of(best),
          .loss_before = losses[0],
          .loss = losses[best]};
}

// Folds with a matrix that is stored in blocks.
class Search {
 public:
  Search(const model::Model& model, const AwqOptions& options)
      : model_(model),
        options_(options),
        kernels_(options.rounding.kernels ? *options.rounding.kernels
                                          : kernels::choose_kernels("")) {
    // Types are chosen as for weighted rounding: there will be weights for columns.
    QuantizeOptions weighted = options.rounding;
    weighted.ready = [](const format::TensorInfo&) { return std::nullopt; };
    types_ = types_of(*model.file, weighted).types;
    for (Fold& fold : folds_of(model, inputs_of(model, false))) {
      if (!block_tensors(fold).empty()) folds_.push_back(std::move(fold));
    }
    for (const Fold& fold : folds_) inputs_.push_back(fold.input);
  }

  std::vector<ScaledInput> run(std::span<const text::TokenId> text) {
    ThreadPool pool(options_.rounding.threads);
    const auto passes = passes_within(inputs_, options_.sums_bytes);
    std::vector<ScaledInput> found;
    for (std::size_t pass = 0; pass < passes.size(); ++pass) {
      const auto all = second_moments(model_, text, passes[pass],
                                      {.context = options_.context,
                                       .max_tokens = options_.max_tokens,
                                       .threads = options_.rounding.threads,
                                       .kernels = &kernels_,
                                       .progress = [&](const ProgressUpdate& update) {
                                         report(update.stage, (pass * update.total) + update.done,
                                                passes.size() * update.total);
                                       }});
      for (const SecondMoments& moments : all) {
        report("scale", found.size(), folds_.size());
        found.push_back(search(folds_[found.size()], moments, pool));
      }
    }
    return found;
  }

 private:
  void report(std::string_view stage, std::uint64_t done, std::uint64_t total) const {
    report_progress(options_.rounding.progress, {.stage = stage, .done = done, .total = total});
  }

  [[nodiscard]] std::vector<std::size_t> block_tensors(const Fold& fold) const {
    std::vector<std::size_t> found;
    const auto& tensors = model_.file->tensors();
    for (std::size_t i = 0; i < tensors.size(); ++i) {
      const auto& names = fold.input.tensors;
      if (std::find(names.begin(), names.end(), tensors[i].name) == names.end()) continue;
      if (!model::is_rounded(tensors[i]) || !can_decode(tensors[i].type)) continue;
      if (traits(types_[i]).block_elements > 1) found.push_back(i);
    }
    return found;
  }

  [[nodiscard]] ScaledInput search(const Fold& fold, const SecondMoments& moments,
                                   ThreadPool& pool) const {
    std::vector<Sample> samples;
    for (const std::size_t i : block_tensors(fold)) {
      samples.push_back(sample_of(*model_.file, model_.file->tensors()[i], types_[i]));
    }
    return best_of(Trial(kernels_, fold, moments, std::move(samples)), fold, pool);
  }

  const model::Model& model_;
  const AwqOptions& options_;
  const kernels::Kernels& kernels_;
  std::vector<DType> types_;
  std::vector<Fold> folds_;
  std::vector<Input> inputs_;
};

}  // namespace

std::vector<ScaledInput> find_scales(const model::Model& model, std::span<const text::TokenId> text,
                                     const AwqOptions& options) {
  return Search(model, options).run(text);
}

}  // namespace frugal::compress
