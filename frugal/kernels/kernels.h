#pragma once

/// The table of kernels: for each instruction set, which function does the work.

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "frugal/tensor/blocks.h"

namespace frugal::kernels {

enum class Isa { kScalar, kAvx2, kAvx512 };

/// Arguments of a matrix-product kernel: out[n][r] = sum_c w[r][c] * x[n][c], for `rows` stored
/// rows of `cols` elements and `batch` activation rows.
struct MatmulArgs {
  const std::byte* weights;  ///< first stored row
  std::size_t row_bytes;     ///< from one stored row to the next
  std::size_t rows;
  std::size_t cols;
  const float* x;             ///< [batch][x_stride]; used by the float formats
  std::size_t x_stride;       ///< in floats
  const BlockQ8_0* x_blocks;  ///< [batch][cols / 32]; used by the block formats
  std::size_t batch;
  float* out;  ///< [batch][out_stride]
  std::size_t out_stride;
};

/// How numbers lie in the KV cache (kv_page.h).
enum class KvType { kF32, kF16, kQ8_0 };

/// Positions of one page of the KV cache.
inline constexpr std::size_t kPagePositions = 32;
/// Most query rows of one attention call.
inline constexpr std::size_t kAttendRows = 16;

/// Arguments of attention: `rows` queries that read the same cached head, each its own stretch of
/// positions [begin, end).
struct AttendArgs {
  const float* const* q;          ///< [rows] of [head_dim], already scaled
  std::size_t rows;               ///< 1 to kAttendRows
  const std::size_t* begin;       ///< [rows] first visible position
  const std::size_t* end;         ///< [rows] one past the last; above begin
  const std::byte* const* pages;  ///< block of the head in page p, for positions from 32 p
  std::size_t head_dim;
  float softcap;      ///< scores become softcap * tanh(score / softcap); 0: as they are
  float* const* out;  ///< [rows] of [head_dim]
};

/// One piece of work, one thread, plain pointers: no inline function or template may cross the
/// border between instruction sets.
struct Kernels {
  Isa isa;

  void (*rms_norm_row)(const float* x, const float* gain, float epsilon, float* out,
                       std::size_t cols);
  void (*layer_norm_row)(const float* x, const float* gain, const float* bias, float epsilon,
                         float* out, std::size_t cols);

  void (*matmul_f32)(const MatmulArgs& args);
  void (*matmul_f16)(const MatmulArgs& args);
  void (*matmul_bf16)(const MatmulArgs& args);
  void (*matmul_q8_0)(const MatmulArgs& args);
  void (*matmul_q4_0)(const MatmulArgs& args);

  /// Rounds activations to blocks of 32: the reference rounding of Q8_0, byte for byte.
  void (*quantize_row)(const float* x, BlockQ8_0* out, std::size_t cols);

  void (*softmax_row)(float* x, std::size_t cols);  ///< in place
  void (*silu_mul_row)(const float* gate, const float* up, float* out, std::size_t cols);
  void (*gelu_row)(const float* x, float* out, std::size_t cols);
  void (*gelu_mul_row)(const float* gate, const float* up, float* out, std::size_t cols);
  void (*softcap_row)(float* x, float cap, std::size_t cols);   ///< in place
  void (*add_row)(float* x, const float* y, std::size_t cols);  ///< x += y
  /// Rotates pairs (x[2i], x[2i+1]) by the angle whose cosine and sine are given per pair.
  void (*rope_row)(float* x, const float* cosines, const float* sines, std::size_t pairs);
  /// The same for pairs (x[i], x[i + pairs]).
  void (*rope_halves_row)(float* x, const float* cosines, const float* sines, std::size_t pairs);

  void (*attend_f32)(const AttendArgs& args);
  void (*attend_f16)(const AttendArgs& args);
  void (*attend_q8_0)(const AttendArgs& args);

  void (*store_f16_row)(const float* x, std::uint16_t* out, std::size_t cols);
};

/// Every table that can run on this CPU, the slowest (scalar) first.  Tests loop over it.
[[nodiscard]] std::vector<const Kernels*> runnable_kernels();

/// The table named `forced`, or the best one when `forced` is empty.
/// Errors: kUnsupported when this build or CPU has no such table; the message lists those it has.
[[nodiscard]] const Kernels& choose_kernels(std::string_view forced);

[[nodiscard]] std::string_view isa_name(Isa isa);

}  // namespace frugal::kernels
