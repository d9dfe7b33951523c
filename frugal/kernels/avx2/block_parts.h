#pragma once

/// Private to the x86 folders: the parts of block products that later instruction sets share.  Only
/// declarations: each template is instantiated, for every block type, in a source file of this
/// folder.

#include "frugal/kernels/block_format.h"
#include "frugal/kernels/panel.h"

namespace frugal::kernels::avx2 {

/// The product with few activation rows, on the weights as stored.
template <DType kType>
void multiply_few(const MatmulArgs& args);

/// Sixteen stored rows to one panel.
template <DType kType>
void unpack(const UnpackArgs& args);

/// One panel times activation rows.
template <BlockFormat kFormat>
void multiply_panel(const PanelArgs& args);

}  // namespace frugal::kernels::avx2
