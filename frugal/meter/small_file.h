#pragma once

/// The first bytes of a small pseudo-file, read afresh each time.  Private to `meter`.

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

namespace frugal::meter {

/// Either `text` or the errno that says why not.
struct SmallFile {
  std::optional<std::string> text;
  int code = 0;
};

/// At most `max_bytes` from the start of a regular file: one open, one pread, one close.  Opened
/// anew at each call, because a zone that was removed and came back is another file; never waits
/// on a pipe or a device.
///
/// Errors: none; directories, loops of links, devices and refusals come back as `code`.
[[nodiscard]] SmallFile read_prefix(const std::filesystem::path& path, std::size_t max_bytes = 128);

/// One non-negative decimal number and white space around it.
struct SmallNumber {
  std::optional<std::uint64_t> value;
  int code = 0;         ///< errno, when the file could not be read
  std::string problem;  ///< why there is no value: "cannot be read (Permission denied)"
};
[[nodiscard]] SmallNumber read_number(const std::filesystem::path& path);

}  // namespace frugal::meter
