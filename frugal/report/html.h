#pragma once

/// Text from a ledger is untrusted: these two functions are its only way into a page.

#include <cstddef>
#include <string>
#include <string_view>

#include "frugal/base/json.h"

namespace frugal::report {

/// Text that may stand between tags or in a quoted attribute: the five characters that mean
/// something to HTML become entities; control characters and invalid UTF-8 become visible
/// (`\x1b`); longer texts are cut with "…".
[[nodiscard]] std::string escape(std::string_view text, std::size_t max_bytes = 400);

/// JSON that may stand inside <script type="application/json">: `<`, `>` and `&` are written as
/// \u003c, \u003e and \u0026, so no tag, comment or entity can begin in it.
[[nodiscard]] std::string script_json(const Json& json);

}  // namespace frugal::report
