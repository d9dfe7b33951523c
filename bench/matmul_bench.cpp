// How fast one thread multiplies stored weights with activations, for each type and instruction
// set.
//
//   batch 1    GB/s of weights, which rotate through a buffer larger than the last-level cache: a
//              decoding step meets every weight once
//   batch 16, 256    Gop/s (a multiply-add is two), the rate that a prompt is read with
//
// Names are <isa>/<type>/<rows>x<cols>/batch:<n>.  Compare medians of repetitions taken in turn:
//   matmul_bench --benchmark_filter=Q8_0 --benchmark_repetitions=5 followed by
//       --benchmark_enable_random_interleaving=true --benchmark_report_aggregates_only=true

#include <benchmark/benchmark.h>

#include <algorithm>
#include <string>
#include <vector>

#include "frugal/kernels/matmul.h"
#include "frugal/kernels/quantize.h"

namespace frugal::kernels {
namespace {

constexpr std::size_t kColdBytes = std::size_t{192} << 20U;

/// The same bytes everywhere, small scales: speed does not depend on them as long as no float is
/// denormal, and 0x2424 is a binary16 near 0.016.
std::vector<std::byte> weights_of(std::size_t bytes) {
  std::vector<std::byte> weights(bytes);
  std::fill(weights.begin(), weights.end(), std::byte{0x24});
  return weights;
}

struct Shape {
  DType type;
  std::size_t rows;
  std::size_t cols;
  std::size_t batch;
};

void multiply(benchmark::State& state, const Kernels& kernels, const Shape& shape) {
  const std::size_t row = row_bytes(shape.type, shape.cols).value();
  const std::size_t matrix = row * shape.rows;
  const std::size_t copies = shape.batch == 1 ? (kColdBytes / matrix) + 1 : 1;
  const std::vector<std::byte> weights = weights_of(matrix * copies);
  std::vector<float> x(shape.batch * shape.cols);
  for (std::size_t i = 0; i < x.size(); ++i) x[i] = static_cast<float>((i * 7919) % 255) - 127.0F;
  const MatrixView<const float> view{x.data(), shape.batch, shape.cols, shape.cols};
  QuantizedRows quantized;
  quantized.resize(shape.batch, shape.cols);
  quantize(kernels, view, quantized);
  std::vector<float> out(shape.batch * shape.rows);
  std::size_t copy = 0;
  for (auto step : state) {
    static_cast<void>(step);
    const StoredMatrix w{shape.type, weights.data() + (copy * matrix), shape.rows, shape.cols, row};
    matmul(kernels, w, {view, quantized.view()}, 0, shape.rows,
           {out.data(), shape.batch, shape.rows, shape.rows});
    benchmark::DoNotOptimize(out.data());
    copy = (copy + 1) % copies;
  }
  const auto steps = static_cast<double>(state.iterations());
  const double operations = 2.0 * static_cast<double>(shape.rows * shape.cols * shape.batch);
  state.counters["Gop/s"] =
      benchmark::Counter(operations * steps * 1e-9, benchmark::Counter::kIsRate);
  state.counters["GB/s"] =
      benchmark::Counter(static_cast<double>(matrix) * steps * 1e-9, benchmark::Counter::kIsRate);
}

void add(const Kernels& kernels, const Shape& shape) {
  const std::string title = std::string(isa_name(kernels.isa)) + "/" +
                            std::string(name(shape.type)) + "/" + std::to_string(shape.rows) + "x" +
                            std::to_string(shape.cols) + "/batch:" + std::to_string(shape.batch);
  benchmark::RegisterBenchmark(title.c_str(), [&kernels, shape](benchmark::State& state) {
    multiply(state, kernels, shape);
  })->MeasureProcessCPUTime();
}

const bool kRegistered = [] {
  constexpr DType kTypes[] = {DType::kF32,  DType::kF16,    DType::kBF16,   DType::kQ4_0,
                              DType::kQ4_1, DType::kQ5_0,   DType::kQ5_1,   DType::kQ8_0,
                              DType::kQ2_K, DType::kQ3_K,   DType::kQ4_K,   DType::kQ5_K,
                              DType::kQ6_K, DType::kIQ4_NL, DType::kIQ4_XS, DType::kMXFP4};
  for (const Kernels* kernels : runnable_kernels()) {
    if (kernels->isa == Isa::kScalar) continue;
    for (const DType type : kTypes) {
      for (const std::size_t batch : {1U, 2U, 4U, 8U, 16U, 256U}) {
        add(*kernels, {type, 2048, 2048, batch});
      }
      for (const std::size_t batch : {1U, 256U}) add(*kernels, {type, 5632, 2048, batch});
    }
  }
  return true;
}();

}  // namespace
}  // namespace frugal::kernels
