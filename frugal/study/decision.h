#pragma once

/// What a study says of a plan.

namespace frugal::study {

/// kStopped: not tried to the end, because others did better.
enum class Decision { kChosen, kAccepted, kRefused, kStopped };

}  // namespace frugal::study
