// How fast weights become blocks: MB of float32 per second and thread, for every type that is
// searched, with all columns alike (/0) and with weights (/1); scalar and the best table.

#include <benchmark/benchmark.h>

#include <cmath>
#include <string>
#include <vector>

#include "frugal/base/random.h"
#include "frugal/kernels/round.h"

namespace {

using frugal::DType;
namespace kernels = frugal::kernels;

constexpr std::size_t kCols = 2048;
constexpr std::size_t kRows = 16;

void round_rows(benchmark::State& state, DType type, const kernels::Kernels* table) {
  frugal::Random random(1);
  std::vector<float> x(kRows * kCols);
  for (float& value : x) value = static_cast<float>(0.02 * random.normal());
  std::vector<float> importance(kCols);
  for (float& value : importance) value = static_cast<float>(std::exp(2.0 * random.normal()));
  if (state.range(0) == 0) importance.clear();
  const kernels::ColumnWeights weights(type, kCols, importance);
  std::vector<std::byte> row(frugal::row_bytes(type, kCols).value());
  for (auto step : state) {
    static_cast<void>(step);
    for (std::size_t r = 0; r < kRows; ++r) {
      kernels::round_row(*table, type, std::span(x).subspan(r * kCols, kCols), weights, row.data());
      benchmark::DoNotOptimize(row.data());
      benchmark::ClobberMemory();
    }
  }
  state.counters["MB/s"] = benchmark::Counter(static_cast<double>(x.size() * sizeof(float)) *
                                                  static_cast<double>(state.iterations()) * 1e-6,
                                              benchmark::Counter::kIsRate);
}

// Registers all when the program starts.
const bool kRegistered = [] {
  for (const kernels::Kernels* table :
       {kernels::runnable_kernels().front(), kernels::runnable_kernels().back()}) {
    for (const DType type :
         {DType::kQ4_0, DType::kQ4_1, DType::kQ5_0, DType::kQ5_1, DType::kQ8_0, DType::kQ2_K,
          DType::kQ3_K, DType::kQ4_K, DType::kQ5_K, DType::kQ6_K, DType::kIQ4_NL, DType::kIQ4_XS}) {
      const std::string name = std::string("round/") + std::string(frugal::name(type)) + "/" +
                               std::string(kernels::isa_name(table->isa));
      benchmark::RegisterBenchmark(name.c_str(), round_rows, type, table)->Arg(0)->Arg(1);
    }
  }
  return true;
}();

}  // namespace
