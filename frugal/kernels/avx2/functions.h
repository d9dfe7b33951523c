#pragma once

/// Private to this folder: what table.cpp collects.  Contracts stand in kernels.h.

#include "frugal/kernels/kernels.h"

namespace frugal::kernels::avx2 {

void rms_norm_row(const float* x, const float* gain, float epsilon, float* out, std::size_t cols);

void layer_norm_row(const float* x, const float* gain, const float* bias, float epsilon, float* out,
                    std::size_t cols);

void matmul_f32(const MatmulArgs& args);
void matmul_f16(const MatmulArgs& args);
void matmul_bf16(const MatmulArgs& args);
BlockProducts block_products();

void quantize_row(const float* x, std::int8_t* values, ActivationBlock* blocks, std::size_t cols);
void store_f16_row(const float* x, std::uint16_t* out, std::size_t cols);

void softmax_row(float* x, std::size_t cols);
void silu_mul_row(const float* gate, const float* up, float* out, std::size_t cols);
void gelu_row(const float* x, float* out, std::size_t cols);
void gelu_mul_row(const float* gate, const float* up, float* out, std::size_t cols);
void softcap_row(float* x, float cap, std::size_t cols);
void add_row(float* x, const float* y, std::size_t cols);
void rope_row(float* x, const float* cosines, const float* sines, std::size_t pairs);
void rope_halves_row(float* x, const float* cosines, const float* sines, std::size_t pairs);

void attend_f32(const AttendArgs& args);
void attend_f16(const AttendArgs& args);
void attend_q8_0(const AttendArgs& args);

BlockRounding block_rounding();

}  // namespace frugal::kernels::avx2
