#pragma once

/// Private to this folder: see the avx2 folder's file of this name.

#include "frugal/kernels/block_format.h"
#include "frugal/kernels/panel.h"

namespace frugal::kernels::avx512vnni {

template <BlockFormat kFormat>
void multiply_panel(const PanelArgs& args);

}  // namespace frugal::kernels::avx512vnni
