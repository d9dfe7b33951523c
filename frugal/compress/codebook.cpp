// On a line the best groups are runs of the sorted numbers.  With D[m][i] the least loss of the
// first i numbers in m runs,
//     D[m][i] = min over j of D[m - 1][j] + loss(j, i),
// and loss(j, i) of one run follows from prefix sums of w, w x and w x².  The best j never moves
// left as i grows, so the row of the middle i is searched first and bounds the searches on both
// sides of it: n log n losses per row instead of n².

#include "frugal/compress/codebook.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "frugal/base/error.h"

namespace frugal::compress {

namespace {

constexpr std::size_t kMostCentres = 256;

// Numbers that differ, ascending, equal ones put together.
struct Sorted {
  std::vector<double> x;
  std::vector<double> w;
};

class Runs {
 public:
  explicit Runs(const Sorted& sorted) : size_(sorted.x.size()) {
    const double all = std::accumulate(sorted.w.begin(), sorted.w.end(), 0.0);
    for (std::size_t i = 0; i < size_; ++i) offset_ += sorted.w[i] * sorted.x[i] / all;
    w_.push_back(0.0);
    wx_.push_back(0.0);
    wxx_.push_back(0.0);
    for (std::size_t i = 0; i < size_; ++i) {
      const double x = sorted.x[i] - offset_;
      w_.push_back(w_.back() + sorted.w[i]);
      wx_.push_back(wx_.back() + (sorted.w[i] * x));
      wxx_.push_back(wxx_.back() + (sorted.w[i] * x * x));
    }
  }

  [[nodiscard]] std::size_t size() const { return size_; }

  // Of the run [from, to) around its mean.
  [[nodiscard]] double loss(std::size_t from, std::size_t to) const {
    const double w = w_[to] - w_[from];
    if (!(w > 0.0)) return 0.0;
    const double wx = wx_[to] - wx_[from];
    return std::max(0.0, wxx_[to] - wxx_[from] - (wx * wx / w));
  }

  [[nodiscard]] double mean(std::size_t from, std::size_t to) const {
    return offset_ + ((wx_[to] - wx_[from]) / (w_[to] - w_[from]));
  }

 private:
  std::size_t size_;
  double offset_ = 0.0;
  std::vector<double> w_;
  std::vector<double> wx_;
  std::vector<double> wxx_;
};

// D[m], from D[m - 1], and where the last run of each begins.
class Layer {
 public:
  Layer(const Runs& runs, const std::vector<double>& before)
      : runs_(runs),
        before_(before),
        least_(runs.size() + 1, std::numeric_limits<double>::infinity()),
        begin_(runs.size() + 1) {}

  void solve() { solve(0, runs_.size() + 1, 0, runs_.size()); }
  [[nodiscard]] std::vector<double>& least() { return least_; }
  [[nodiscard]] std::vector<std::uint32_t>& begin() { return begin_; }

 private:
  // For i in [first, end); the last run begins in [low, high].
  void solve(std::size_t first, std::size_t end, std::size_t low, std::size_t high) {
    if (first >= end) return;
    const std::size_t middle = first + ((end - first) / 2);
    std::size_t best = low;
    for (std::size_t j = low; j <= std::min(high, middle); ++j) {
      const double loss = before_[j] + runs_.loss(j, middle);
      if (loss >= least_[middle]) continue;
      least_[middle] = loss;
      best = j;
    }
    begin_[middle] = static_cast<std::uint32_t>(best);
    solve(first, middle, low, best);
    solve(middle + 1, end, best, high);
  }

  const Runs& runs_;
  const std::vector<double>& before_;
  std::vector<double> least_;
  std::vector<std::uint32_t> begin_;
};

Sorted sort_numbers(std::span<const float> numbers, std::span<const float> weights) {
  std::vector<std::size_t> order(numbers.size());
  std::iota(order.begin(), order.end(), 0U);
  std::sort(order.begin(), order.end(),
            [&](std::size_t a, std::size_t b) { return numbers[a] < numbers[b]; });
  const bool alike = std::none_of(weights.begin(), weights.end(), [](float w) { return w > 0.0F; });
  Sorted sorted;
  for (const std::size_t i : order) {
    const double weight = alike ? 1.0 : static_cast<double>(weights[i]);
    if (!(weight > 0.0)) continue;  // decides nothing
    const auto x = static_cast<double>(numbers[i]);
    if (!sorted.x.empty() && sorted.x.back() == x) {
      sorted.w.back() += weight;
    } else {
      sorted.x.push_back(x);
      sorted.w.push_back(weight);
    }
  }
  return sorted;
}

std::vector<float> best_centres(const Runs& runs, std::size_t k) {
  const std::size_t n = runs.size();
  std::vector<double> least(n + 1);
  for (std::size_t i = 0; i <= n; ++i) least[i] = runs.loss(0, i);
  std::vector<std::vector<std::uint32_t>> begins;  // of the last of 2, 3 … k runs
  for (std::size_t m = 2; m <= std::min(k, n); ++m) {
    Layer layer(runs, least);
    layer.solve();
    begins.push_back(std::move(layer.begin()));
    least = std::move(layer.least());
  }
  std::vector<float> centres;
  std::size_t end = n;
  for (std::size_t m = begins.size() + 1; m > 0 && end > 0; --m) {
    const std::size_t begin = m > 1 ? begins[m - 2][end] : 0;
    if (begin < end) centres.push_back(static_cast<float>(runs.mean(begin, end)));
    end = begin;
  }
  std::reverse(centres.begin(), centres.end());
  centres.erase(std::unique(centres.begin(), centres.end()), centres.end());
  return centres;
}

std::uint8_t nearest(const std::vector<float>& centres, float number) {
  const auto above = std::lower_bound(centres.begin(), centres.end(), number);
  if (above == centres.begin()) return 0;
  const auto below = above - 1;
  const bool up = above != centres.end() &&
                  static_cast<double>(*above) - number < static_cast<double>(number) - *below;
  return static_cast<std::uint8_t>((up ? above : below) - centres.begin());
}

}  // namespace

Codebook exact_codebook(std::span<const float> numbers, std::span<const float> weights,
                        std::size_t k) {
  FRUGAL_CHECK(k >= 1 && k <= kMostCentres && !numbers.empty());
  FRUGAL_CHECK(weights.empty() || weights.size() == numbers.size());
  Codebook book;
  book.centres = best_centres(Runs(sort_numbers(numbers, weights)), k);
  const bool alike = std::none_of(weights.begin(), weights.end(), [](float w) { return w > 0.0F; });
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    book.codes.push_back(nearest(book.centres, numbers[i]));
    const double rest =
        static_cast<double>(numbers[i]) - static_cast<double>(book.centres[book.codes[i]]);
    book.loss += (alike ? 1.0 : static_cast<double>(weights[i])) * rest * rest;
  }
  return book;
}

}  // namespace frugal::compress
