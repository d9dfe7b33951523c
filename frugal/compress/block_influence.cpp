#include "frugal/compress/block_influence.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>

#include "frugal/base/error.h"
#include "frugal/base/str.h"

namespace frugal::compress {

namespace {

// What stands at one border between layers: by the first matrix that is multiplied after its norm.
struct Border {
  std::size_t index = 0;
  const std::vector<float>* gain = nullptr;
};

class Follower {
 public:
  explicit Follower(const model::Model& model)
      : width_(model.config.embedding), layers_(model.layers.size()), cosines_(layers_) {
    for (std::size_t l = 0; l < layers_; ++l) {
      const model::Layer& layer = model.layers[l];
      add(model, layer.query.weight, layer.attention_norm, l);
    }
    add(model, model.output.weight, model.output_norm, layers_);
  }

  // The matrices that share an input come together; the border's is among them.
  void see(std::span<const model::Weight* const> weights, MatrixView<const float> x) {
    const auto found = borders_.find(weights.front()->data);
    if (found == borders_.end() || x.cols != width_) return;
    const Border& border = found->second;
    if (border.index == 0) {
      before_.clear();
    } else {
      compare(border, x);
    }
    gain_before_ = border.gain;
    before_.assign(x.rows * width_, 0.0F);
    for (std::size_t r = 0; r < x.rows; ++r) {
      std::copy_n(x.row(r), width_, before_.begin() + static_cast<std::ptrdiff_t>(r * width_));
    }
  }

  [[nodiscard]] std::vector<double> result() const {
    std::vector<double> influence;
    for (const Mean& mean : cosines_) {
      influence.push_back(mean.count > 0.0 ? 1.0 - (mean.sum / mean.count) : 1.0);
    }
    return influence;
  }

 private:
  struct Mean {
    double sum = 0.0;
    double count = 0.0;
  };

  void add(const model::Model& model, const model::Weight& weight, const model::Norm& norm,
           std::size_t index) {
    if (weight.empty() || norm.empty()) {
      throw Error(ErrorKind::kUnsupported,
                  str("{}: no norm in front of {}, expected one to compare layers by",
                      model.file->path(), index < layers_ ? str("layer {}", index) : "the output"));
    }
    borders_[weight.data] = {index, &norm.gain};
  }

  void compare(const Border& border, MatrixView<const float> x) {
    FRUGAL_CHECK(before_.size() == x.rows * width_ && gain_before_ != nullptr);
    for (std::size_t r = 0; r < x.rows; ++r) {
      double ab = 0.0;
      double aa = 0.0;
      double bb = 0.0;
      for (std::size_t c = 0; c < width_; ++c) {
        const auto first = static_cast<double>((*gain_before_)[c]);
        const auto second = static_cast<double>((*border.gain)[c]);
        if (first == 0.0 || second == 0.0) continue;
        const double a = static_cast<double>(before_[(r * width_) + c]) / first;
        const double b = static_cast<double>(x.row(r)[c]) / second;
        ab += a * b;
        aa += a * a;
        bb += b * b;
      }
      const double cosine = ab / std::sqrt(aa * bb);
      if (!std::isfinite(cosine)) continue;
      cosines_[border.index - 1].sum += cosine;
      cosines_[border.index - 1].count += 1.0;
    }
  }

  std::size_t width_;
  std::size_t layers_;
  std::map<const std::byte*, Border> borders_;
  std::vector<float> before_;  // rows at the last border
  const std::vector<float>* gain_before_ = nullptr;
  std::vector<Mean> cosines_;
};

}  // namespace

std::vector<double> block_influence(const model::Model& model, std::span<const text::TokenId> text,
                                    const CalibrateOptions& options) {
  Follower follower(model);
  CalibrateOptions all = options;
  all.output = true;
  (void)watch_text(model, text, all, [&](auto weights, auto x) { follower.see(weights, x); });
  return follower.result();
}

std::vector<std::size_t> least_influential(std::span<const double> influence, std::size_t count) {
  if (count >= influence.size()) {
    throw Error(
        ErrorKind::kInvalidArgument,
        str("{} of {} layers to drop, expected at least one to stay", count, influence.size()));
  }
  std::vector<std::size_t> order(influence.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return influence[a] != influence[b] ? influence[a] < influence[b] : a > b;
  });
  order.resize(count);
  std::sort(order.begin(), order.end());
  return order;
}

}  // namespace frugal::compress
