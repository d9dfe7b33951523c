#pragma once

/// The first bytes of a small pseudo-file, read afresh each time.  Private to `meter`.

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <utility>

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

/// The same number again and again: the file stays open, which halves what a read costs, and is
/// opened anew once it was removed.
///
/// Errors:  none, as above.
/// Threads: one at a time.
class NumberFile {
 public:
  explicit NumberFile(std::filesystem::path path) : path_(std::move(path)) {}
  ~NumberFile();
  NumberFile(const NumberFile&) = delete;
  NumberFile& operator=(const NumberFile&) = delete;

  [[nodiscard]] SmallNumber read();

 private:
  std::filesystem::path path_;
  int number_ = -1;
};

}  // namespace frugal::meter
