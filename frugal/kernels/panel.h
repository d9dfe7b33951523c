#pragma once

/// Private to this folder: products with many activation rows.  Sixteen stored rows of any format
/// are unpacked once into one layout, and one product per instruction set runs over that layout.

#include "frugal/kernels/block_format.h"
#include "frugal/kernels/kernels.h"

namespace frugal::kernels {

inline constexpr std::size_t kPanelRows = 16;

/// 32 columns of sixteen rows; which of the last members are filled is said by BlockFormat.
struct alignas(64) PanelBlock {
  std::uint8_t weights[8][64];            ///< u of row r, column 4k + j at [k][4r + j]
  float scales[kPanelRows];               ///< [row]
  float minima[2][kPanelRows];            ///< [group][row]
  std::int16_t groups[2][kPanelRows][2];  ///< [group][row]: the factor of the group, twice
};

/// Asks for memory ahead of its use, in order, spread over the time that other work takes.  Stored
/// rows side by side are many streams, each too short for the processor to see it coming: without
/// this, half of the memory's rate is lost.
class Ahead {
 public:
  Ahead() = default;
  /// The bytes of [next, end), `step` of them at each call of `advance`.
  Ahead(const std::byte* next, const std::byte* end, std::size_t step)
      : next_(next), size_(next < end ? static_cast<std::size_t>(end - next) : 0), step_(step) {}

  void advance() {
    for (due_ += step_; asked_ < due_ && asked_ < size_; asked_ += kLine) {
      __builtin_prefetch(next_ + asked_);
    }
  }

 private:
  static constexpr std::size_t kLine = 64;
  const std::byte* next_ = nullptr;
  std::size_t size_ = 0;
  std::size_t step_ = 0;
  std::size_t asked_ = 0;
  std::size_t due_ = 0;
};

struct UnpackArgs {
  const std::byte* weights;  ///< the first stored block wanted of the first row
  std::size_t row_bytes;
  std::size_t rows;    ///< 1 to 16; the last is repeated where there are fewer
  std::size_t blocks;  ///< of 32 columns, whole stored blocks
  PanelBlock* panel;   ///< [blocks]
};

struct PanelArgs {
  const PanelBlock* panel;  ///< [blocks]
  std::size_t blocks;
  QuantizedView x;   ///< the first activation row, from the panel's first column on
  std::size_t cols;  ///< from one activation row to the next
  std::size_t batch;
  float* out;  ///< [batch][out_stride], `rows` results each
  std::size_t out_stride;
  std::size_t rows;  ///< 1 to 16
  bool first;        ///< whether results start at 0 rather than at what `out` holds
  Ahead ahead;       ///< advanced once a block while the first activation rows are multiplied
};

/// One activation row.
struct Activation {
  const std::int8_t* values;
  const ActivationBlock* blocks;
};

static inline Activation activation(const QuantizedView& x, std::size_t cols, std::size_t row) {
  return {x.values + (row * cols), x.blocks + (row * (cols / 32))};
}

/// The parts of one format's product.
struct BlockMatmul {
  StoredBlock stored;
  Multiply few;  ///< on the rows as stored
  void (*unpack)(const UnpackArgs&);
  void (*product)(const PanelArgs&);
  std::size_t largest_few;  ///< the largest batch for which `few` is the faster
};

/// args.out = the product, by `few` or by panels: the bits are the same.
void multiply_blocks(const BlockMatmul& parts, const MatmulArgs& args);

}  // namespace frugal::kernels
