#pragma once

/// The table of kernels: for each instruction set, which function does the work.

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace frugal::kernels {

enum class Isa { kScalar, kAvx2, kAvx512, kAvx512Vnni };

/// What products need to know of 32 rounded activations q[0..31], beside the values themselves.
/// All of it is zero when the values are; `scale`, `sum` and `half_sums` are NaN, and every value
/// 0, when one of the 32 numbers was NaN or infinite.
struct ActivationBlock {
  float scale;         ///< number = scale * q
  float sum;           ///< scale * sum_j q[j]: what a minimum per 32 is multiplied with
  float half_sums[2];  ///< the same over q[0..15] and q[16..31]: for minima per 16
  std::int32_t total;  ///< sum_j q[j]
  /// Sums over the places j with j mod 4 in {0, 1} and in {2, 3}: what a zero point is multiplied
  /// with where sums are kept in pairs of int16.
  std::int16_t pairs[2];
  std::int16_t half_pairs[2][2];  ///< [half][pair]: the same over q[0..15] and q[16..31]
};
static_assert(sizeof(ActivationBlock) == 32);

/// Activations rounded to int8 per 32, borrowed: see quantize.h.
struct QuantizedView {
  const std::int8_t* values = nullptr;      ///< [batch][cols], each in [-127, 127]
  const ActivationBlock* blocks = nullptr;  ///< [batch][cols / 32]
};

/// Arguments of a matrix-product kernel: out[n][r] = sum_c w[r][c] * x[n][c], for `rows` stored
/// rows of `cols` elements and `batch` activation rows.
struct MatmulArgs {
  const std::byte* weights;  ///< first stored row
  std::size_t row_bytes;     ///< from one stored row to the next
  std::size_t rows;
  std::size_t cols;
  const float* x;           ///< [batch][x_stride]; used by the float formats
  std::size_t x_stride;     ///< in floats
  QuantizedView quantized;  ///< used by the block formats
  std::size_t batch;
  float* out;  ///< [batch][out_stride]
  std::size_t out_stride;
};

using Multiply = void (*)(const MatmulArgs& args);

/// One matrix product for each block format.
struct BlockProducts {
  Multiply q4_0;
  Multiply q4_1;
  Multiply q5_0;
  Multiply q5_1;
  Multiply q8_0;
  Multiply q2_k;
  Multiply q3_k;
  Multiply q4_k;
  Multiply q5_k;
  Multiply q6_k;
  Multiply iq4_nl;
  Multiply iq4_xs;
  Multiply mxfp4;
};

/// Rounds `cols` numbers to stored blocks, errors weighted by column (round.h).
using RoundRow = void (*)(const float* x, const float* weights, std::size_t cols, std::byte* out);

/// One search for each block format that has one.
struct BlockRounding {
  RoundRow q4_0;
  RoundRow q4_1;
  RoundRow q5_0;
  RoundRow q5_1;
  RoundRow q2_k;
  RoundRow q3_k;
  RoundRow q4_k;
  RoundRow q5_k;
  RoundRow q6_k;
  RoundRow iq4_nl;
  RoundRow iq4_xs;
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

  Multiply matmul_f32;
  Multiply matmul_f16;
  Multiply matmul_bf16;
  BlockProducts matmul_blocks;

  /// Rounds activations to int8 per 32; cols is a multiple of 32.
  void (*quantize_row)(const float* x, std::int8_t* values, ActivationBlock* blocks,
                       std::size_t cols);

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

  BlockRounding round_blocks;
};

/// Every table that can run on this CPU, the slowest (scalar) first.  Tests loop over it.
[[nodiscard]] std::vector<const Kernels*> runnable_kernels();

/// The table named `forced`, or the best one when `forced` is empty.
/// Errors: kUnsupported when this build or CPU has no such table; the message lists those it has.
[[nodiscard]] const Kernels& choose_kernels(std::string_view forced);

[[nodiscard]] std::string_view isa_name(Isa isa);

}  // namespace frugal::kernels
