#pragma once

/// Private to this folder: see the avx2 folder's file of this name.  Rows as stored are multiplied
/// and unpacked by the avx2 folder: a decoding step waits for memory, not for wider registers.

#include "frugal/kernels/avx2/block_parts.h"

namespace frugal::kernels::avx512vnni {

template <BlockFormat kFormat>
void multiply_panel(const PanelArgs& args);

}  // namespace frugal::kernels::avx512vnni
