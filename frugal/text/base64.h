#pragma once

/// Bytes written as text.

#include <optional>
#include <string>
#include <string_view>

namespace frugal::text {

/// The bytes of a base64 text; nothing where it is malformed.  Padding may be absent.
///
/// Threads: safe from all.
/// Source:  RFC 4648, section 4.
[[nodiscard]] std::optional<std::string> decode_base64(std::string_view text);

}  // namespace frugal::text
