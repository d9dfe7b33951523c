#pragma once

/// What the tests of this folder share: GGUF files built byte by byte.

#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <initializer_list>
#include <iterator>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "frugal/base/error.h"
#include "frugal/format/gguf.h"
#include "tests/support/temp_folder.h"

namespace frugal::format {

using test::TempFolder;

/// Bytes of a file, well formed or not: nothing is checked.
class FileBuilder {
 public:
  template <class T>
  FileBuilder& put(T value) {
    char raw[sizeof(T)];
    std::memcpy(raw, &value, sizeof(T));
    bytes.append(raw, sizeof(T));
    return *this;
  }
  FileBuilder& u32(std::uint32_t value) { return put(value); }
  FileBuilder& u64(std::uint64_t value) { return put(value); }
  FileBuilder& string(std::string_view text) {
    u64(text.size());
    bytes += text;
    return *this;
  }
  FileBuilder& header(std::uint64_t tensors, std::uint64_t keys, std::uint32_t version = 3) {
    bytes += "GGUF";
    return u32(version).u64(tensors).u64(keys);
  }
  FileBuilder& key(std::string_view name, std::uint32_t type) { return string(name).u32(type); }
  FileBuilder& array(std::uint32_t element_type, std::uint64_t count) {
    return u32(element_type).u64(count);
  }
  FileBuilder& tensor(std::string_view name, std::initializer_list<std::uint64_t> dims,
                      std::uint32_t type, std::uint64_t offset) {
    string(name).u32(static_cast<std::uint32_t>(dims.size()));
    for (const std::uint64_t extent : dims) u64(extent);
    return u32(type).u64(offset);
  }
  FileBuilder& pad(std::size_t alignment) {
    bytes.resize((bytes.size() + alignment - 1) / alignment * alignment, '\0');
    return *this;
  }
  FileBuilder& fill(std::size_t count, char value) {
    bytes.append(count, value);
    return *this;
  }

  std::string bytes;
};

/// The file that an Error names when `open_bytes` throws.
inline constexpr std::string_view kTestName = "test.gguf";

/// Bytes in a heap block of exactly their size, so that a sanitizer sees a read past the end.
class HeapBytes {
 public:
  explicit HeapBytes(std::string_view text)
      : bytes_(reinterpret_cast<const std::byte*>(text.data()),
               reinterpret_cast<const std::byte*>(text.data()) + text.size()) {}
  [[nodiscard]] std::span<const std::byte> get() const { return bytes_; }

 private:
  std::vector<std::byte> bytes_;
};

/// Passes when the bytes are refused with this kind and a message that names the file and holds
/// `fragment`.
inline void expect_refused(std::string_view bytes, ErrorKind kind, std::string_view fragment) {
  const HeapBytes heap(bytes);
  try {
    static_cast<void>(TensorFile::from_bytes(heap.get(), std::string(kTestName)));
    ADD_FAILURE() << "accepted, expected an Error with: " << fragment;
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), kind) << error.what();
    EXPECT_EQ(std::string_view(error.what()).rfind("test.gguf: ", 0), 0U) << error.what();
    EXPECT_NE(std::string_view(error.what()).find(fragment), std::string_view::npos)
        << error.what() << "\nexpected: " << fragment;
  }
}

inline std::string_view text_of(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

inline void write_bytes(const std::filesystem::path& path, std::string_view bytes) {
  std::ofstream(path, std::ios::binary) << bytes;
}

inline std::string read_bytes(const std::filesystem::path& path) {
  std::ifstream stream(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), {}};
}

/// The kind of Error that `call` throws; a failure when it throws none.
template <class Call>
ErrorKind kind_of(Call&& call) {
  try {
    call();
  } catch (const Error& error) {
    return error.kind();
  }
  ADD_FAILURE() << "no Error";
  return ErrorKind::kIo;
}

}  // namespace frugal::format
