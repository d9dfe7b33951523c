// The loops around the panel product.  Four panels of sixteen rows and 256 columns, as far as a
// format fills them, take about 18 KiB: they stay in the first-level cache while all activation
// rows pass by, eight at a time, each eight meeting both panels.

#include "frugal/kernels/panel.h"

#include <algorithm>

namespace frugal::kernels {

namespace {

constexpr std::size_t kBlocks = 8;  // of 32 columns: one of the largest stored blocks
constexpr std::size_t kPanels = 4;
constexpr std::size_t kActivationRows = 8;

using Panels = PanelBlock[kPanels][kBlocks];

/// A part of the product: rows [row, row + rows), blocks of 32 columns [block, block + blocks).
struct Part {
  std::size_t row;
  std::size_t rows;
  std::size_t block;
  std::size_t blocks;
};

std::size_t rows_of_panel(const Part& part, std::size_t panel) {
  return std::min(part.rows - (panel * kPanelRows), kPanelRows);
}

void unpack_part(const BlockMatmul& parts, const MatmulArgs& args, const Part& part,
                 Panels& panels) {
  const std::size_t offset = part.block / parts.stored.blocks * parts.stored.bytes;
  for (std::size_t p = 0; p * kPanelRows < part.rows; ++p) {
    const std::size_t row = part.row + (p * kPanelRows);
    parts.unpack({.weights = args.weights + (row * args.row_bytes) + offset,
                  .row_bytes = args.row_bytes,
                  .rows = rows_of_panel(part, p),
                  .blocks = part.blocks,
                  .panel = panels[p]});
  }
}

void multiply_part(const BlockMatmul& parts, const MatmulArgs& args, const Part& part,
                   const Panels& panels) {
  for (std::size_t n = 0; n < args.batch; n += kActivationRows) {
    const Activation x = activation(args.quantized, args.cols, n);
    for (std::size_t p = 0; p * kPanelRows < part.rows; ++p) {
      parts.product({.panel = panels[p],
                     .blocks = part.blocks,
                     .x = {x.values + (32 * part.block), x.blocks + part.block},
                     .cols = args.cols,
                     .batch = std::min(args.batch - n, kActivationRows),
                     .out = args.out + (n * args.out_stride) + part.row + (p * kPanelRows),
                     .out_stride = args.out_stride,
                     .rows = rows_of_panel(part, p),
                     .first = part.block == 0});
    }
  }
}

}  // namespace

void multiply_blocks(const BlockMatmul& parts, const MatmulArgs& args) {
  if (args.batch <= parts.largest_few) return parts.few(args);
  alignas(64) Panels panels;
  const std::size_t blocks = args.cols / 32;
  for (std::size_t row = 0; row < args.rows; row += kPanels * kPanelRows) {
    const std::size_t rows = std::min(args.rows - row, kPanels * kPanelRows);
    for (std::size_t block = 0; block < blocks; block += kBlocks) {
      const Part part{row, rows, block, std::min(blocks - block, kBlocks)};
      unpack_part(parts, args, part, panels);
      multiply_part(parts, args, part, panels);
    }
  }
}

}  // namespace frugal::kernels
