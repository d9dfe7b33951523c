#include "frugal/base/atomic_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <system_error>
#include <utility>

#include "frugal/base/error.h"
#include "frugal/base/str.h"

namespace frugal {

namespace {
constexpr std::size_t kBufferBytes = std::size_t{1} << 20U;

std::filesystem::path folder_of(const std::filesystem::path& target) {
  return target.has_parent_path() ? target.parent_path() : std::filesystem::path(".");
}
}  // namespace

Error system_error(int code, const std::filesystem::path& path, std::string_view what) {
  ErrorKind kind = ErrorKind::kIo;
  if (code == ENOENT || code == ENOTDIR) kind = ErrorKind::kNotFound;
  if (code == EACCES || code == EPERM || code == EROFS) kind = ErrorKind::kPermission;
  return {kind, str("{}: {}: {}", path.string(), what, std::strerror(code))};
}

AtomicFile::AtomicFile(std::filesystem::path target) : target_(std::move(target)) {
  buffer_.reserve(kBufferBytes);
  const std::filesystem::path folder = folder_of(target_);
  std::error_code ignored;  // what cannot be looked at is refused by the system just below
  const auto type = std::filesystem::status(target_, ignored).type();
  if (std::filesystem::exists(std::filesystem::file_status(type)) &&
      type != std::filesystem::file_type::regular) {  // replacing /dev/null would harm everyone
    throw Error(ErrorKind::kInvalidArgument,
                str("{}: a folder or a device, expected a file or a free name", target_.string()));
  }
  descriptor_ = ::open(folder.c_str(), O_TMPFILE | O_WRONLY | O_CLOEXEC, 0666);
  if (descriptor_ >= 0) return;
  if (errno != EOPNOTSUPP && errno != EISDIR && errno != EINVAL) fail(errno, "cannot write");
  std::string name = (folder / str(".{}.XXXXXX", target_.filename().string())).string();
  descriptor_ = ::mkostemp(name.data(), O_CLOEXEC);
  if (descriptor_ < 0) fail(errno, "cannot write");
  temporary_ = name;
}

AtomicFile::~AtomicFile() {
  if (descriptor_ >= 0) ::close(descriptor_);
  if (!temporary_.empty()) ::unlink(temporary_.c_str());
}

void AtomicFile::fail(int code, std::string_view what) const {
  throw system_error(code, target_, what);
}

void AtomicFile::write(std::string_view text) {
  write(std::as_bytes(std::span(text.data(), text.size())));
}

void AtomicFile::write(std::span<const std::byte> bytes) {
  size_ += bytes.size();
  if (buffer_.size() + bytes.size() > kBufferBytes) flush();
  if (bytes.size() >= kBufferBytes) {
    write_all(bytes);
  } else {
    buffer_.insert(buffer_.end(), bytes.begin(), bytes.end());
  }
}

void AtomicFile::flush() {
  write_all(buffer_);
  buffer_.clear();
}

void AtomicFile::write_all(std::span<const std::byte> bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(descriptor_, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) fail(errno, "cannot write");
    bytes = bytes.subspan(static_cast<std::size_t>(written));
  }
}

// A file without a name cannot replace one that exists: it first gets a temporary name, for the
// instant until the rename.
void AtomicFile::name_file() {
  if (!temporary_.empty()) return;
  const std::string self = str("/proc/self/fd/{}", descriptor_);
  for (int attempt = 0; attempt < 100; ++attempt) {
    const std::filesystem::path name =
        folder_of(target_) / str(".{}.{}-{}", target_.filename().string(), ::getpid(), attempt);
    if (::linkat(AT_FDCWD, self.c_str(), AT_FDCWD, name.c_str(), AT_SYMLINK_FOLLOW) == 0) {
      temporary_ = name;
      return;
    }
    if (errno != EEXIST) break;
  }
  fail(errno, "cannot name the finished file");
}

void AtomicFile::commit() {
  FRUGAL_CHECK(descriptor_ >= 0);
  flush();
  if (::fsync(descriptor_) != 0) fail(errno, "cannot write");
  if (!temporary_.empty()) {  // mkostemp made it 0600
    const mode_t mask = ::umask(0);
    ::umask(mask);
    if (::fchmod(descriptor_, 0666 & ~mask) != 0) fail(errno, "cannot set the mode");
  }
  name_file();
  if (::rename(temporary_.c_str(), target_.c_str()) != 0) fail(errno, "cannot replace");
  temporary_.clear();
  ::close(std::exchange(descriptor_, -1));
  const int folder = ::open(folder_of(target_).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (folder >= 0) {
    ::fsync(folder);  // the name itself; some file systems refuse, the data are safe either way
    ::close(folder);
  }
}

std::string read_text_file(const std::filesystem::path& path, std::uint64_t max_bytes) {
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) throw system_error(errno, path, "cannot read");
  struct Closer {
    int descriptor;
    ~Closer() { ::close(descriptor); }
  } const closer{descriptor};
  std::string text;
  std::vector<char> chunk(1U << 16U);
  while (true) {
    const ssize_t count = ::read(descriptor, chunk.data(), chunk.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) throw system_error(errno, path, "cannot read");
    if (count == 0) return text;
    text.append(chunk.data(), static_cast<std::size_t>(count));
    if (text.size() > max_bytes) {
      throw Error(ErrorKind::kInvalidArgument,
                  str("{}: larger than {}", path.string(), human_bytes(max_bytes)));
    }
  }
}

}  // namespace frugal
