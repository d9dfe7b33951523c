#pragma once

/// Private to this folder.  Everything between BEGIN and END may use the named CPU
/// features.  Headers are included before BEGIN, so their inline functions keep the
/// baseline: a per-file -mavx2 would not give that promise.

#define FRUGAL_PRAGMA(x) _Pragma(#x)
#if defined(__clang__)
#define FRUGAL_TARGET_BEGIN(features) \
  FRUGAL_PRAGMA(clang attribute push(__attribute__((target(features))), apply_to = function))
#define FRUGAL_TARGET_END FRUGAL_PRAGMA(clang attribute pop)
#else
#define FRUGAL_TARGET_BEGIN(features) \
  FRUGAL_PRAGMA(GCC push_options) FRUGAL_PRAGMA(GCC target(features))
#define FRUGAL_TARGET_END FRUGAL_PRAGMA(GCC pop_options)
#endif

/// What each folder may use; kernels.cpp asks the CPU for exactly these.
#define FRUGAL_TARGET_AVX2 "avx2,fma,f16c"
/// Part of the first, for results that are to the bit those of plain code.
#define FRUGAL_TARGET_AVX2_UNFUSED "avx2,f16c"
#define FRUGAL_TARGET_AVX512 "avx2,fma,f16c,avx512f,avx512bw,avx512dq,avx512vl"
#define FRUGAL_TARGET_AVX512VNNI "avx2,fma,f16c,avx512f,avx512bw,avx512dq,avx512vl,avx512vnni"
