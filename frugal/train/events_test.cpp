#include "frugal/train/events.h"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstring>
#include <map>
#include <vector>

#include "frugal/base/atomic_file.h"
#include "frugal/base/error.h"
#include "tests/support/tiny_model.h"

namespace frugal::train {
namespace {

// A reader of its own, which shares nothing with the writer: the checksum bit by bit, the messages
// field by field.
std::uint32_t slow_crc32c(std::string_view bytes) {
  std::uint32_t crc = 0xFFFFFFFF;
  for (const char c : bytes) {
    crc ^= static_cast<unsigned char>(c);
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1U) ^ (0x82F63B78U & (0U - (crc & 1U)));
  }
  return ~crc;
}

std::uint32_t slow_mask(std::uint32_t crc) {
  return ((crc >> 15U) | (crc << 17U)) + 0xA282EAD8U;
}

template <class T>
T read_at(std::string_view bytes, std::size_t at) {
  T value;
  std::memcpy(&value, bytes.substr(at, sizeof(T)).data(), sizeof(T));
  return value;
}

std::vector<std::string> records_of(std::string_view file) {
  std::vector<std::string> records;
  while (!file.empty()) {
    if (file.size() < 16) throw std::runtime_error("half a record");
    const auto length = static_cast<std::size_t>(read_at<std::uint64_t>(file, 0));
    if (file.size() < length + 16) throw std::runtime_error("half a record");
    EXPECT_EQ(read_at<std::uint32_t>(file, 8), slow_mask(slow_crc32c(file.substr(0, 8))));
    records.emplace_back(file.substr(12, length));
    EXPECT_EQ(read_at<std::uint32_t>(file, 12 + length), slow_mask(slow_crc32c(records.back())));
    file.remove_prefix(length + 16);
  }
  return records;
}

std::uint64_t take_varint(std::string_view& bytes) {
  std::uint64_t value = 0;
  for (unsigned shift = 0;; shift += 7) {
    const auto byte = static_cast<unsigned char>(bytes.at(0));
    bytes.remove_prefix(1);
    value |= static_cast<std::uint64_t>(byte & 0x7FU) << shift;
    if (byte < 0x80) return value;
  }
}

// Field numbers to raw values; varints as 8 bytes.
std::multimap<std::uint64_t, std::string> fields_of(std::string_view message) {
  std::multimap<std::uint64_t, std::string> fields;
  while (!message.empty()) {
    const std::uint64_t key = take_varint(message);
    std::size_t length = key % 8 == 1 ? 8 : 4;
    std::string value;
    if (key % 8 == 0) {
      const std::uint64_t number = take_varint(message);
      value.assign(reinterpret_cast<const char*>(&number), 8);
    } else {
      if (key % 8 == 2) length = static_cast<std::size_t>(take_varint(message));
      value = message.substr(0, length);
      message.remove_prefix(length);
    }
    fields.emplace(key / 8, value);
  }
  return fields;
}

std::string only(const std::multimap<std::uint64_t, std::string>& fields, std::uint64_t field) {
  EXPECT_EQ(fields.count(field), 1U) << field;
  const auto found = fields.find(field);
  return found == fields.end() ? std::string(8, '\0') : found->second;
}

EventFile::WallClock fixed_clock() {
  return [now = 1'700'000'000.25]() mutable { return now += 0.25; };
}

TEST(TfRecord, FramesWithKnownChecksums) {
  const std::string record = tf_record("123456789");
  ASSERT_EQ(record.size(), 25U);
  EXPECT_EQ(read_at<std::uint64_t>(record, 0), 9U);
  // CRC-32C of "123456789" is E3069283.
  EXPECT_EQ(read_at<std::uint32_t>(record, 21), slow_mask(0xE3069283U));
  EXPECT_EQ(slow_crc32c("123456789"), 0xE3069283U);
  EXPECT_EQ(records_of(record), std::vector<std::string>{"123456789"});
  EXPECT_EQ(records_of(tf_record("")), std::vector<std::string>{""});
}

TEST(EventFile, WritesWhatTensorBoardReads) {
  const test::TempFolder folder;
  EventFile file(folder.path(), 0, fixed_clock());
  const std::vector<Scalar> scalars = {{"loss/train", 2.5F}, {"joules", -1e-3F}};
  file.add(3, scalars);
  file.add(1LL << 40U, {});
  EXPECT_NE(file.path().filename().string().find("tfevents"), std::string::npos);
  const std::vector<std::string> records = records_of(read_text_file(file.path()));
  ASSERT_EQ(records.size(), 3U);

  const auto version = fields_of(records[0]);
  EXPECT_EQ(only(version, 3), "brain.Event:2");
  EXPECT_EQ(read_at<double>(only(version, 1), 0), 1'700'000'000.5);
  EXPECT_EQ(read_at<std::uint64_t>(only(version, 2), 0), 0U);

  const auto event = fields_of(records[1]);
  EXPECT_EQ(read_at<double>(only(event, 1), 0), 1'700'000'000.75);
  EXPECT_EQ(read_at<std::uint64_t>(only(event, 2), 0), 3U);
  const auto summary = fields_of(only(event, 5));
  ASSERT_EQ(summary.count(1), 2U);
  auto value = summary.begin();
  for (const Scalar& scalar : scalars) {
    const auto fields = fields_of((value++)->second);
    EXPECT_EQ(only(fields, 1), scalar.tag);
    EXPECT_EQ(read_at<float>(only(fields, 2), 0), scalar.value);
  }
  EXPECT_EQ(read_at<std::uint64_t>(only(fields_of(records[2]), 2), 0), 1ULL << 40U);
}

TEST(EventFile, ARunThatGoesOnGetsAFileOfItsOwnThatVoidsLaterSteps) {
  const test::TempFolder folder;
  const EventFile first(folder.path(), 0, fixed_clock());
  const std::string before = read_text_file(first.path());
  EventFile second(folder.path(), 120, fixed_clock());
  EXPECT_NE(second.path(), first.path());
  EXPECT_LT(first.path().filename(), second.path().filename());
  EXPECT_EQ(read_text_file(first.path()), before);
  const std::vector<std::string> records = records_of(read_text_file(second.path()));
  ASSERT_EQ(records.size(), 2U);
  const auto start = fields_of(records[1]);
  EXPECT_EQ(read_at<std::uint64_t>(only(start, 2), 0), 120U);
  EXPECT_EQ(read_at<std::uint64_t>(only(fields_of(only(start, 7)), 1), 0), 1U);
}

TEST(EventFile, EachRecordIsThereAtOnce) {
  const test::TempFolder folder;
  EventFile file(folder.path());
  for (std::size_t step = 1; step <= 20; ++step) {
    const Scalar scalar = {"x", 1.0F};
    file.add(static_cast<std::int64_t>(step), std::span(&scalar, 1));
    EXPECT_EQ(records_of(read_text_file(file.path())).size(), step + 1);
  }
}

TEST(EventFile, AFullDiskTakesTheHalfRecordBack) {
  const test::TempFolder folder;
  const pid_t child = ::fork();
  if (child == 0) {
    std::signal(SIGXFSZ, SIG_IGN);
    const rlimit limit{.rlim_cur = 1000, .rlim_max = 1000};
    if (::setrlimit(RLIMIT_FSIZE, &limit) != 0) ::_exit(2);
    try {
      EventFile file(folder.path(), 0, fixed_clock());
      const Scalar scalar = {"a tag of some length", 1.0F};
      for (std::int64_t step = 0; step < 100; ++step) file.add(step, std::span(&scalar, 1));
    } catch (const Error& fault) {
      ::_exit(fault.kind() == ErrorKind::kIo ? 0 : 3);
    }
    ::_exit(4);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  ASSERT_EQ(status, 0);
  const auto file = std::filesystem::directory_iterator(folder.path())->path();
  const std::vector<std::string> records = records_of(read_text_file(file));
  EXPECT_GT(records.size(), 3U);
}

TEST(EventFile, AMissingFolderIsNotFound) {
  try {
    const EventFile file("/nowhere/at/all");
    FAIL() << "opened";
  } catch (const Error& fault) {
    EXPECT_EQ(fault.kind(), ErrorKind::kNotFound);
  }
}

}  // namespace
}  // namespace frugal::train
