// One file, or the parts of a split one.
//
// A split model is named "x-00001-of-00003.gguf" and so on.  Each part is a GGUF file with its own
// tensors; the first holds the metadata.  Parts tell their place by `split.no` (from 0), their
// number by `split.count`, and the tensors of all by `split.tensors.count`.  What is shown has the
// names of all tensors and no `split.` keys, as if it were one file.
//
// Source: llama.cpp, `llama_split_path` and tools/gguf-split.

#include <algorithm>
#include <iterator>
#include <limits>
#include <utility>

#include "frugal/base/error.h"
#include "frugal/base/str.h"
#include "frugal/format/gguf_layout.h"
#include "frugal/format/gguf_parser.h"
#include "frugal/format/mapped_file.h"

namespace frugal::format {

namespace {

constexpr std::string_view kNumberKey = "split.no";
constexpr std::string_view kCountKey = "split.count";
constexpr std::string_view kTensorsKey = "split.tensors.count";

[[noreturn]] void corrupt(const std::string& path, const std::string& fault) {
  throw Error(ErrorKind::kCorrupt, str("{}: {}", path, fault));
}

TensorFileParts parse_file(const std::filesystem::path& path) {
  const auto mapping = std::make_shared<const MappedFile>(path);
  TensorFileParts parts;
  parts.path = path.string();
  parts.bytes = mapping->bytes();
  parts.owners.push_back(mapping);
  GgufParser(parts).parse();
  return parts;
}

std::uint64_t split_number(const TensorFileParts& parts, std::string_view key) {
  const auto number = parts.metadata.get_uint(key);
  if (!number) corrupt(parts.path, str("no key '{}' in a part of a split model", key));
  if (*number > std::numeric_limits<std::uint16_t>::max()) {
    corrupt(parts.path, str("key '{}' is {}, expected at most {}", key, *number,
                            std::numeric_limits<std::uint16_t>::max()));
  }
  return *number;
}

// "-00001-of-00003.gguf" for the first of three.
std::string ending(std::uint64_t number, std::uint64_t count) {
  return str("-{:05}-of-{:05}.gguf", number + 1, count);
}

// The path up to the ending that all parts share.
std::string stem_of(const TensorFileParts& part, std::uint64_t number, std::uint64_t count) {
  const std::string expected = ending(number, count);
  if (!part.path.ends_with(expected)) {
    throw Error(ErrorKind::kInvalidArgument,
                str("{}: is part {} of {}, expected a name that ends in '{}'", part.path,
                    number + 1, count, expected));
  }
  return part.path.substr(0, part.path.size() - expected.size());
}

TensorFileParts open_part(const TensorFileParts& first, const std::string& path,
                          std::uint64_t number, std::uint64_t count) {
  try {
    TensorFileParts part = parse_file(path);
    if (split_number(part, kNumberKey) != number || split_number(part, kCountKey) != count) {
      corrupt(path, str("says it is part {} of {}, expected part {} of {}",
                        split_number(part, kNumberKey) + 1, split_number(part, kCountKey),
                        number + 1, count));
    }
    return part;
  } catch (const Error& fault) {
    if (fault.kind() != ErrorKind::kNotFound) throw;
    throw Error(fault.kind(), str("{}: part {} of {} is missing: {}", first.path, number + 1, count,
                                  fault.what()));
  }
}

template <class T>
void append(std::vector<T>& to, std::vector<T> from) {
  to.insert(to.end(), std::make_move_iterator(from.begin()), std::make_move_iterator(from.end()));
}

// Adds the other parts to the first of a split model.
void join(TensorFileParts& first, std::uint64_t count) {
  const std::uint64_t number = split_number(first, kNumberKey);
  if (number >= count) {
    corrupt(first.path, str("key '{}' is {}, expected less than {}", kNumberKey, number, count));
  }
  const std::string stem = stem_of(first, number, count);
  if (number != 0) {
    throw Error(ErrorKind::kInvalidArgument,
                str("{}: is part {} of {}, expected the first: {}{}", first.path, number + 1, count,
                    stem, ending(0, count)));
  }
  for (std::uint64_t i = 1; i < count; ++i) {
    TensorFileParts part = open_part(first, stem + ending(i, count), i, count);
    first.file_bytes += part.file_bytes;
    first.alignment = std::min(first.alignment, part.alignment);
    append(first.tensors, std::move(part.tensors));
    append(first.owners, std::move(part.owners));
  }
  const auto expected = first.metadata.get_uint(kTensorsKey);
  if (expected && *expected != first.tensors.size()) {
    corrupt(first.path,
            str("{} tensors in {} parts, expected {}", first.tensors.size(), count, *expected));
  }
  first.bytes = {};
  for (const std::string_view key : {kNumberKey, kCountKey, kTensorsKey}) first.metadata.erase(key);
}

}  // namespace

std::shared_ptr<const TensorFile> TensorFile::open(const std::filesystem::path& path) {
  TensorFileParts parts = parse_file(path);
  if (parts.metadata.find(kCountKey) != nullptr) {
    const std::uint64_t count = split_number(parts, kCountKey);
    if (count > 1) join(parts, count);
  }
  return std::make_shared<const TensorFile>(std::move(parts));
}

std::shared_ptr<const TensorFile> TensorFile::from_bytes(std::span<const std::byte> bytes,
                                                         std::string name) {
  TensorFileParts parts;
  parts.path = std::move(name);
  parts.bytes = bytes;
  GgufParser(parts).parse();
  return std::make_shared<const TensorFile>(std::move(parts));
}

}  // namespace frugal::format
