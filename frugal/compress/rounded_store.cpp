#include "frugal/compress/rounded_store.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <optional>

#include "frugal/base/atomic_file.h"
#include "frugal/base/crc32c.h"
#include "frugal/base/error.h"
#include "frugal/base/json.h"
#include "frugal/base/str.h"
#include "frugal/format/mapped_file.h"

namespace frugal::compress {

namespace {

constexpr std::string_view kMagic = "FRGROUND";
constexpr std::uint32_t kVersion = 2;
constexpr std::size_t kSumBytes = sizeof(std::uint32_t);
// Lengths of the note (u32) and of the rows (u64).
constexpr std::size_t kHeadBytes = sizeof(std::uint32_t) + sizeof(std::uint64_t);

template <class T>
void put(std::vector<std::byte>& to, const T& value) {
  const auto bytes = std::as_bytes(std::span(&value, 1));
  to.insert(to.end(), bytes.begin(), bytes.end());
}

void put(std::vector<std::byte>& to, std::span<const std::byte> bytes) {
  to.insert(to.end(), bytes.begin(), bytes.end());
}

template <class T>
T get(std::span<const std::byte> from, std::size_t at) {
  T value{};
  std::memcpy(&value, from.data() + at, sizeof value);
  return value;
}

std::span<const std::byte> bytes_of(std::string_view text) {
  return std::as_bytes(std::span(text.data(), text.size()));
}

std::vector<std::byte> header_of(std::string_view key) {
  std::vector<std::byte> header;
  put(header, bytes_of(kMagic));
  put(header, kVersion);
  put(header, static_cast<std::uint32_t>(key.size()));
  put(header, bytes_of(key));
  put(header, crc32c(header));
  return header;
}

// Losses as bits: text would round them.
std::uint64_t bits_of(double value) {
  std::uint64_t out = 0;
  std::memcpy(&out, &value, sizeof out);
  return out;
}

std::string note_of(const RoundedRecord& record) {
  Json note = {{"tensor", record.tensor},
               {"type", name(record.type)},
               {"fed_back", record.fed_back},
               {"damping", bits_of(record.damping)},
               {"dead", record.dead}};
  if (record.loss_plain) note["loss_plain"] = bits_of(*record.loss_plain);
  if (record.loss_fed_back) note["loss_fed_back"] = bits_of(*record.loss_fed_back);
  if (record.zeros) note["zeros"] = *record.zeros;
  return to_line(note);
}

RoundedRecord record_of(std::string_view note, const std::string& where) {
  const Json json = parse_json(note, where);
  const auto whole = [&](const char* key) -> std::optional<std::uint64_t> {
    if (!json.contains(key)) return std::nullopt;
    return json.at(key).get<std::uint64_t>();
  };
  const auto number = [&](const char* key) -> std::optional<double> {
    const auto bits = whole(key);
    double out = 0.0;
    if (bits) std::memcpy(&out, &*bits, sizeof out);
    return bits ? std::optional(out) : std::nullopt;
  };
  const auto type = dtype_from_name(json.at("type").get<std::string>());
  if (!type) throw Error(ErrorKind::kCorrupt, str("{}: a type that is not known", where));
  return {.tensor = json.at("tensor").get<std::string>(),
          .type = *type,
          .fed_back = json.at("fed_back").get<bool>(),
          .loss_plain = number("loss_plain"),
          .loss_fed_back = number("loss_fed_back"),
          .damping = number("damping").value_or(0.0),
          .dead = json.at("dead").get<std::uint64_t>(),
          .zeros = whole("zeros")};
}

// The lengths of the record that begins here; nothing: it is not whole.
struct Lengths {
  std::size_t note = 0;
  std::size_t rows = 0;
  [[nodiscard]] std::size_t all() const { return kHeadBytes + note + rows + kSumBytes; }
};

std::optional<Lengths> whole_record(std::span<const std::byte> from) {
  if (from.size() < kHeadBytes + kSumBytes) return std::nullopt;
  const std::size_t room = from.size() - kHeadBytes - kSumBytes;
  const auto note = get<std::uint32_t>(from, 0);
  const auto rows = get<std::uint64_t>(from, sizeof note);
  if (note > room || rows > room - note) return std::nullopt;
  const Lengths lengths{.note = note, .rows = rows};
  const std::size_t summed = lengths.all() - kSumBytes;
  if (crc32c(from.first(summed)) != get<std::uint32_t>(from, summed)) return std::nullopt;
  return lengths;
}

}  // namespace

RoundedStore::RoundedStore(std::filesystem::path path, std::string_view key)
    : path_(std::move(path)) {
  descriptor_ = ::open(path_.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666);
  if (descriptor_ < 0) throw system_error(errno, path_, "cannot write");
  try {
    if (::flock(descriptor_, LOCK_EX | LOCK_NB) != 0) {
      throw Error(ErrorKind::kPermission,
                  str("{}: another job writes it, expected to be the only one", path_.string()));
    }
    load(key);
  } catch (...) {
    ::close(descriptor_);
    throw;
  }
}

RoundedStore::~RoundedStore() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

void RoundedStore::load(std::string_view key) {
  const format::MappedFile file(path_);
  const std::span<const std::byte> bytes = file.bytes();
  const auto magic = bytes_of(kMagic).first(std::min(kMagic.size(), bytes.size()));
  if (!std::equal(magic.begin(), magic.end(), bytes.begin())) {
    throw Error(ErrorKind::kInvalidArgument,
                str("{}: some other file, expected none or what a stopped job left behind",
                    path_.string()));
  }
  const std::vector<std::byte> header = header_of(key);
  if (bytes.size() < header.size() || !std::equal(header.begin(), header.end(), bytes.begin())) {
    return begin(key);
  }
  end_ = header.size();
  while (const auto lengths = whole_record(bytes.subspan(end_))) {
    const auto note = bytes.subspan(end_ + kHeadBytes, lengths->note);
    const std::string text(reinterpret_cast<const char*>(note.data()), note.size());
    entries_.push_back({.record = record_of(text, path_.string()),
                        .offset = end_,
                        .bytes = lengths->all(),
                        .rows_at = kHeadBytes + lengths->note});
    end_ += lengths->all();
  }
  if (::ftruncate(descriptor_, static_cast<off_t>(end_)) != 0) {
    throw system_error(errno, path_, "cannot cut");
  }
}

void RoundedStore::begin(std::string_view key) {
  if (::ftruncate(descriptor_, 0) != 0) throw system_error(errno, path_, "cannot cut");
  append(header_of(key));
}

void RoundedStore::append(std::span<const std::byte> bytes) {
  std::uint64_t at = end_;
  while (!bytes.empty()) {
    const ssize_t written =
        ::pwrite(descriptor_, bytes.data(), bytes.size(), static_cast<off_t>(at));
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) throw system_error(errno, path_, "cannot write");
    bytes = bytes.subspan(static_cast<std::size_t>(written));
    at += static_cast<std::uint64_t>(written);
  }
  if (::fdatasync(descriptor_) != 0) throw system_error(errno, path_, "cannot write");
  end_ = at;
}

