// The header is built in memory, where its size and with it the start of the data become known;
// the data then pass through piece by piece.  Everything that could make the file unreadable is
// refused before the first byte is written, by the same limits that the reader has.

#include <algorithm>
#include <cstring>
#include <type_traits>
#include <utility>

#include "frugal/base/atomic_file.h"
#include "frugal/base/error.h"
#include "frugal/base/str.h"
#include "frugal/format/gguf.h"
#include "frugal/format/gguf_layout.h"

namespace frugal::format {

namespace {
// Checks and lays out; knows the path only for its messages.
class HeaderBuilder {
 public:
  explicit HeaderBuilder(std::string path) : path_(std::move(path)) {}

  void build(const Metadata& metadata, std::span<const TensorSource> tensors);

  /// All before the data, padded when there are any.
  [[nodiscard]] const std::string& header() const { return header_; }
  [[nodiscard]] const std::vector<std::uint64_t>& tensor_bytes() const { return tensor_bytes_; }
  [[nodiscard]] std::uint64_t alignment() const { return alignment_; }

 private:
  [[noreturn]] void refuse(std::string_view what, std::string_view name,
                           const std::string& fault) const;
  void check_counts(std::size_t keys, std::size_t tensors) const;
  void check_unique(std::span<const TensorSource> tensors) const;
  void put_metadata(const MetaEntry& entry);
  void put_tensor(const TensorSource& tensor);
  void put_value(const MetaEntry& entry, const MetaValue& value, int depth);
  void put_array(const MetaEntry& entry, const MetaArray& array, int depth);
  void put_name(std::string_view what, std::string_view name);
  void put_string(std::string_view text);
  template <class T>
  void put(T value);

