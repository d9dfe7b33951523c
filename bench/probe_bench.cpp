// What this machine can do at best: the roofs that matmul_bench is held against.
//
//   read/threads:N   GB/s of reading memory, each thread its own buffer larger than the caches
//   int8/avx2        Gop/s of one thread that only multiplies bytes: pmaddubsw and pmaddwd, as
//                    signed weights need them
//   int8/avx2-small  the same for weights below 32: one pmaddwd for eight pmaddubsw
//   int8/avx512vnni  vpdpbusd

#include <benchmark/benchmark.h>
#include <immintrin.h>

#include <cstdint>
#include <vector>

namespace {

constexpr std::size_t kBytes = std::size_t{256} << 20U;

void read(benchmark::State& state) {
  const std::vector<std::uint64_t> buffer(kBytes / 8, 1);
  for (auto step : state) {
    static_cast<void>(step);
    __m128i sums[8] = {};
    for (std::size_t i = 0; i < buffer.size(); i += 16) {
      for (std::size_t k = 0; k < 8; ++k) {
        const auto* from = reinterpret_cast<const __m128i*>(&buffer[i + (2 * k)]);
        sums[k] = _mm_xor_si128(sums[k], _mm_loadu_si128(from));
      }
    }
    for (const __m128i& sum : sums) benchmark::DoNotOptimize(sum);
  }
  state.counters["GB/s"] = benchmark::Counter(
      static_cast<double>(kBytes) * static_cast<double>(state.iterations()) * 1e-9,
      benchmark::Counter::kIsRate);
}
BENCHMARK(read)->UseRealTime()->Threads(1);
BENCHMARK(read)->UseRealTime()->ThreadPerCpu();

constexpr int kSums = 8;
constexpr int kSteps = 64;

void report(benchmark::State& state, double operations) {
  state.counters["Gop/s"] = benchmark::Counter(
      operations * static_cast<double>(state.iterations()) * 1e-9, benchmark::Counter::kIsRate);
}

__attribute__((target("avx2"))) void int8_avx2(benchmark::State& state) {
  if (__builtin_cpu_supports("avx2") == 0) return state.SkipWithError("this CPU has no AVX2");
  __m256i sums[kSums] = {};
  __m256i w = _mm256_set1_epi8(3);
  __m256i x = _mm256_set1_epi8(-5);
  const __m256i ones = _mm256_set1_epi16(1);
  for (auto step : state) {
    static_cast<void>(step);
    for (int i = 0; i < kSteps; ++i) {
      asm volatile("" : "+x"(w), "+x"(x));  // so that no product is computed but once
#pragma GCC unroll 8
      for (int k = 0; k < kSums; ++k) {
        __m256i pairs = _mm256_maddubs_epi16(w, x);
        asm volatile("" : "+x"(pairs));
        sums[k] = _mm256_add_epi32(sums[k], _mm256_madd_epi16(pairs, ones));
      }
    }
  }
  for (const __m256i& sum : sums) benchmark::DoNotOptimize(sum);
  report(state, 64.0 * kSums * kSteps);
}
BENCHMARK(int8_avx2)->Name("int8/avx2");

__attribute__((target("avx2"))) void int8_avx2_small(benchmark::State& state) {
  if (__builtin_cpu_supports("avx2") == 0) return state.SkipWithError("this CPU has no AVX2");
  __m256i sums[kSums] = {};
  __m256i w = _mm256_set1_epi8(3);
  __m256i x = _mm256_set1_epi8(-5);
  const __m256i ones = _mm256_set1_epi16(1);
  for (auto step : state) {
    static_cast<void>(step);
    for (int i = 0; i < kSteps / 8; ++i) {
#pragma GCC unroll 8
      for (int eighth = 0; eighth < 8; ++eighth) {
#pragma GCC unroll 8
        for (int k = 0; k < kSums; ++k) {
          __m256i pairs = _mm256_maddubs_epi16(w, x);
          asm volatile("" : "+x"(pairs));
          sums[k] = _mm256_add_epi16(sums[k], pairs);
        }
      }
#pragma GCC unroll 8
      for (int k = 0; k < kSums; ++k) sums[k] = _mm256_madd_epi16(sums[k], ones);
    }
  }
  for (const __m256i& sum : sums) benchmark::DoNotOptimize(sum);
  report(state, 64.0 * kSums * kSteps);
}
BENCHMARK(int8_avx2_small)->Name("int8/avx2-small");

__attribute__((target("avx512f,avx512vnni"))) void int8_vnni(benchmark::State& state) {
  if (__builtin_cpu_supports("avx512vnni") == 0) {
    return state.SkipWithError("this CPU has no AVX-512 VNNI");
  }
  __m512i sums[kSums] = {};
  __m512i w = _mm512_set1_epi8(3);
  __m512i x = _mm512_set1_epi8(-5);
  for (auto step : state) {
    static_cast<void>(step);
    for (int i = 0; i < kSteps; ++i) {
      asm volatile("" : "+v"(w), "+v"(x));
#pragma GCC unroll 8
      for (int k = 0; k < kSums; ++k) sums[k] = _mm512_dpbusd_epi32(sums[k], w, x);
    }
  }
  for (const __m512i& sum : sums) benchmark::DoNotOptimize(sum);
  report(state, 128.0 * kSums * kSteps);
}
BENCHMARK(int8_vnni)->Name("int8/avx512vnni");

}  // namespace
