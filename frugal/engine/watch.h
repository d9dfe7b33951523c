#pragma once

/// What passes through a network, for those who measure it.

#include <functional>
#include <span>

#include "frugal/model/model.h"
#include "frugal/tensor/view.h"

namespace frugal::engine {

/// Told of every product of the network before it is computed: the matrices (those that share their
/// input come together) and the input, a row per token.  On the caller's thread; what it throws
/// leaves through forward.
using ProductWatch =
    std::function<void(std::span<const model::Weight* const> weights, MatrixView<const float> x)>;

}  // namespace frugal::engine
