// Rows through the searched rounding, for comparison with another program's:
//
//     round_filter TYPE COLUMNS [WEIGHTS] < rows > rows
//
// Floats are stored as they lie in memory; WEIGHTS is a file of COLUMNS of them.  The seconds of
// processor time that the rounding alone took go to stderr: other work does not count.

#include <cstdio>
#include <cstring>
#include <ctime>
#include <fstream>
#include <iostream>
#include <iterator>
#include <string>
#include <vector>

#include "frugal/kernels/round.h"

namespace {

std::vector<float> read_floats(std::istream& from) {
  const std::string text{std::istreambuf_iterator<char>(from), {}};
  std::vector<float> values(text.size() / sizeof(float));
  std::memcpy(values.data(), text.data(), values.size() * sizeof(float));
  return values;
}

}  // namespace

int main(int count, char** arguments) {
  if (count != 3 && count != 4) return 2;
  const auto type = frugal::dtype_from_name(arguments[1]);
  const std::size_t cols = std::stoul(arguments[2]);
  if (!type || !frugal::kernels::can_round(*type)) return 2;
  std::vector<float> importance;
  if (count == 4) {
    std::ifstream file(arguments[3], std::ios::binary);
    importance = read_floats(file);
    if (importance.size() != cols) return 2;
  }
  const std::vector<float> in = read_floats(std::cin);
  const std::size_t bytes = frugal::row_bytes(*type, cols).value();
  std::vector<std::byte> out(in.size() / cols * bytes);
  const frugal::kernels::Kernels& kernels = frugal::kernels::choose_kernels("");
  const std::clock_t start = std::clock();
  const frugal::kernels::ColumnWeights weights(*type, cols, importance);
  for (std::size_t r = 0; r < in.size() / cols; ++r) {
    frugal::kernels::round_row(kernels, *type, std::span(in).subspan(r * cols, cols), weights,
                               out.data() + (r * bytes));
  }
  const std::clock_t taken = std::clock() - start;
  std::fprintf(stderr, "%.6f\n", static_cast<double>(taken) / CLOCKS_PER_SEC);
  return std::fwrite(out.data(), 1, out.size(), stdout) == out.size() ? 0 : 1;
}
