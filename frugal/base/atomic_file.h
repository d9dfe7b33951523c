#pragma once

/// Writing a file so that its name never shows a half-written one.

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace frugal {

/// Bytes go to a file without a name in the target's folder (O_TMPFILE; a temporary name where the
/// file system has none).  `commit` flushes them to the disk and gives them the final name in one
/// step.  A process killed before that leaves what stood there before.
///
/// Errors: kPermission, kNotFound (no such folder), kIo (disk full) or kInvalidArgument (the target
///         is a folder or a device) with the path; the target is untouched and the temporary is
///         gone.
/// Threads: one at a time.
class AtomicFile {
 public:
  explicit AtomicFile(std::filesystem::path target);
  ~AtomicFile();
  AtomicFile(const AtomicFile&) = delete;
  AtomicFile& operator=(const AtomicFile&) = delete;

  void write(std::span<const std::byte> bytes);
  void write(std::string_view text);
  /// Bytes written so far.
  [[nodiscard]] std::uint64_t size() const { return size_; }
  /// To be called once, last.
  void commit();

 private:
  void flush();
  void write_all(std::span<const std::byte> bytes);
  void name_file();
  [[noreturn]] void fail(int code, std::string_view what) const;

  std::filesystem::path target_;
  std::filesystem::path temporary_;  ///< empty while the file has no name
  std::vector<std::byte> buffer_;
  std::uint64_t size_ = 0;
  int descriptor_ = -1;
};

/// Whole file as text.  Errors: kNotFound, kPermission, kIo, kInvalidArgument above `max_bytes`.
[[nodiscard]] std::string read_text_file(const std::filesystem::path& path,
                                         std::uint64_t max_bytes = 1ULL << 32U);

/// The Error for a failed system call on `path`: kNotFound, kPermission or kIo by `code` (errno).
[[nodiscard]] class Error system_error(int code, const std::filesystem::path& path,
                                       std::string_view what);

}  // namespace frugal
