#include "frugal/meter/small_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

#include "frugal/base/str.h"

namespace frugal::meter {

namespace {

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

}  // namespace

SmallFile read_prefix(const std::filesystem::path& path, std::size_t max_bytes) {
  // O_NONBLOCK: a pipe laid in place of a counter must not hang the meter.
  const Descriptor file(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (file.get() < 0) return {.text = std::nullopt, .code = errno};
  struct stat status {};
  if (fstat(file.get(), &status) != 0) return {.text = std::nullopt, .code = errno};
  if (S_ISDIR(status.st_mode)) return {.text = std::nullopt, .code = EISDIR};
  if (!S_ISREG(status.st_mode)) return {.text = std::nullopt, .code = EINVAL};
  std::string text(max_bytes, '\0');
  ssize_t got = 0;
  do {
    got = pread(file.get(), text.data(), text.size(), 0);
  } while (got < 0 && errno == EINTR);
  if (got < 0) return {.text = std::nullopt, .code = errno};
  text.resize(static_cast<std::size_t>(got));
  return {.text = std::move(text), .code = 0};
}

SmallNumber read_number(const std::filesystem::path& path) {
  constexpr std::size_t kLongest = 64;  // 20 digits fit many times
  const SmallFile file = read_prefix(path, kLongest);
  if (!file.text) {
    return {.value = std::nullopt,
            .code = file.code,
            .problem = str("cannot be read ({})", std::generic_category().message(file.code))};
  }
  const std::string_view digits = trim(*file.text);
  const auto number = file.text->size() < kLongest ? parse_int(digits) : std::nullopt;
  if (!number || *number < 0) {
    return {.value = std::nullopt,
            .code = 0,
            .problem = str("holds '{}', expected a count", printable(digits, 24))};
  }
  return {.value = static_cast<std::uint64_t>(*number), .code = 0, .problem = {}};
}

}  // namespace frugal::meter
