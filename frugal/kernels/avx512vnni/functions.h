#pragma once

/// Private to this folder: what table.cpp collects.  Contracts stand in kernels.h.

#include "frugal/kernels/kernels.h"

namespace frugal::kernels::avx512vnni {

BlockProducts block_products();

}  // namespace frugal::kernels::avx512vnni
