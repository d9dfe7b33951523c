#pragma once

/// A file's bytes in memory without reading them first.

#include <cstddef>
#include <filesystem>
#include <span>

namespace frugal::format {

/// The whole of a regular file, mapped private and read-only.  The pages stay valid when the file
/// is replaced or unlinked; a file that another process cuts short while it is mapped is out of
/// scope (the operating system answers a read past its new end with SIGBUS).
///
/// Errors: kNotFound, kPermission, kIo; kInvalidArgument for a folder, pipe or device.
/// Threads: const after construction; safe from all.
class MappedFile {
 public:
  explicit MappedFile(const std::filesystem::path& path);
  ~MappedFile();
  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;

  /// Empty for an empty file.
  [[nodiscard]] std::span<const std::byte> bytes() const { return bytes_; }

 private:
  std::span<const std::byte> bytes_;
};

}  // namespace frugal::format
