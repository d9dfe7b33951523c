// One pass over the header with a cursor that cannot leave the file.
//
// Nothing that a file says is believed before it is compared with what is left of the file: a
// count must fit the remaining bytes at the smallest size of its entries, a length the remaining
// bytes, a product 63 bits.  Only then is memory reserved, so that a file of a hundred bytes
// cannot ask for a gigabyte.  What could still be large in a large (or sparse) file has a limit
// of its own in gguf_layout.h.
//
// The cursor's place is kept as views into the file and put into words only when something
// fails: a vocabulary of 150,000 strings opens in a few milliseconds.  Duplicates are found by
// sorting names, not by hashing them, because a hostile file can choose names of equal hash.
//
// Source: GGUF specification (github.com/ggml-org/ggml, docs/gguf.md), `gguf_init_from_file`.

#include "frugal/format/gguf_parser.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <numeric>
#include <utility>

#include "frugal/base/str.h"
#include "frugal/format/gguf_layout.h"

namespace frugal::format {

static_assert(std::endian::native == std::endian::little, "values are copied as they lie");

namespace {
constexpr std::uint64_t kMetadataBytesMin = 8 + 1 + 4 + 1;    // key of one letter, type, u8
constexpr std::uint64_t kTensorBytesMin = 8 + 1 + 4 + 4 + 8;  // name of one letter, no dimension
}  // namespace

GgufParser::GgufParser(TensorFileParts& file)
    : file_(file),
      header_(file.bytes.first(
          std::min<std::size_t>(file.bytes.size(), std::size_t{kMaxHeaderBytes}))) {}

void GgufParser::parse() {
  parse_header();
  parse_metadata();
  parse_tensors();
  check_names();
  data_start_ = align_up(position_, file_.alignment);
  if (file_.tensors.empty()) {  // nothing follows: the padding need not be there either
    data_start_ = std::min<std::uint64_t>(data_start_, file_.bytes.size());
  }
  for (TensorInfo& tensor : file_.tensors) place(tensor);
  check_overlaps();
  file_.container = str("GGUF version {}", file_.version);
  file_.file_bytes = file_.bytes.size();
}

void GgufParser::fail(ErrorKind kind, const std::string& message) const {
  std::string place(section_);
  if (!name_.empty()) {
    place += str(" '{}'", printable(name_));
  } else if (section_ != "header") {
    place += str(" {}", entry_);
  }
  throw Error(kind, str("{}: {}, byte {}: {}", file_.path, place, position_, message));
}

void GgufParser::fail_entry(std::string_view section, std::string_view name,
                            const std::string& message) const {
  throw Error(ErrorKind::kCorrupt,
              str("{}: {} '{}': {}", file_.path, section, printable(name), message));
}

void GgufParser::need(std::uint64_t count, std::uint64_t bytes_min) const {
  const std::uint64_t left = header_.size() - position_;
  if (count <= left / bytes_min) return;
  if (header_.size() < file_.bytes.size()) {
    fail(ErrorKind::kCorrupt,
         str("a header that goes on beyond byte {}, expected a smaller one", header_.size()));
  }
  const std::string wanted = bytes_min == 1 ? str("{} bytes", count)
                                            : str("{} items of {} bytes or more", count, bytes_min);
  fail(ErrorKind::kCorrupt,
       str("truncated: the file ends at byte {}, expected {} here", header_.size(), wanted));
}

template <class T>
T GgufParser::take() {
  need(sizeof(T), 1);
  T value{};
  std::memcpy(&value, header_.data() + position_, sizeof(T));
  position_ += sizeof(T);
  return value;
}

std::string_view GgufParser::take_string() {
  const auto length = take<std::uint64_t>();
  need(length, 1);
  const auto bytes = header_.subspan(position_, static_cast<std::size_t>(length));
  position_ += bytes.size();
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

std::string_view GgufParser::take_name() {
  const std::string_view name = take_string();
  if (name.empty() || name.size() > kMaxNameBytes) {
    fail(ErrorKind::kCorrupt,
         str("a name of {} bytes, expected 1 to {}", name.size(), kMaxNameBytes));
  }
  return name;
}

void GgufParser::parse_header() {
  if (header_.empty()) fail(ErrorKind::kCorrupt, "an empty file, expected GGUF");
  need(kMagic.size(), 1);
  if (std::memcmp(header_.data(), kMagic.data(), kMagic.size()) != 0) {
    const std::string_view found(reinterpret_cast<const char*>(header_.data()), kMagic.size());
    fail(ErrorKind::kCorrupt, str("magic '{}', expected '{}'", printable(found), kMagic));
  }
  position_ = kMagic.size();
  const auto version = take<std::uint32_t>();
  if (version != 0 && (version & 0xFFFFU) == 0) {
    fail(ErrorKind::kUnsupported, str("version {:#x}: a big-endian file, expected a little-endian "
                                      "one",
                                      version));
  }
  if (version < kOldestVersion || version > kVersion) {
    fail(ErrorKind::kUnsupported,
         str("GGUF version {}, expected {} or {}", version, kOldestVersion, kVersion));
  }
  file_.version = version;
  tensor_count_ = take<std::uint64_t>();
  metadata_count_ = take<std::uint64_t>();
  need(tensor_count_, kTensorBytesMin);
  need(metadata_count_, kMetadataBytesMin);
  if (std::max(tensor_count_, metadata_count_) > kMaxEntries) {
    fail(ErrorKind::kCorrupt, str("{} tensors and {} keys, expected at most {} each", tensor_count_,
                                  metadata_count_, kMaxEntries));
  }
}

void GgufParser::parse_metadata() {
  section_ = "metadata key";
  std::vector<std::string_view> keys;
  std::vector<MetaEntry>& entries = file_.metadata.entries_;
  entries.reserve(static_cast<std::size_t>(metadata_count_));
  for (entry_ = 0; entry_ < metadata_count_; ++entry_) {
    name_ = {};
    name_ = take_name();
    keys.push_back(name_);
    const std::uint32_t type = take_value_type();
    entries.push_back({std::string(name_), take_value(type, 0)});
  }
  std::sort(keys.begin(), keys.end());
  const auto twin = std::adjacent_find(keys.begin(), keys.end());
  if (twin != keys.end()) {
    fail_entry("metadata key", *twin, "appears more than once, expected unique keys");
  }
  const Sized alignment = alignment_of(file_.metadata);
  if (!alignment.fault.empty()) fail_entry("metadata key", kAlignmentKey, alignment.fault);
  file_.alignment = alignment.bytes;
}

std::uint32_t GgufParser::take_value_type() {
  const auto type = take<std::uint32_t>();
  if (type >= kValueTypes) {
    fail(ErrorKind::kCorrupt, str("value type {}, expected 0 to {}", type, kValueTypes - 1));
  }
  return type;
}

MetaValue GgufParser::take_value(std::uint32_t type, int depth) {
  switch (type) {
    case 0:
      return take<std::uint8_t>();
    case 1:
      return take<std::int8_t>();
    case 2:
      return take<std::uint16_t>();
    case 3:
      return take<std::int16_t>();
    case 4:
      return take<std::uint32_t>();
    case 5:
      return take<std::int32_t>();
    case 6:
      return take<float>();
    case 7:
      return take_bool();
    case kStringType:
      return std::string(take_string());
    case kArrayType:
      return take_array(depth + 1);
    case 10:
      return take<std::uint64_t>();
    case 11:
      return take<std::int64_t>();
    default:
      return take<double>();
  }
}

bool GgufParser::take_bool() {
  const auto byte = take<std::uint8_t>();
  if (byte > 1) fail(ErrorKind::kCorrupt, str("bool {}, expected 0 or 1", byte));
  return byte == 1;
}

MetaArray GgufParser::take_array(int depth) {
  if (depth > kMaxArrayDepth) {
    fail(ErrorKind::kCorrupt, str("arrays nested deeper than {}, expected fewer", kMaxArrayDepth));
  }
  MetaArray array;
  array.element_type = take_value_type();
  const auto count = take<std::uint64_t>();
  need(count, value_bytes_min(array.element_type));
  if (count > kMaxElements - elements_) {
    fail(ErrorKind::kCorrupt,
         str("{} array elements after {} others, expected at most {} in a file", count, elements_,
             kMaxElements));
  }
  elements_ += count;
  array.values.reserve(static_cast<std::size_t>(count));
  for (std::uint64_t i = 0; i < count; ++i) {
    if (array.element_type == kStringType) {  // in place: most of a vocabulary's time is here
      array.values.emplace_back(std::in_place_type<std::string>, take_string());
    } else {
      array.values.push_back(take_value(array.element_type, depth));
    }
  }
  return array;
}

void GgufParser::parse_tensors() {
  section_ = "tensor";
  name_ = {};
  file_.tensors.reserve(static_cast<std::size_t>(tensor_count_));
  for (entry_ = 0; entry_ < tensor_count_; ++entry_) {
    name_ = {};
    name_ = take_name();
    file_.tensors.push_back(take_tensor());
  }
}

TensorInfo GgufParser::take_tensor() {
  TensorInfo tensor;
  tensor.name = name_;
  const auto dims = take<std::uint32_t>();
  if (dims > kMaxDims) {
    fail(ErrorKind::kCorrupt, str("{} dimensions, expected at most {}", dims, kMaxDims));
  }
  for (std::uint32_t i = 0; i < dims; ++i) tensor.dims.push_back(take<std::uint64_t>());
  const auto number = take<std::uint32_t>();
  const std::optional<DType> type = dtype_from_ggml(number);
  if (!type) {
    fail(ErrorKind::kUnsupported, str("tensor type {}, expected one that is known here", number));
  }
  tensor.type = *type;
  tensor.offset = take<std::uint64_t>();
  const Sized size = tensor_size(tensor.type, tensor.dims);
  if (!size.fault.empty()) fail(ErrorKind::kCorrupt, size.fault);
  tensor.bytes = size.bytes;
  return tensor;
}

// Once more than TensorFile does, because a fault of names is told before one of placement.
void GgufParser::check_names() const {
  std::vector<std::string_view> names;
  names.reserve(file_.tensors.size());
  for (const TensorInfo& tensor : file_.tensors) names.push_back(tensor.name);
  std::sort(names.begin(), names.end());
  const auto twin = std::adjacent_find(names.begin(), names.end());
  if (twin != names.end()) {
    fail_entry("tensor", *twin, "appears more than once, expected unique names");
  }
}

void GgufParser::place(TensorInfo& tensor) const {
  if (tensor.offset % file_.alignment != 0) {
    fail_entry("tensor", tensor.name,
               str("offset {}, expected a multiple of {}", tensor.offset, file_.alignment));
  }
  const std::uint64_t size = file_.bytes.size();
  const std::uint64_t data = size - std::min(size, data_start_);
  if (tensor.offset > data || tensor.bytes > data - tensor.offset) {
    fail_entry("tensor", tensor.name,
               str("truncated: the file ends at byte {}, expected {} bytes from {} after "
                   "the start of the data at {}",
                   size, tensor.bytes, tensor.offset, data_start_));
  }
  tensor.data = file_.bytes.data() + data_start_ + tensor.offset;
}

void GgufParser::check_overlaps() const {
  std::vector<const TensorInfo*> order;
  order.reserve(file_.tensors.size());
  for (const TensorInfo& tensor : file_.tensors) order.push_back(&tensor);
  std::sort(order.begin(), order.end(),
            [](const TensorInfo* a, const TensorInfo* b) { return a->offset < b->offset; });
  for (std::size_t i = 1; i < order.size(); ++i) {
    const TensorInfo& before = *order[i - 1];
    const std::uint64_t end = before.offset + before.bytes;
    if (order[i]->offset < end) {
      fail_entry("tensor", order[i]->name,
                 str("offset {} lies inside tensor '{}', expected {} or more", order[i]->offset,
                     printable(before.name), end));
    }
  }
}

}  // namespace frugal::format
