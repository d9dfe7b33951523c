// What this machine can do at best: the roofs that matmul_bench is held against.
//
//   read              GB/s of reading memory; with more threads, each its own buffer, together
//   int8/avx2         Gop/s of one thread that multiplies any bytes: pmaddubsw, pmaddwd, paddd
//   int8/avx2-signed  the same with the psignb that signed weights need
//   int8/avx2-small   for weights below 32, where eight pmaddubsw share one pmaddwd
//   int8/avx512vnni   vpdpbusd
//
// The loops are written in assembler so that they are exactly what is said: no loads, no spills.

#include <benchmark/benchmark.h>

#include <cstdint>
#include <vector>

namespace {

constexpr std::size_t kBytes = std::size_t{256} << 20U;
constexpr std::size_t kStreams = 4;

void read(benchmark::State& state) {
  const std::vector<std::uint64_t> buffer(kBytes / 8, 1);
  for (auto step : state) {
    static_cast<void>(step);
    // Four places at once: the processor fetches ahead for each, and one alone leaves memory idle.
    std::uint64_t sums[kStreams][8] = {};
    const std::size_t stream = buffer.size() / kStreams;
    for (std::size_t i = 0; i < stream; i += 8) {
#pragma GCC unroll 4
      for (std::size_t s = 0; s < kStreams; ++s) {
#pragma GCC unroll 8
        for (std::size_t k = 0; k < 8; ++k) sums[s][k] ^= buffer[(s * stream) + i + k];
      }
    }
    benchmark::DoNotOptimize(sums);
  }
  state.counters["GB/s"] = benchmark::Counter(
      static_cast<double>(kBytes) * static_cast<double>(state.iterations()) * 1e-9,
      benchmark::Counter::kIsRate);
}
BENCHMARK(read);
BENCHMARK(read)->UseRealTime()->ThreadPerCpu();

constexpr double kBytesOfYmm = 32.0;
constexpr double kBytesOfZmm = 64.0;
constexpr int kSteps = 1000;

void report(benchmark::State& state, double products) {
  state.counters["Gop/s"] =
      benchmark::Counter(2.0 * products * kSteps * static_cast<double>(state.iterations()) * 1e-9,
                         benchmark::Counter::kIsRate);
}

#if defined(__x86_64__)
void int8_avx2(benchmark::State& state) {
  if (__builtin_cpu_supports("avx2") == 0) return state.SkipWithError("this CPU has no AVX2");
  for (auto step : state) {
    static_cast<void>(step);
    for (int i = 0; i < kSteps; ++i) {
      asm volatile(
          ".irp to,4,5,6,7,8,9,10,11\n"
          "vpmaddubsw %%ymm0, %%ymm1, %%ymm3\n"
          "vpmaddwd %%ymm2, %%ymm3, %%ymm3\n"
          "vpaddd %%ymm3, %%ymm\\to, %%ymm\\to\n"
          ".endr" ::
              : "xmm3", "xmm4", "xmm5", "xmm6", "xmm7", "xmm8", "xmm9", "xmm10", "xmm11");
    }
  }
  report(state, 8 * kBytesOfYmm);
}
BENCHMARK(int8_avx2)->Name("int8/avx2");

void int8_avx2_signed(benchmark::State& state) {
  if (__builtin_cpu_supports("avx2") == 0) return state.SkipWithError("this CPU has no AVX2");
  for (auto step : state) {
    static_cast<void>(step);
    for (int i = 0; i < kSteps; ++i) {
      asm volatile(
          ".irp to,4,5,6,7,8,9,10,11\n"
          "vpsignb %%ymm0, %%ymm1, %%ymm3\n"
          "vpmaddubsw %%ymm3, %%ymm1, %%ymm3\n"
          "vpmaddwd %%ymm2, %%ymm3, %%ymm3\n"
          "vpaddd %%ymm3, %%ymm\\to, %%ymm\\to\n"
          ".endr" ::
              : "xmm3", "xmm4", "xmm5", "xmm6", "xmm7", "xmm8", "xmm9", "xmm10", "xmm11");
    }
  }
  report(state, 8 * kBytesOfYmm);
}
BENCHMARK(int8_avx2_signed)->Name("int8/avx2-signed");

void int8_avx2_small(benchmark::State& state) {
  if (__builtin_cpu_supports("avx2") == 0) return state.SkipWithError("this CPU has no AVX2");
  for (auto step : state) {
    static_cast<void>(step);
    for (int i = 0; i < kSteps; ++i) {
      asm volatile(
          ".rept 8\n"
          ".irp to,4,5,6,7,8,9,10,11\n"
          "vpmaddubsw %%ymm0, %%ymm1, %%ymm3\n"
          "vpaddw %%ymm3, %%ymm\\to, %%ymm\\to\n"
          ".endr\n"
          ".endr\n"
          ".irp to,4,5,6,7,8,9,10,11\n"
          "vpmaddwd %%ymm2, %%ymm\\to, %%ymm\\to\n"
          ".endr" ::
              : "xmm3", "xmm4", "xmm5", "xmm6", "xmm7", "xmm8", "xmm9", "xmm10", "xmm11");
    }
  }
  report(state, 64 * kBytesOfYmm);
}
BENCHMARK(int8_avx2_small)->Name("int8/avx2-small");

void int8_vnni(benchmark::State& state) {
  if (__builtin_cpu_supports("avx512vnni") == 0) {
    return state.SkipWithError("this CPU has no AVX-512 VNNI");
  }
  for (auto step : state) {
    static_cast<void>(step);
    for (int i = 0; i < kSteps; ++i) {
      asm volatile(
          ".irp to,4,5,6,7,8,9,10,11\n"
          "vpdpbusd %%zmm0, %%zmm1, %%zmm\\to\n"
          ".endr" ::
              : "xmm4", "xmm5", "xmm6", "xmm7", "xmm8", "xmm9", "xmm10", "xmm11");
    }
  }
  report(state, 8 * kBytesOfZmm);
}
BENCHMARK(int8_vnni)->Name("int8/avx512vnni");
#endif

}  // namespace
