// Both work on blocks of 64 rows or columns: nearly all operations are products of such blocks,
// whose inner loop (`subtract_product`) keeps a tile of sums and reads each number once per tile.
// Threads share out rows (cholesky) or columns (invert_lower) of one block; the sum of each number
// runs in one order, whoever computes it.

#include "frugal/compress/linalg.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace frugal::compress {

namespace {

constexpr std::size_t kBlock = 64;
constexpr std::size_t kTile = 8;
constexpr std::size_t kTileRows = 4;

// A place in a matrix stored by rows.
template <class T>
struct Place {
  T* at = nullptr;
  std::size_t stride = 0;

  [[nodiscard]] T* row(std::size_t r) const { return at + (r * stride); }
};

// c[r][j] -= sum_k a[r][k] b[k][j] for kRows rows and kTile columns, of which the first `cols`
// count.
template <std::size_t kRows>
void subtract_tile(Place<const double> a, Place<const double> b, std::size_t depth,
                   std::size_t cols, Place<double> c) {
  std::array<std::array<double, kTile>, kRows> sums{};
  for (std::size_t k = 0; k < depth; ++k) {
    const double* from = b.row(k);
    for (std::size_t r = 0; r < kRows; ++r) {
      const double factor = a.row(r)[k];
      for (std::size_t j = 0; j < kTile; ++j) sums[r][j] += factor * from[j];
    }
  }
  for (std::size_t r = 0; r < kRows; ++r) {
    for (std::size_t j = 0; j < cols; ++j) c.row(r)[j] -= sums[r][j];
  }
}

// c -= a b, for `rows` rows, `cols` columns of c; rows of b are readable up to a multiple of kTile.
void subtract_product(Place<const double> a, Place<const double> b, std::size_t depth,
                      std::size_t rows, std::size_t cols, Place<double> c) {
  for (std::size_t j = 0; j < cols; j += kTile) {
    const Place<const double> right{b.at + j, b.stride};
    const std::size_t here = std::min(kTile, cols - j);
    std::size_t r = 0;
    for (; r + kTileRows <= rows; r += kTileRows) {
      subtract_tile<kTileRows>({a.row(r), a.stride}, right, depth, here, {c.row(r) + j, c.stride});
    }
    for (; r < rows; ++r) {
      subtract_tile<1>({a.row(r), a.stride}, right, depth, here, {c.row(r) + j, c.stride});
    }
  }
}

// The block on the diagonal, in place; nothing, or the column that cannot be done.
std::optional<std::size_t> factor_diagonal(Place<double> a, std::size_t size) {
  for (std::size_t j = 0; j < size; ++j) {
    double pivot = a.row(j)[j];
    for (std::size_t k = 0; k < j; ++k) pivot -= a.row(j)[k] * a.row(j)[k];
    if (!(pivot > 0.0) || !std::isfinite(pivot)) return j;
    const double root = std::sqrt(pivot);
    a.row(j)[j] = root;
    for (std::size_t i = j + 1; i < size; ++i) {
      double sum = a.row(i)[j];
      for (std::size_t k = 0; k < j; ++k) sum -= a.row(i)[k] * a.row(j)[k];
      a.row(i)[j] = sum / root;
    }
  }
  return std::nullopt;
}

// x with x lᵀ = the row, in place.
void solve_row(Place<const double> l, std::size_t size, double* row) {
  for (std::size_t j = 0; j < size; ++j) {
    double sum = row[j];
    for (std::size_t k = 0; k < j; ++k) sum -= row[k] * l.row(j)[k];
    row[j] = sum / l.row(j)[j];
  }
}

// x with l x = the rows, in place.
void solve_columns(Place<const double> l, std::size_t size, std::size_t cols, Place<double> x) {
  for (std::size_t r = 0; r < size; ++r) {
    for (std::size_t s = 0; s < r; ++s) {
      const double factor = l.row(r)[s];
      for (std::size_t c = 0; c < cols; ++c) x.row(r)[c] -= factor * x.row(s)[c];
    }
    const double diagonal = l.row(r)[r];
    for (std::size_t c = 0; c < cols; ++c) x.row(r)[c] /= diagonal;
  }
}

}  // namespace

std::optional<std::size_t> cholesky(SquareMatrix& a, ThreadPool& pool) {
  const std::size_t n = a.size();
  std::vector<double> turned(n * kBlock);  // [k][column of the block]
  for (std::size_t first = 0; first < n; first += kBlock) {
    const std::size_t here = std::min(kBlock, n - first);
    for (std::size_t c = 0; c < here; ++c) {
      const double* row = a.row(first + c);
      for (std::size_t k = 0; k < first; ++k) turned[(k * kBlock) + c] = row[k];
    }
    pool.parallel_for(n - first, kTileRows, [&](std::size_t begin, std::size_t end) {
      subtract_product({a.row(first + begin), a.stride()}, {turned.data(), kBlock}, first,
                       end - begin, here, {a.row(first + begin) + first, a.stride()});
    });
    const Place<double> diagonal{a.row(first) + first, a.stride()};
    if (const auto bad = factor_diagonal(diagonal, here)) return first + *bad;
    const std::size_t below = first + here;
    pool.parallel_for(n - below, kTileRows, [&](std::size_t begin, std::size_t end) {
      for (std::size_t r = below + begin; r < below + end; ++r) {
        solve_row({diagonal.at, diagonal.stride}, here, a.row(r) + first);
      }
    });
    for (std::size_t r = first; r < below; ++r) std::fill(a.row(r) + r + 1, a.row(r) + n, 0.0);
  }
  return std::nullopt;
}

void invert_lower(SquareMatrix& l, ThreadPool& pool) {
  const std::size_t n = l.size();
  std::vector<double> rows;  // of L, before they are replaced
  for (std::size_t first = 0; first < n; first += kBlock) {
    const std::size_t here = std::min(kBlock, n - first);
    rows.assign(l.row(first), l.row(first) + (here * l.stride()));
    const Place<const double> old{rows.data(), l.stride()};
    for (std::size_t r = 0; r < here; ++r) {
      std::fill_n(l.row(first + r), n, 0.0);
      l.row(first + r)[first + r] = 1.0;
    }
    const std::size_t end_of_rows = first + here;
    const std::size_t strips = (end_of_rows + kBlock - 1) / kBlock;
    pool.parallel_for(strips, 1, [&](std::size_t begin, std::size_t end) {
      for (std::size_t left = begin * kBlock; left < end * kBlock; left += kBlock) {
        const std::size_t cols = std::min(kBlock, n - left);
        const Place<double> to{l.row(first) + left, l.stride()};
        if (left < first) {  // above row `left` the strip is 0
          subtract_product({old.at + left, old.stride}, {l.row(left) + left, l.stride()},
                           first - left, here, cols, to);
        }
        solve_columns({old.at + first, old.stride}, here, cols, to);
      }
    });
  }
}

}  // namespace frugal::compress
