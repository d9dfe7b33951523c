#include "frugal/kernels/matmul.h"

#include "frugal/base/error.h"
#include "frugal/kernels/block_format.h"
#include "frugal/kernels/quantize.h"
#include "frugal/kernels/tables.h"

namespace frugal::kernels {

namespace {

/// The entry of the table for this type, or null when there is none.
Multiply block_entry(const BlockProducts& products, DType type) {
  switch (type) {
    case DType::kQ4_0:
      return products.q4_0;
    case DType::kQ4_1:
      return products.q4_1;
    case DType::kQ5_0:
      return products.q5_0;
    case DType::kQ5_1:
      return products.q5_1;
    case DType::kQ8_0:
      return products.q8_0;
    case DType::kQ2_K:
      return products.q2_k;
    case DType::kQ3_K:
      return products.q3_k;
    case DType::kQ4_K:
      return products.q4_k;
    case DType::kQ5_K:
      return products.q5_k;
    case DType::kQ6_K:
      return products.q6_k;
    case DType::kIQ4_NL:
      return products.iq4_nl;
    case DType::kIQ4_XS:
      return products.iq4_xs;
    case DType::kMXFP4:
      return products.mxfp4;
    default:
      return nullptr;
  }
}

Multiply entry(const Kernels& kernels, DType type) {
  switch (type) {
    case DType::kF32:
      return kernels.matmul_f32;
    case DType::kF16:
      return kernels.matmul_f16;
    case DType::kBF16:
      return kernels.matmul_bf16;
    default:
      return block_entry(kernels.matmul_blocks, type);
  }
}

}  // namespace

bool can_multiply(DType type) {
  return type == DType::kF32 || type == DType::kF16 || type == DType::kBF16 || wants_blocks(type);
}

bool wants_blocks(DType type) {
  return block_entry(scalar::table().matmul_blocks, type) != nullptr;
}

void matmul(const Kernels& kernels, const StoredMatrix& w, const Activations& x,
            std::size_t row_begin, std::size_t row_end, MatrixView<float> out) {
  FRUGAL_CHECK(can_multiply(w.type));
  FRUGAL_CHECK(row_begin <= row_end && row_end <= w.rows);
  FRUGAL_CHECK(x.x.cols == w.cols);
  FRUGAL_CHECK(x.x.rows == out.rows);
  FRUGAL_CHECK(out.cols == w.rows);
  const std::optional<std::size_t> row = row_bytes(w.type, w.cols);
  FRUGAL_CHECK(row.has_value() && w.row_bytes >= *row);
  FRUGAL_CHECK(x.quantized.values != nullptr || !wants_blocks(w.type));
  entry(kernels, w.type)({.weights = w.data + (row_begin * w.row_bytes),
                          .row_bytes = w.row_bytes,
                          .rows = row_end - row_begin,
                          .cols = w.cols,
                          .x = x.x.data,
                          .x_stride = x.x.stride,
                          .quantized = x.quantized,
                          .batch = x.x.rows,
                          .out = out.data + row_begin,
                          .out_stride = out.stride});
}

Cost matmul_cost(DType type, std::uint64_t rows, std::uint64_t cols, std::uint64_t batch) {
  FRUGAL_CHECK(can_multiply(type));
  const std::optional<std::size_t> row = row_bytes(type, cols);
  FRUGAL_CHECK(row.has_value());
  const std::uint64_t results = rows * batch;
  Cost cost;
  cost.add(Traffic::kDram, rows * row.value_or(0)).add(Traffic::kCache, 4 * results);
  if (!wants_blocks(type)) {
    return cost.add(Op::kFloat, 2 * results * cols).add(Traffic::kCache, 4 * batch * cols);
  }
  const BlockFormat format = block_format(type);
  const std::uint64_t blocks = cols / kActivationBlock;
  const std::uint64_t group_ops = format.arithmetic == Arithmetic::kGrouped ? 4 : 0;
  const auto minima = static_cast<std::uint64_t>(format.minima);
  return cost.add(Op::kInt8, results * ((2 * cols) + (group_ops * blocks)))
      .add(Op::kFloat, results * blocks * (3 + (2 * minima)))
      .add(Traffic::kCache, batch * (cols + (blocks * sizeof(ActivationBlock))));
}

}  // namespace frugal::kernels