const RoundedStore::Entry* RoundedStore::entry(std::string_view tensor) const {
  const auto found = std::find_if(entries_.begin(), entries_.end(), [tensor](const Entry& each) {
    return each.record.tensor == tensor;
  });
  return found == entries_.end() ? nullptr : &*found;
}

const RoundedRecord* RoundedStore::find(std::string_view tensor) const {
  const Entry* found = entry(tensor);
  return found == nullptr ? nullptr : &found->record;
}

std::vector<RoundedRecord> RoundedStore::records() const {
  std::vector<RoundedRecord> all;
  for (const Entry& each : entries_) all.push_back(each.record);
  return all;
}

std::vector<std::byte> RoundedStore::read(std::string_view tensor) const {
  const Entry* found = entry(tensor);
  FRUGAL_CHECK(found != nullptr);
  std::vector<std::byte> bytes(found->bytes);
  std::size_t done = 0;
  while (done < bytes.size()) {
    const ssize_t count = ::pread(descriptor_, bytes.data() + done, bytes.size() - done,
                                  static_cast<off_t>(found->offset + done));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) throw system_error(errno, path_, "cannot read");
    if (count == 0) break;
    done += static_cast<std::size_t>(count);
  }
  if (done < bytes.size() || !whole_record(bytes)) {
    throw Error(ErrorKind::kCorrupt,
                str("{}: tensor '{}' is not as it was written", path_.string(), printable(tensor)));
  }
  return {bytes.begin() + static_cast<std::ptrdiff_t>(found->rows_at),
          bytes.end() - static_cast<std::ptrdiff_t>(kSumBytes)};
}

void RoundedStore::add(const RoundedRecord& record, std::span<const std::byte> stored) {
  FRUGAL_CHECK(find(record.tensor) == nullptr);
  const std::string note = note_of(record);
  std::vector<std::byte> bytes;
  bytes.reserve(kHeadBytes + note.size() + stored.size() + kSumBytes);
  put(bytes, static_cast<std::uint32_t>(note.size()));
  put(bytes, static_cast<std::uint64_t>(stored.size()));
  put(bytes, bytes_of(note));
  put(bytes, stored);
  put(bytes, crc32c(bytes));
  const Entry added{
      .record = record, .offset = end_, .bytes = bytes.size(), .rows_at = kHeadBytes + note.size()};
  append(bytes);
  entries_.push_back(added);
}

void RoundedStore::remove() {
  if (::unlink(path_.c_str()) != 0) throw system_error(errno, path_, "cannot remove");
}

}  // namespace frugal::compress
