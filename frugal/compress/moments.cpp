#include "frugal/compress/moments.h"

#include <algorithm>
#include <map>

#include "frugal/base/error.h"
#include "frugal/base/str.h"
#include "frugal/engine/engine.h"
#include "frugal/kernels/matmul.h"

namespace frugal::compress {

namespace {

constexpr std::size_t kRowsOfTile = 16;

// Names of stored matrices, each once: parts of one share its name.
std::vector<std::string> names_of(std::span<const model::Weight* const> weights) {
  std::vector<std::string> names;
  for (const model::Weight* weight : weights) {
    if (names.empty() || names.back() != weight->name) names.push_back(weight->name);
  }
  return names;
}

class Summer {
 public:
  Summer(const model::Model& model, std::span<const Input> wanted, const CalibrateOptions& options,
         Sums sums)
      : path_(model.file->path()),
        kernels_(options.kernels ? *options.kernels : kernels::choose_kernels("")),
        pool_(options.threads) {
    for (const Input& input : wanted) {
      place_[input.tensors.front()] = moments_.size();
      moments_.push_back({.input = input});
      if (sums == Sums::kProducts) moments_.back().sum = SquareMatrix(input.cols);
      if (sums == Sums::kSquares) moments_.back().squares.resize(input.cols);
    }
  }

  void see(std::span<const model::Weight* const> weights, MatrixView<const float> x) {
    const auto found = place_.find(weights.front()->name);
    if (found == place_.end()) return;
    SecondMoments& moments = moments_[found->second];
    FRUGAL_CHECK(x.cols == moments.input.cols);
    moments.count += static_cast<double>(x.rows);
    if (moments.squares.empty()) return add_products(x, moments);
    add_squares(x, moments);
  }

  std::vector<SecondMoments> result() && {
    for (const SecondMoments& moments : moments_) {
      std::vector<double> sum2 = moments.squares;
      for (std::size_t c = 0; c < moments.sum.size(); ++c) sum2.push_back(moments.sum.row(c)[c]);
      check_finite(sum2, path_, moments.input.tensors.front());
    }
    return std::move(moments_);
  }

 private:
  static void add_squares(MatrixView<const float> x, SecondMoments& moments) {
    for (std::size_t t = 0; t < x.rows; ++t) {
      const float* row = x.row(t);
      for (std::size_t c = 0; c < x.cols; ++c) {
        moments.squares[c] += static_cast<double>(row[c]) * static_cast<double>(row[c]);
      }
    }
  }

  void add_products(MatrixView<const float> x, SecondMoments& moments) {
    turn(x);
    const kernels::StoredMatrix all{.type = DType::kF32,
                                    .data = std::as_bytes(std::span(turned_)).data(),
                                    .rows = x.cols,
                                    .cols = x.rows,
                                    .row_bytes = x.rows * sizeof(float)};
    pool_.parallel_for(x.cols, kRowsOfTile, [&](std::size_t begin, std::size_t end) {
      std::vector<float> products(kRowsOfTile * x.cols);
      for (std::size_t first = begin; first < end; first += kRowsOfTile) {
        const std::size_t rows = std::min(kRowsOfTile, end - first);
        const MatrixView<float> out{products.data(), rows, x.cols, x.cols};
        kernels::matmul(kernels_, all,
                        {.x = {turned_.data() + (first * x.rows), rows, x.rows, x.rows}}, 0,
                        first + rows, out);
        for (std::size_t r = 0; r < rows; ++r) {
          double* sum = moments.sum.row(first + r);
          for (std::size_t c = 0; c <= first + r; ++c) sum[c] += static_cast<double>(out.row(r)[c]);
        }
      }
    });
  }

  // A row per column: the products then run along rows of both factors.
  void turn(MatrixView<const float> x) {
    turned_.resize(x.cols * x.rows);
    pool_.parallel_for(x.cols, kRowsOfTile, [&](std::size_t begin, std::size_t end) {
      for (std::size_t t = 0; t < x.rows; ++t) {
        const float* row = x.row(t);
        for (std::size_t c = begin; c < end; ++c) turned_[(c * x.rows) + t] = row[c];
      }
    });
  }

  const std::string& path_;
  const kernels::Kernels& kernels_;
  ThreadPool pool_;
  std::map<std::string, std::size_t, std::less<>> place_;
  std::vector<SecondMoments> moments_;
  std::vector<float> turned_;
};

}  // namespace

std::vector<Input> inputs_of(const model::Model& model, bool output) {
  std::vector<Input> inputs;
  const std::vector<text::TokenId> tokens = {0, 1};
  (void)watch_text(model, tokens, {.output = output}, [&](auto weights, auto x) {
    Input input{.tensors = names_of(weights), .cols = x.cols};
    const bool known = std::any_of(inputs.begin(), inputs.end(), [&](const Input& each) {
      return each.tensors.front() == input.tensors.front();
    });
    if (!known) inputs.push_back(std::move(input));
  });
  return inputs;
}

std::uint64_t bytes_of_sums(Sums sums, std::size_t cols) {
  if (sums == Sums::kNone) return 0;
  return sums == Sums::kSquares ? cols * sizeof(double) : SquareMatrix::bytes_of(cols);
}

std::vector<std::span<const Input>> passes_within(std::span<const Input> inputs,
                                                  std::uint64_t bytes, Sums sums) {
  std::vector<std::span<const Input>> passes;
  std::size_t first = 0;
  std::uint64_t used = 0;
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    const std::uint64_t more = bytes_of_sums(sums, inputs[i].cols);
    if (i > first && used + more > bytes) {
      passes.push_back(inputs.subspan(first, i - first));
      first = i;
      used = 0;
    }
    used += more;
  }
  if (first < inputs.size()) passes.push_back(inputs.subspan(first));
  return passes;
}

std::vector<SecondMoments> second_moments(const model::Model& model,
                                          std::span<const text::TokenId> text,
                                          std::span<const Input> wanted,
                                          const CalibrateOptions& options, Sums sums) {
  Summer summer(model, wanted, options, sums);
  (void)watch_text(model, text, options, [&](auto weights, auto x) { summer.see(weights, x); });
  return std::move(summer).result();
}

}  // namespace frugal::compress
