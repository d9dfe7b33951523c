// The messages are so few that they are encoded by hand.  A field of a protobuf message is a key,
// number · 8 + wire type, and its value: a varint (type 0), 8 or 4 bytes (1, 5), or a length and
// bytes (2).
//
//   Event    { double wall_time = 1; int64 step = 2; string file_version = 3; Summary summary = 5;
//              SessionLog session_log = 7; }
//   Summary  { repeated Value value = 1; }      Value { string tag = 1; float simple_value = 2; }
//   SessionLog { Status status = 1; }           START = 1: later steps of older files are void

#include "frugal/train/events.h"

#include <fcntl.h>
#include <unistd.h>

#include <bit>
#include <cerrno>
#include <chrono>
#include <cmath>
#include <cstring>
#include <utility>

#include "frugal/base/atomic_file.h"
#include "frugal/base/crc32c.h"
#include "frugal/base/error.h"
#include "frugal/base/str.h"

namespace frugal::train {
namespace {

constexpr int kMaxAttempts = 1000;

double system_seconds() {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return std::chrono::duration<double>(now).count();
}

template <class T>
void put_fixed(std::string& out, T value) {
  char raw[sizeof(T)];
  std::memcpy(raw, &value, sizeof(T));
  out.append(raw, sizeof(T));
}

void put_varint(std::string& out, std::uint64_t value) {
  for (; value >= 0x80; value >>= 7U) out += static_cast<char>((value & 0x7FU) | 0x80U);
  out += static_cast<char>(value);
}

void put_bytes(std::string& out, std::uint64_t field, std::string_view bytes) {
  put_varint(out, (field * 8) + 2);
  put_varint(out, bytes.size());
  out += bytes;
}

std::string event_head(double wall_time, std::int64_t step) {
  std::string out;
  put_varint(out, (1 * 8) + 1);
  put_fixed(out, wall_time);
  put_varint(out, 2 * 8);
  put_varint(out, static_cast<std::uint64_t>(step));
  return out;
}

std::uint32_t masked_crc(std::string_view bytes) {
  const std::uint32_t crc = crc32c(std::as_bytes(std::span(bytes.data(), bytes.size())));
  return std::rotr(crc, 15) + 0xA282EAD8U;
}

}  // namespace

std::string tf_record(std::string_view bytes) {
  std::string out;
  put_fixed(out, std::uint64_t{bytes.size()});
  put_fixed(out, masked_crc(out));
  out += bytes;
  put_fixed(out, masked_crc(bytes));
  return out;
}

EventFile::EventFile(const std::filesystem::path& folder, std::int64_t first_step, WallClock clock)
    : clock_(clock ? std::move(clock) : WallClock(system_seconds)) {
  const double now = clock_();
  open(folder, now);
  std::string version = event_head(now, 0);
  put_bytes(version, 3, "brain.Event:2");
  append(version);
  if (first_step <= 0) return;
  std::string start = event_head(now, first_step);
  put_bytes(start, 7, std::string_view("\x08\x01", 2));
  append(start);
}

EventFile::Descriptor::~Descriptor() {
  if (number >= 0) ::close(number);
}

// Readers take the files of a folder in the order of their names.
void EventFile::open(const std::filesystem::path& folder, double now) {
  for (int attempt = 0; attempt < kMaxAttempts; ++attempt) {
    path_ = folder / str("events.out.tfevents.{:010.0f}.frugal.{:03}", std::floor(now), attempt);
    descriptor_.number =
        ::open(path_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC, 0666);
    if (descriptor_.number >= 0) return;
    if (errno != EEXIST) break;
  }
  throw system_error(errno, path_, "cannot write");
}

void EventFile::append(const std::string& event) {
  const std::string record = tf_record(event);
  std::string_view left = record;
  while (!left.empty()) {
    const ssize_t written = ::write(descriptor_.number, left.data(), left.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) {
      const int code = errno;
      // Half a record would hide all that follow it; when this fails too, nothing more can be done.
      [[maybe_unused]] const int ignored =
          ::ftruncate(descriptor_.number, static_cast<off_t>(size_));
      throw system_error(code, path_, "cannot write");
    }
    left.remove_prefix(static_cast<std::size_t>(written));
  }
  size_ += record.size();
}

void EventFile::add(std::int64_t step, std::span<const Scalar> scalars) {
  std::string summary;
  for (const Scalar& scalar : scalars) {
    std::string value;
    put_bytes(value, 1, scalar.tag);
    put_varint(value, (2 * 8) + 5);
    put_fixed(value, scalar.value);
    put_bytes(summary, 1, value);
  }
  std::string event = event_head(clock_(), step);
  put_bytes(event, 5, summary);
  append(event);
}

}  // namespace frugal::train
