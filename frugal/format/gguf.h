#pragma once

/// GGUF files: named tensors and metadata, read in place and written whole.
///
/// The file, little-endian (docs/formats/gguf.md):
///   "GGUF", u32 version, u64 tensor count, u64 metadata count,
///   metadata: string key, u32 value type, value …
///   tensor infos: string name, u32 dimensions, u64 extent each, u32 type, u64 offset …
///   padding to the alignment, then the tensor data.

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "frugal/tensor/dtype.h"

namespace frugal::format {

struct MetaArray;

/// A metadata value.  The alternatives are GGUF's value types 0 to 12; the array is boxed.
using MetaValue = std::variant<std::uint8_t, std::int8_t, std::uint16_t, std::int16_t,
                               std::uint32_t, std::int32_t, float, bool, std::string, MetaArray,
                               std::uint64_t, std::int64_t, double>;

/// An array of one element type, also of arrays.
struct MetaArray {
  std::uint32_t element_type = 0;  ///< GGUF value type number, kept also when empty
  std::vector<MetaValue> values;

  bool operator==(const MetaArray&) const;
};

struct MetaEntry {
  std::string key;
  MetaValue value;

  bool operator==(const MetaEntry&) const = default;
};

/// Key-value pairs in file order; keys are unique.
class Metadata {
 public:
  [[nodiscard]] const std::vector<MetaEntry>& entries() const { return entries_; }
  [[nodiscard]] const MetaValue* find(std::string_view key) const;
  /// Replaces the value of `key` in place or appends it.
  void set(std::string_view key, MetaValue value);
  void erase(std::string_view key);

  /// Typed look-ups.  Absent: nothing.  Present with another type: Error kCorrupt that names the
  /// key; any integer type that can hold the value is accepted for integers, and any number for
  /// get_float.
  [[nodiscard]] std::optional<std::uint64_t> get_uint(std::string_view key) const;
  [[nodiscard]] std::optional<double> get_float(std::string_view key) const;
  [[nodiscard]] std::optional<bool> get_bool(std::string_view key) const;
  [[nodiscard]] std::optional<std::string_view> get_string(std::string_view key) const;
  [[nodiscard]] const MetaArray* get_array(std::string_view key) const;

 private:
  friend class GgufParser;

  std::vector<MetaEntry> entries_;
};

/// A tensor as the file describes it.  dims[0] is the length of a row (contiguous).
struct TensorInfo {
  std::string name;
  DType type = DType::kF32;
  std::vector<std::uint64_t> dims;
  std::uint64_t offset = 0;  ///< from the start of the data section
  std::uint64_t bytes = 0;

  [[nodiscard]] std::uint64_t cols() const { return dims.empty() ? 1 : dims[0]; }
  [[nodiscard]] std::uint64_t rows() const;  ///< product of the other extents
};

/// Named tensors and metadata mapped into memory, read-only.  Everything was checked on opening.
///
/// Errors: kNotFound, kPermission, kIo; kInvalidArgument for a folder, pipe or device; kCorrupt
/// with
///         file, place, what was found and expected; kUnsupported for a version other than 2 and 3,
///         for a big-endian file and for a tensor type of unknown number.
/// Threads: const after opening; safe from all.
class TensorFile {
 public:
  [[nodiscard]] static std::shared_ptr<const TensorFile> open(const std::filesystem::path& path);
  /// The same from memory that outlives the object (tests, fuzzing); `name` stands for the path.
  [[nodiscard]] static std::shared_ptr<const TensorFile> from_bytes(
      std::span<const std::byte> bytes, std::string name);
  virtual ~TensorFile() = default;
  TensorFile(const TensorFile&) = delete;
  TensorFile& operator=(const TensorFile&) = delete;

  [[nodiscard]] const std::string& path() const { return path_; }
  [[nodiscard]] std::uint32_t version() const { return version_; }
  [[nodiscard]] std::uint64_t alignment() const { return alignment_; }
  [[nodiscard]] std::uint64_t file_bytes() const { return bytes_.size(); }
  /// The whole file.
  [[nodiscard]] std::span<const std::byte> bytes() const { return bytes_; }
  [[nodiscard]] const Metadata& metadata() const { return metadata_; }
  [[nodiscard]] const std::vector<TensorInfo>& tensors() const { return tensors_; }
  [[nodiscard]] const TensorInfo* find(std::string_view tensor) const;
  /// The stored bytes of a tensor of this file.
  [[nodiscard]] std::span<const std::byte> data(const TensorInfo& tensor) const;

 protected:
  TensorFile() = default;
  friend class GgufParser;

  std::string path_;
  std::span<const std::byte> bytes_;
  std::uint32_t version_ = 0;
  std::uint64_t alignment_ = 32;
  std::uint64_t data_start_ = 0;
  Metadata metadata_;
  std::vector<TensorInfo> tensors_;
  std::vector<std::size_t> by_name_;  ///< indices of tensors_, sorted by name
};

/// A tensor to be written.  `produce` is called once, in order, and hands the bytes in any number
/// of pieces to `sink`; together they must be exactly as long as `type` and `dims` say.
struct TensorSource {
  std::string name;
  DType type = DType::kF32;
  std::vector<std::uint64_t> dims;
  using Sink = std::function<void(std::span<const std::byte>)>;
  std::function<void(const Sink&)> produce;
};

/// Writes a version 3 file; memory is one piece at a time.  The name appears when all is on disk.
/// The data are aligned to `general.alignment` of the metadata, or to 32 bytes.
///
/// Errors: those of AtomicFile and of `produce`; kInvalidArgument for what the reader would refuse:
///         a row that is no multiple of its block, names given twice, arrays of mixed types.  A
///         `produce` that hands too few or too many bytes is a bug and fails FRUGAL_CHECK.
void write_gguf(const std::filesystem::path& path, const Metadata& metadata,
                std::span<const TensorSource> tensors);

/// A value as shown to people: strings whole, control characters made visible; arrays shortened
/// after `max_elements` ("[1, 2, … 150000 in all]").
[[nodiscard]] std::string to_text(const MetaValue& value, std::size_t max_elements = 6);

}  // namespace frugal::format
