#include "frugal/meter/small_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

#include "frugal/base/str.h"

namespace frugal::meter {

namespace {

constexpr std::size_t kLongestNumber = 64;  // 20 digits fit many times

/// Closes a descriptor at the end of a scope.
class Descriptor {
 public:
  explicit Descriptor(int number) : number_(number) {}
  ~Descriptor() {
    if (number_ >= 0) close(number_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  [[nodiscard]] int get() const { return number_; }

 private:
  int number_;
};

/// A descriptor of a regular file, or minus the errno that says why not.
int open_regular(const std::filesystem::path& path) {
  // O_NONBLOCK: a pipe laid in place of a counter must not hang the meter.
  const int number = open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (number < 0) return -errno;
  struct stat status {};
  int code = fstat(number, &status) == 0 ? 0 : errno;
  if (code == 0 && S_ISDIR(status.st_mode)) code = EISDIR;
  if (code == 0 && !S_ISREG(status.st_mode)) code = EINVAL;
  if (code == 0) return number;
  close(number);
  return -code;
}

SmallFile read_start(int number, std::size_t max_bytes) {
  std::string text(max_bytes, '\0');
  ssize_t got = 0;
  do {
    got = pread(number, text.data(), text.size(), 0);
  } while (got < 0 && errno == EINTR);
  if (got < 0) return {.text = std::nullopt, .code = errno};
  text.resize(static_cast<std::size_t>(got));
  return {.text = std::move(text), .code = 0};
}

SmallNumber number_of(const SmallFile& file) {
  if (!file.text) {
    return {.value = std::nullopt,
            .code = file.code,
            .problem = str("cannot be read ({})", std::generic_category().message(file.code))};
  }
  const std::string_view digits = trim(*file.text);
  const auto number = file.text->size() < kLongestNumber ? parse_int(digits) : std::nullopt;
  if (!number || *number < 0) {
    return {.value = std::nullopt,
            .code = 0,
            .problem = str("holds '{}', expected a count", printable(digits, 24))};
  }
  return {.value = static_cast<std::uint64_t>(*number), .code = 0, .problem = {}};
}

/// Whether an open file has no name any more; one that is there again is another.
bool is_removed(int number) {
  struct stat status {};
  return fstat(number, &status) != 0 || status.st_nlink == 0;
}

}  // namespace

SmallFile read_prefix(const std::filesystem::path& path, std::size_t max_bytes) {
  const Descriptor file(open_regular(path));
  if (file.get() < 0) return {.text = std::nullopt, .code = -file.get()};
  return read_start(file.get(), max_bytes);
}

SmallNumber read_number(const std::filesystem::path& path) {
  return number_of(read_prefix(path, kLongestNumber));
}

NumberFile::~NumberFile() {
  if (number_ >= 0) close(number_);
}

SmallNumber NumberFile::read() {
  if (number_ >= 0 && !is_removed(number_)) {
    const SmallFile file = read_start(number_, kLongestNumber);
    if (file.text) return number_of(file);
  }
  if (number_ >= 0) close(number_);
  number_ = open_regular(path_);
  if (number_ < 0) return number_of({.text = std::nullopt, .code = -number_});
  return number_of(read_start(number_, kLongestNumber));
}

}  // namespace frugal::meter
