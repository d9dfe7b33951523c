#pragma once

/// Private to this folder: one table from each instruction set's folder.

#include "frugal/kernels/kernels.h"

namespace frugal::kernels {

namespace scalar {
const Kernels& table();
}

namespace avx2 {
const Kernels& table();  ///< starts from scalar and replaces what it improves
}

namespace avx512 {
const Kernels& table();  ///< starts from avx2 and replaces what it improves
}

namespace avx512vnni {
const Kernels& table();  ///< starts from avx512 and replaces what it improves
}

}  // namespace frugal::kernels
