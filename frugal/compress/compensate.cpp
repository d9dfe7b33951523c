// With A = H[K,K] + damping = L Lᵀ and M = L⁻¹ the product H[R,K] A⁻¹ is (H[R,K] Mᵀ) M: two
// products of float matrices by the kernels after one factor and one triangular inverse.

#include "frugal/compress/compensate.h"

#include <algorithm>
#include <cmath>

#include "frugal/base/error.h"
#include "frugal/kernels/matmul.h"

namespace frugal::compress {

namespace {

constexpr std::size_t kRowsAtOnce = 32;

double moment(const SecondMoments& moments, std::size_t i, std::size_t j) {
  return moments.sum.row(std::max(i, j))[std::min(i, j)] / moments.count;
}

// x [n][cols] times the transpose of `by` [out][cols], shared out by rows of x.
std::vector<float> multiply(const kernels::Kernels& kernels, std::span<const float> x,
                            std::span<const float> by, std::size_t cols, ThreadPool& pool) {
  const std::size_t n = x.size() / cols;
  const std::size_t width = by.size() / cols;
  std::vector<float> out(n * width);
  const kernels::StoredMatrix stored{.type = DType::kF32,
                                     .data = std::as_bytes(by).data(),
                                     .rows = width,
                                     .cols = cols,
                                     .row_bytes = cols * sizeof(float)};
  pool.parallel_for(n, kRowsAtOnce, [&](std::size_t begin, std::size_t end) {
    for (std::size_t first = begin; first < end; first += kRowsAtOnce) {
      const std::size_t rows = std::min(kRowsAtOnce, end - first);
      kernels::matmul(kernels, stored, {.x = {x.data() + (first * cols), rows, cols, cols}}, 0,
                      width, {out.data() + (first * width), rows, width, width});
    }
  });
  return out;
}

std::vector<float> transposed(std::span<const float> a, std::size_t cols) {
  const std::size_t rows = a.size() / cols;
  std::vector<float> out(a.size());
  for (std::size_t r = 0; r < rows; ++r) {
    for (std::size_t c = 0; c < cols; ++c) out[(c * rows) + r] = a[(r * cols) + c];
  }
  return out;
}

// L⁻¹ of H[K,K] with as little damping as makes it positive definite.
std::optional<std::vector<float>> inverse_factor(const SecondMoments& moments,
                                                 Substitute& substitute, ThreadPool& pool) {
  const std::vector<std::size_t>& kept = substitute.kept;
  const std::size_t k = kept.size();
  double mean = 0.0;
  for (const std::size_t c : kept) mean += moment(moments, c, c) / static_cast<double>(k);
  if (!(mean > 0.0) || !std::isfinite(mean)) return std::nullopt;
  for (const double damping : {0.01, 0.1, 1.0}) {
    SquareMatrix a(k);
    for (std::size_t i = 0; i < k; ++i) {
      for (std::size_t j = 0; j <= i; ++j) a.row(i)[j] = moment(moments, kept[i], kept[j]);
      a.row(i)[i] += damping * mean;
    }
    if (cholesky(a, pool)) continue;
    invert_lower(a, pool);
    substitute.damping = damping;
    std::vector<float> inverse(k * k);
    for (std::size_t i = 0; i < k; ++i) {
      for (std::size_t j = 0; j <= i; ++j) inverse[(i * k) + j] = static_cast<float>(a.row(i)[j]);
    }
    return inverse;
  }
  return std::nullopt;
}

}  // namespace

std::optional<Substitute> make_substitute(const kernels::Kernels& kernels,
                                          const SecondMoments& moments,
                                          std::span<const std::size_t> kept, ThreadPool& pool) {
  FRUGAL_CHECK(!kept.empty() && std::is_sorted(kept.begin(), kept.end()));
  Substitute substitute{.kept = {kept.begin(), kept.end()}};
  for (std::size_t c = 0; c < moments.sum.size(); ++c) {
    if (!std::binary_search(kept.begin(), kept.end(), c)) substitute.removed.push_back(c);
  }
  const auto inverse = inverse_factor(moments, substitute, pool);
  if (!inverse) return std::nullopt;
  const std::size_t k = kept.size();
  std::vector<float> both;  // H[R,K]
  both.reserve(substitute.removed.size() * k);
  for (const std::size_t r : substitute.removed) {
    for (const std::size_t c : kept) both.push_back(static_cast<float>(moment(moments, r, c)));
  }
  const std::vector<float> half = multiply(kernels, both, *inverse, k, pool);
  const std::vector<float> g = multiply(kernels, half, transposed(*inverse, k), k, pool);
  substitute.turned = transposed(g, k);
  return substitute;
}

std::vector<float> compensated(const kernels::Kernels& kernels, const Substitute& substitute,
                               MatrixView<const float> w, ThreadPool& pool) {
  const std::size_t k = substitute.kept.size();
  const std::size_t gone = substitute.removed.size();
  FRUGAL_CHECK(w.cols == k + gone);
  std::vector<float> lost;
  lost.reserve(w.rows * gone);
  for (std::size_t r = 0; r < w.rows; ++r) {
    for (const std::size_t c : substitute.removed) lost.push_back(w.row(r)[c]);
  }
  std::vector<float> out(w.rows * k);
  if (gone > 0) out = multiply(kernels, lost, substitute.turned, gone, pool);
  for (std::size_t r = 0; r < w.rows; ++r) {
    for (std::size_t i = 0; i < k; ++i) out[(r * k) + i] += w.row(r)[substitute.kept[i]];
  }
  return out;
}

}  // namespace frugal::compress
