#include "frugal/kernels/matmul.h"

#include "frugal/base/error.h"

namespace frugal::kernels {

namespace {

using Multiply = void (*)(const MatmulArgs&);

/// The entry of the table for this type, or null when there is none.
Multiply entry(const Kernels& kernels, DType type) {
  switch (type) {
    case DType::kF32:
      return kernels.matmul_f32;
    case DType::kF16:
      return kernels.matmul_f16;
    case DType::kBF16:
      return kernels.matmul_bf16;
    case DType::kQ8_0:
      return kernels.matmul_q8_0;
    case DType::kQ4_0:
      return kernels.matmul_q4_0;
    default:
      return nullptr;
  }
}

}  // namespace

bool can_multiply(DType type) {
  return type == DType::kF32 || type == DType::kF16 || type == DType::kBF16 || wants_blocks(type);
}

bool wants_blocks(DType type) {
  return type == DType::kQ8_0 || type == DType::kQ4_0;
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
  FRUGAL_CHECK(x.blocks != nullptr || !wants_blocks(w.type));
  entry(kernels, w.type)({.weights = w.data + (row_begin * w.row_bytes),
                          .row_bytes = w.row_bytes,
                          .rows = row_end - row_begin,
                          .cols = w.cols,
                          .x = x.x.data,
                          .x_stride = x.x.stride,
                          .x_blocks = x.blocks,
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
  const std::uint64_t blocks = cols / BlockQ8_0::kElements;
  return cost.add(Op::kInt8, 2 * results * cols)
      .add(Op::kFloat, 2 * results * blocks)
      .add(Traffic::kCache, batch * blocks * sizeof(BlockQ8_0));
}

}  // namespace frugal::kernels
