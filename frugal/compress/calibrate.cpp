#include "frugal/compress/calibrate.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "frugal/base/error.h"
#include "frugal/base/str.h"
#include "frugal/engine/engine.h"
#include "frugal/eval/windows.h"

namespace frugal::compress {

namespace {

// Of one input: per column Σx and Σx².
struct Sums {
  std::vector<double> sum;
  std::vector<double> sum2;
  double count = 0.0;

  void add(const Sums& more) {
    sum.resize(more.sum.size());
    sum2.resize(more.sum2.size());
    for (std::size_t c = 0; c < sum.size(); ++c) {
      sum[c] += more.sum[c];
      sum2[c] += more.sum2[c];
    }
    count += more.count;
  }
};

Sums sums_of(MatrixView<const float> x) {
  Sums sums{std::vector<double>(x.cols), std::vector<double>(x.cols), static_cast<double>(x.rows)};
  for (std::size_t r = 0; r < x.rows; ++r) {
    const float* row = x.row(r);
    for (std::size_t c = 0; c < x.cols; ++c) {
      const auto value = static_cast<double>(row[c]);
      sums.sum[c] += value;
      sums.sum2[c] += value * value;
    }
  }
  return sums;
}

class Collector {
 public:
  explicit Collector(const std::string& path) : path_(path) {}

  void see(std::span<const model::Weight* const> weights, MatrixView<const float> x) {
    const Sums sums = sums_of(x);
    check_finite(sums.sum2, path_, weights.front()->name);
    std::string_view before;  // parts of one stored matrix have its name and count once
    for (const model::Weight* weight : weights) {
      if (weight->name != before) tensors_[weight->name].add(sums);
      before = weight->name;
    }
  }

  [[nodiscard]] Imatrix result() const {
    Imatrix out;
    for (const auto& [name, sums] : tensors_) {
      out.tensors[name] = {.sum2 = {sums.sum2.begin(), sums.sum2.end()},
                           .counts = {sums.count},
                           .sum = {sums.sum.begin(), sums.sum.end()}};
    }
    return out;
  }

 private:
  const std::string& path_;
  std::map<std::string, Sums, std::less<>> tensors_;
};

}  // namespace

void check_finite(std::span<const double> sum2, const std::string& path,
                  const std::string& tensor) {
  const auto bad =
      std::find_if_not(sum2.begin(), sum2.end(), [](double value) { return std::isfinite(value); });
  if (bad == sum2.end()) return;
  throw Error(ErrorKind::kCorrupt,
              str("{}: tensor '{}': column {} gets an input that is not finite", path, tensor,
                  bad - sum2.begin()));
}

TextWindows windows_read(const model::Model& model, std::span<const text::TokenId> text,
                         const CalibrateOptions& options) {
  const auto windows =
      eval::windows_of(text, options.context, options.max_tokens, model.tokenizer.get());
  return {.count = windows.size(), .length = windows.front().size()};
}

TextWindows watch_text(const model::Model& model, std::span<const text::TokenId> text,
                       const CalibrateOptions& options, const engine::ProductWatch& watch) {
  const auto windows =
      eval::windows_of(text, options.context, options.max_tokens, model.tokenizer.get());
  engine::Engine engine(model,
                        {.threads = options.threads, .kernels = options.kernels, .watch = watch});
  const TextWindows read{.count = windows.size(), .length = windows.front().size()};
  engine::KvCache cache(model.config, read.length, engine::KvType::kF32);
  const auto wanted = options.output ? engine::Logits::kAll : engine::Logits::kNone;
  for (std::size_t i = 0; i < windows.size(); ++i) {
    report_progress(options.progress,
                    {.stage = "calibrate", .done = i * read.length, .total = read.tokens()});
    cache.truncate(0);
    (void)engine.forward(cache, windows[i], wanted);
  }
  return read;
}

Imatrix calibrate(const model::Model& model, std::span<const text::TokenId> text,
                  const CalibrateOptions& options) {
  Collector collector(model.file->path());
  const TextWindows read =
      watch_text(model, text, options, [&](auto weights, auto x) { collector.see(weights, x); });
  Imatrix out = collector.result();
  out.chunk_count = static_cast<std::uint32_t>(read.count);
  out.chunk_size = static_cast<std::uint32_t>(read.length);
  return out;
}

}  // namespace frugal::compress