  std::string path_;
  std::string header_;
  std::vector<std::uint64_t> tensor_bytes_;
  std::uint64_t alignment_ = kDefaultAlignment;
  std::uint64_t elements_ = 0;
  std::uint64_t offset_ = 0;  ///< of the next tensor
};

void HeaderBuilder::refuse(std::string_view what, std::string_view name,
                           const std::string& fault) const {
  throw Error(ErrorKind::kInvalidArgument,
              str("{}: {} '{}': {}", path_, what, printable(name), fault));
}

template <class T>
void HeaderBuilder::put(T value) {
  static_assert(std::is_trivially_copyable_v<T>);
  const std::size_t at = header_.size();
  header_.resize(at + sizeof(T));
  std::memcpy(header_.data() + at, &value, sizeof(T));
}

void HeaderBuilder::put_string(std::string_view text) {
  put(std::uint64_t{text.size()});
  header_ += text;
}

void HeaderBuilder::put_name(std::string_view what, std::string_view name) {
  if (name.empty() || name.size() > kMaxNameBytes) {
    refuse(what, name, str("a name of {} bytes, expected 1 to {}", name.size(), kMaxNameBytes));
  }
  put_string(name);
}

void HeaderBuilder::build(const Metadata& metadata, std::span<const TensorSource> tensors) {
  const Sized alignment = alignment_of(metadata);
  if (!alignment.fault.empty()) refuse("metadata key", kAlignmentKey, alignment.fault);
  alignment_ = alignment.bytes;
  check_counts(metadata.entries().size(), tensors.size());
  check_unique(tensors);
  header_ = kMagic;
  put(kVersion);
  put(std::uint64_t{tensors.size()});
  put(std::uint64_t{metadata.entries().size()});
  for (const MetaEntry& entry : metadata.entries()) put_metadata(entry);
  for (const TensorSource& tensor : tensors) put_tensor(tensor);
  if (header_.size() > kMaxHeaderBytes) {
    throw Error(ErrorKind::kInvalidArgument, str("{}: a header of {} bytes, expected at most {}",
                                                 path_, header_.size(), kMaxHeaderBytes));
  }
  if (tensors.empty()) return;  // as other writers do: no padding before data that do not exist
  header_.resize(static_cast<std::size_t>(align_up(header_.size(), alignment_)), '\0');
}

void HeaderBuilder::check_counts(std::size_t keys, std::size_t tensors) const {
  if (std::max(keys, tensors) > kMaxEntries) {
    throw Error(ErrorKind::kInvalidArgument,
                str("{}: {} tensors and {} keys, expected at most {} each", path_, tensors, keys,
                    kMaxEntries));
  }
}

void HeaderBuilder::check_unique(std::span<const TensorSource> tensors) const {
  std::vector<std::string_view> names;
  names.reserve(tensors.size());
  for (const TensorSource& tensor : tensors) names.push_back(tensor.name);
  std::sort(names.begin(), names.end());
  const auto twin = std::adjacent_find(names.begin(), names.end());
  if (twin != names.end()) refuse("tensor", *twin, "given more than once, expected unique names");
}

void HeaderBuilder::put_metadata(const MetaEntry& entry) {
  put_name("metadata key", entry.key);
  put(static_cast<std::uint32_t>(entry.value.index()));
  put_value(entry, entry.value, 0);
}

void HeaderBuilder::put_value(const MetaEntry& entry, const MetaValue& value, int depth) {
  std::visit(
      [&](const auto& held) {
        using T = std::decay_t<decltype(held)>;
        if constexpr (std::is_same_v<T, MetaArray>) {
          put_array(entry, held, depth + 1);
        } else if constexpr (std::is_same_v<T, std::string>) {
          put_string(held);
        } else if constexpr (std::is_same_v<T, bool>) {
          put(static_cast<std::uint8_t>(held));
        } else {
          put(held);
        }
      },
      value);
}

void HeaderBuilder::put_array(const MetaEntry& entry, const MetaArray& array, int depth) {
  constexpr std::string_view kWhat = "metadata key";
  if (depth > kMaxArrayDepth) {
    refuse(kWhat, entry.key, str("arrays nested deeper than {}, expected fewer", kMaxArrayDepth));
  }
  if (array.element_type >= kValueTypes) {
    refuse(kWhat, entry.key,
           str("element type {}, expected 0 to {}", array.element_type, kValueTypes - 1));
  }
  elements_ += array.values.size();
  if (elements_ > kMaxElements) {
    refuse(kWhat, entry.key,
           str("{} array elements so far, expected at most {} in a file", elements_, kMaxElements));
  }
  put(array.element_type);
  put(std::uint64_t{array.values.size()});
  for (const MetaValue& value : array.values) {
    if (value.index() != array.element_type) {
      refuse(kWhat, entry.key,
             str("an element of type {} in an array, expected {}",
                 value_type_name(static_cast<std::uint32_t>(value.index())),
                 value_type_name(array.element_type)));
    }
    put_value(entry, value, depth);
  }
}

void HeaderBuilder::put_tensor(const TensorSource& tensor) {
  constexpr std::uint64_t kMaxData = std::uint64_t{1} << 62U;
  const Sized size = tensor_size(tensor.type, tensor.dims);
  if (!size.fault.empty()) refuse("tensor", tensor.name, size.fault);
  if (size.bytes > kMaxData - offset_) {
    refuse("tensor", tensor.name, "2^62 or more bytes of data so far, expected fewer");
  }
  put_name("tensor", tensor.name);
  put(static_cast<std::uint32_t>(tensor.dims.size()));
  for (const std::uint64_t extent : tensor.dims) put(extent);
  put(static_cast<std::uint32_t>(tensor.type));
  put(offset_);
  offset_ = align_up(offset_ + size.bytes, alignment_);
  tensor_bytes_.push_back(size.bytes);
}

// Also the last tensor is padded: llama.cpp counts the padding as part of the data.
void write_tensor(AtomicFile& file, const TensorSource& tensor, std::uint64_t bytes,
                  std::span<const std::byte> zeros) {
  FRUGAL_CHECK(tensor.produce != nullptr);
  std::uint64_t written = 0;
  tensor.produce([&](std::span<const std::byte> piece) {
    FRUGAL_CHECK(piece.size() <= bytes - written);
    file.write(piece);
    written += piece.size();
  });
  FRUGAL_CHECK(written == bytes);
  const std::uint64_t padding = align_up(bytes, zeros.size()) - bytes;
  file.write(zeros.first(static_cast<std::size_t>(padding)));
}
}  // namespace

void write_gguf(const std::filesystem::path& path, const Metadata& metadata,
                std::span<const TensorSource> tensors) {
  HeaderBuilder builder(path.string());
  builder.build(metadata, tensors);
  const std::vector<std::byte> zeros(static_cast<std::size_t>(builder.alignment()));
  AtomicFile file(path);
  file.write(builder.header());
  for (std::size_t i = 0; i < tensors.size(); ++i) {
    write_tensor(file, tensors[i], builder.tensor_bytes()[i], zeros);
  }
  file.commit();
}

void copy_gguf(const TensorFile& file, const std::filesystem::path& path) {
  if (!file.bytes().empty()) {
    AtomicFile copy(path);
    copy.write(file.bytes());
    copy.commit();
    return;
  }
  std::vector<TensorSource> sources;
  for (const TensorInfo& tensor : file.tensors()) {
    sources.push_back(
        {.name = tensor.name,
         .type = tensor.type,
         .dims = tensor.dims,
         .produce = [&file, &tensor](const TensorSource::Sink& sink) { sink(file.data(tensor)); }});
  }
  write_gguf(path, file.metadata(), sources);
}

}  // namespace frugal::format
