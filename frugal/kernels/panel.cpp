// The loops around the panel product.  A panel of 2048 columns takes 36 KiB as far as most formats
// fill it: it stays in the second-level cache, if not in the first, while all activation rows pass
// by.  Shorter panels were slower, for each starts and ends a register tile once more.
//
// While the first activation rows meet a panel, the memory of the next sixteen stored rows is asked
// for, so that unpacking them does not wait.

#include "frugal/kernels/panel.h"

#include <algorithm>

namespace frugal::kernels {

namespace {

constexpr std::size_t kBlocks = 64;  // of 32 columns, a multiple of what any type stores together

using Panel = PanelBlock[kBlocks];

/// A part of the product: rows [row, row + rows), blocks of 32 columns [block, block + blocks).
struct Part {
  std::size_t row;
  std::size_t rows;
  std::size_t block;
  std::size_t blocks;
};

void unpack_part(const BlockMatmul& parts, const MatmulArgs& args, const Part& part, Panel& panel) {
  const std::size_t offset = part.block / parts.stored.blocks * parts.stored.bytes;
  parts.unpack({.weights = args.weights + (part.row * args.row_bytes) + offset,
                .row_bytes = args.row_bytes,
                .rows = part.rows,
                .blocks = part.blocks,
                .panel = panel});
}

/// The share of the next sixteen rows that belongs to this part of the present ones.
Ahead next_rows(const MatmulArgs& args, const Part& part) {
  const std::size_t next = part.row + part.rows;
  const std::size_t rows = std::min(args.rows - next, kPanelRows);
  const std::size_t step = (rows * args.row_bytes / (args.cols / 32)) + 1;
  const std::byte* first = args.weights + (next * args.row_bytes);
  const std::byte* end = first + (rows * args.row_bytes);
  const std::size_t from = std::min(part.block * step, rows * args.row_bytes);
  return {first + from, end, step};
}

void multiply_part(const BlockMatmul& parts, const MatmulArgs& args, const Part& part,
                   const Panel& panel) {
  parts.product(
      {.panel = panel,
       .blocks = part.blocks,
       .x = {args.quantized.values + (32 * part.block), args.quantized.blocks + part.block},
       .cols = args.cols,
       .batch = args.batch,
       .out = args.out + part.row,
       .out_stride = args.out_stride,
       .rows = part.rows,
       .first = part.block == 0,
       .ahead = next_rows(args, part)});
}

}  // namespace

void multiply_blocks(const BlockMatmul& parts, const MatmulArgs& args) {
  if (args.batch <= parts.largest_few) return parts.few(args);
  alignas(64) Panel panel;
  const std::size_t blocks = args.cols / 32;
  for (std::size_t row = 0; row < args.rows; row += kPanelRows) {
    const std::size_t rows = std::min(args.rows - row, kPanelRows);
    for (std::size_t block = 0; block < blocks; block += kBlocks) {
      const Part part{row, rows, block, std::min(blocks - block, kBlocks)};
      unpack_part(parts, args, part, panel);
      multiply_part(parts, args, part, panel);
    }
  }
}

}  // namespace frugal::kernels
