// Says which AVX-512 parts the processor claims, and executes one instruction of each: a claim that
// the emulator does not keep ends in SIGILL. Build with: cc -O2 -o probe probe.c
#include <immintrin.h>
#include <stdio.h>
#include <string.h>

#define TARGET(isa) __attribute__((target(isa)))

static int failures = 0;

static void expect(const char* what, long long found, long long expected) {
  printf("%-28s %lld %s\n", what, found, found == expected ? "ok" : "WRONG");
  failures += found == expected ? 0 : 1;
}

TARGET("avx512f") static void run_f(void) {
  float lanes[16];
  for (int i = 0; i < 16; ++i) lanes[i] = (float)i;
  __m512 x = _mm512_loadu_ps(lanes);
  expect("f: sum of i*2+1",
         (long long)_mm512_reduce_add_ps(
             _mm512_fmadd_ps(x, _mm512_set1_ps(2.0F), _mm512_set1_ps(1.0F))),
         256);
  expect("f: mask of i < 5", _mm512_cmp_ps_mask(x, _mm512_set1_ps(5.0F), _CMP_LT_OQ), 31);
}

TARGET("avx512f,avx512bw") static void run_bw(void) {
  __m512i products = _mm512_maddubs_epi16(_mm512_set1_epi8(3), _mm512_set1_epi8(-2));
  __m512i sums = _mm512_madd_epi16(products, _mm512_set1_epi16(1));
  expect("bw: sum of 3*-2", _mm512_reduce_add_epi32(sums), -384);
}

TARGET("avx512f,avx512dq") static void run_dq(void) {
  expect("dq: 3*5 in 64 bits",
         _mm512_reduce_add_epi64(_mm512_mullo_epi64(_mm512_set1_epi64(3), _mm512_set1_epi64(5))),
         120);
}

TARGET("avx512f,avx512bw,avx512vl") static void run_vl(void) {
  __m256i x = _mm256_maskz_add_epi16(0x00FF, _mm256_set1_epi16(1), _mm256_set1_epi16(2));
  short lanes[16];
  memcpy(lanes, &x, sizeof lanes);
  expect("vl: masked 1+2", lanes[0] * 10 + lanes[15], 30);
}

TARGET("avx512f,avx512vnni") static void run_vnni(void) {
  __m512i sums = _mm512_dpbusd_epi32(_mm512_set1_epi32(1), _mm512_set1_epi8((char)255),
                                     _mm512_set1_epi8(-128));
  expect("vnni: 1+4*255*-128, x16", _mm512_reduce_add_epi32(sums), 16LL * (1 - 4 * 255 * 128));
}

TARGET("f16c,avx512f") static void run_f16(void) {
  __m512 x = _mm512_cvtph_ps(_mm256_set1_epi16(0x3C00));
  expect("f: half 1.0, x16", (long long)_mm512_reduce_add_ps(x), 16);
}

int main(void) {
  __builtin_cpu_init();
  const int f = __builtin_cpu_supports("avx512f");
  const int bw = __builtin_cpu_supports("avx512bw");
  const int dq = __builtin_cpu_supports("avx512dq");
  const int vl = __builtin_cpu_supports("avx512vl");
  const int vnni = __builtin_cpu_supports("avx512vnni");
  printf("avx512f=%d bw=%d dq=%d vl=%d vnni=%d\n", f != 0, bw != 0, dq != 0, vl != 0, vnni != 0);
  if (!f) return 2;
  run_f();
  run_f16();
  if (bw) run_bw();
  if (dq) run_dq();
  if (vl && bw) run_vl();
  if (vnni) run_vnni();
  return failures == 0 ? 0 : 1;
}
