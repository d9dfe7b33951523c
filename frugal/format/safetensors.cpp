// The header is believed in nothing: its length is compared with the file, each entry's bytes with
// its shape, and all entries together must lie end to end from the first byte to the last, as the
// format demands.  A gap could hide something, an overlap could be a tensor that changes another.
//
// Source: github.com/huggingface/safetensors, README "Format" and its limits.

#include "frugal/format/safetensors.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <utility>

#include "frugal/base/error.h"
#include "frugal/base/str.h"
#include "frugal/format/mapped_file.h"
#include "frugal/format/safetensors_header.h"

namespace frugal::format {

static_assert(std::endian::native == std::endian::little, "values are used as they lie");

namespace {

constexpr std::size_t kLengthBytes = 8;
constexpr std::uint64_t kMaxHeaderBytes = 100'000'000;

struct ElementType {
  std::string_view name;
  std::uint64_t bits;
  std::optional<DType> type;
};

constexpr std::array kElementTypes = {
    ElementType{"F32", 32, DType::kF32},     ElementType{"F16", 16, DType::kF16},
    ElementType{"BF16", 16, DType::kBF16},   ElementType{"F64", 64, DType::kF64},
    ElementType{"I8", 8, DType::kI8},        ElementType{"I16", 16, DType::kI16},
    ElementType{"I32", 32, DType::kI32},     ElementType{"I64", 64, DType::kI64},
    ElementType{"BOOL", 8, std::nullopt},    ElementType{"U8", 8, std::nullopt},
    ElementType{"U16", 16, std::nullopt},    ElementType{"U32", 32, std::nullopt},
    ElementType{"U64", 64, std::nullopt},    ElementType{"F8_E4M3", 8, std::nullopt},
    ElementType{"F8_E5M2", 8, std::nullopt}, ElementType{"F8_E8M0", 8, std::nullopt},
    ElementType{"F6_E2M3", 6, std::nullopt}, ElementType{"F6_E3M2", 6, std::nullopt},
    ElementType{"F4", 4, std::nullopt},      ElementType{"C64", 64, std::nullopt},
};

[[noreturn]] void corrupt(std::string_view path, const std::string& fault) {
  throw Error(ErrorKind::kCorrupt, str("{}: {}", path, fault));
}

std::string_view text_of(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

const ElementType& element_type(const SafetensorsEntry& entry, std::string_view path) {
  const auto* found =
      std::find_if(kElementTypes.begin(), kElementTypes.end(),
                   [&entry](const ElementType& type) { return type.name == entry.dtype; });
  if (found != kElementTypes.end()) return *found;
  throw Error(ErrorKind::kUnsupported,
              str("{}: tensor '{}': dtype '{}', expected one that is known here", path,
                  printable(entry.name), printable(entry.dtype)));
}

// Bytes of a tensor of this shape; nothing when they do not fit in 62 bits or are not whole.
std::optional<std::uint64_t> size_of(const std::vector<std::uint64_t>& shape, std::uint64_t bits) {
  constexpr std::uint64_t kMaxBits = std::uint64_t{1} << 62U;
  if (std::find(shape.begin(), shape.end(), 0U) != shape.end()) return 0;
  std::uint64_t total = bits;
  for (const std::uint64_t extent : shape) {
    if (extent > kMaxBits / total) return std::nullopt;
    total *= extent;
  }
  if (total % 8 != 0) return std::nullopt;
  return total / 8;
}

SafeTensor tensor_of(SafetensorsEntry entry, std::span<const std::byte> data,
                     std::string_view path) {
  const ElementType& type = element_type(entry, path);
  const std::uint64_t begin = entry.offsets[0];
  const std::uint64_t end = entry.offsets[1];
  if (begin > end || end > data.size()) {
    corrupt(path, str("tensor '{}': data_offsets [{}, {}], expected them in order and at most {}",
                      printable(entry.name), begin, end, data.size()));
  }
  const std::optional<std::uint64_t> bytes = size_of(entry.shape, type.bits);
  if (bytes != end - begin) {
    corrupt(path, str("tensor '{}': {} bytes for shape [{}] of {}, expected {}",
                      printable(entry.name), end - begin, fmt::join(entry.shape, ", "), type.name,
                      bytes ? str("{}", *bytes) : "a shape of whole bytes below 2^59"));
  }
  return {
      .name = std::move(entry.name),
      .dtype = std::string(type.name),
      .type = type.type,
      .shape = std::move(entry.shape),
      .data = data.subspan(static_cast<std::size_t>(begin), static_cast<std::size_t>(end - begin))};
}

// `tensors` in the order of their bytes.
void check_tiling(const std::vector<SafeTensor>& tensors, std::span<const std::byte> data,
                  std::string_view path) {
  const std::byte* place = data.data();
  for (const SafeTensor& tensor : tensors) {
    if (tensor.data.data() != place) {
      corrupt(path,
              str("tensor '{}': data_offsets begin at {}, expected {}: the end of the one "
                  "before",
                  printable(tensor.name), tensor.data.data() - data.data(), place - data.data()));
    }
    place += tensor.data.size();
  }
  if (place != data.data() + data.size()) {
    corrupt(path, str("{} bytes of data, expected {}: the end of the last tensor", data.size(),
                      place - data.data()));
  }
}

void sort_by_name(std::vector<SafeTensor>& tensors, std::string_view path) {
  std::sort(tensors.begin(), tensors.end(),
            [](const SafeTensor& a, const SafeTensor& b) { return a.name < b.name; });
  const auto twin =
      std::adjacent_find(tensors.begin(), tensors.end(),
                         [](const SafeTensor& a, const SafeTensor& b) { return a.name == b.name; });
  if (twin == tensors.end()) return;
  corrupt(path,
          str("tensor '{}': appears more than once, expected unique names", printable(twin->name)));
}

Safetensors open_file(const std::filesystem::path& path) {
  const auto mapping = std::make_shared<const MappedFile>(path);
  Safetensors file = parse_safetensors(mapping->bytes(), path.string());
  file.owners.push_back(mapping);
  return file;
}

// The parts that an index names, as one.
Safetensors open_parts(const std::filesystem::path& folder, const std::filesystem::path& index) {
  const MappedFile mapping(index);
  if (mapping.bytes().size() > kMaxHeaderBytes) {
    corrupt(index.string(),
            str("{} bytes, expected at most {}", mapping.bytes().size(), kMaxHeaderBytes));
  }
  std::vector<SafetensorsPlace> places =
      parse_safetensors_index(text_of(mapping.bytes()), index.string());
  std::sort(places.begin(), places.end(),
            [](const SafetensorsPlace& a, const SafetensorsPlace& b) { return a.file < b.file; });
  Safetensors all;
  std::string open;
  Safetensors part;
  const auto close_part = [&] {
    std::move(part.tensors.begin(), part.tensors.end(), std::back_inserter(all.tensors));
    std::move(part.owners.begin(), part.owners.end(), std::back_inserter(all.owners));
    all.file_bytes += part.file_bytes;
  };
  for (const SafetensorsPlace& place : places) {
    if (place.file != open) {
      close_part();
      part = open_file(folder / place.file);
      open = place.file;
    }
    if (part.find(place.tensor) == nullptr) {
      corrupt(part.path, str("no tensor '{}', expected it by {}", printable(place.tensor),
                             index.filename().string()));
    }
  }
  close_part();
  sort_by_name(all.tensors, index.string());
  return all;
}

}  // namespace

const SafeTensor* Safetensors::find(std::string_view name) const {
  const auto found =
      std::lower_bound(tensors.begin(), tensors.end(), name,
                       [](const SafeTensor& a, std::string_view b) { return a.name < b; });
  return found == tensors.end() || found->name != name ? nullptr : &*found;
}

Safetensors parse_safetensors(std::span<const std::byte> bytes, std::string path) {
  if (bytes.size() < kLengthBytes) {
    corrupt(path, str("truncated: {} bytes, expected safetensors", bytes.size()));
  }
  std::uint64_t length = 0;
  std::memcpy(&length, bytes.data(), sizeof length);
  if (length > kMaxHeaderBytes || length > bytes.size() - kLengthBytes) {
    corrupt(path, str("a header of {} bytes, expected at most {}", length,
                      std::min<std::uint64_t>(kMaxHeaderBytes, bytes.size() - kLengthBytes)));
  }
  const auto header_bytes = static_cast<std::size_t>(length);
  const std::string_view header = text_of(bytes.subspan(kLengthBytes, header_bytes));
  if (!header.starts_with('{')) corrupt(path, "a header that does not begin with '{'");
  const std::span<const std::byte> data = bytes.subspan(kLengthBytes + header_bytes);

  Safetensors file;
  file.file_bytes = bytes.size();
  for (SafetensorsEntry& entry : parse_safetensors_header(header, path)) {
    file.tensors.push_back(tensor_of(std::move(entry), data, path));
  }
  // Empty tensors before the one that shares their place.
  std::sort(file.tensors.begin(), file.tensors.end(), [](const SafeTensor& a, const SafeTensor& b) {
    return std::pair(a.data.data(), a.data.size()) < std::pair(b.data.data(), b.data.size());
  });
  check_tiling(file.tensors, data, path);
  sort_by_name(file.tensors, path);
  file.path = std::move(path);
  return file;
}

Safetensors open_safetensors(const std::filesystem::path& path) {
  std::error_code ignored;
  if (!std::filesystem::is_directory(path, ignored)) return open_file(path);
  const std::filesystem::path whole = path / "model.safetensors";
  const std::filesystem::path index = path / "model.safetensors.index.json";
  Safetensors model;
  if (std::filesystem::exists(whole, ignored)) {
    model = open_file(whole);
  } else if (std::filesystem::exists(index, ignored)) {
    model = open_parts(path, index);
  } else {
    throw Error(
        ErrorKind::kNotFound,
        str("{}: neither model.safetensors nor model.safetensors.index.json", path.string()));
  }
  model.path = path.string();
  return model;
}

}  // namespace frugal::format
