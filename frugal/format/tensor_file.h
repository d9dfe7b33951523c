#pragma once

/// Named tensors and metadata, whichever files they come from.

#include <cstddef>
#include <cstdint>
#include <filesystem>
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
  std::uint64_t offset = 0;         ///< from the start of its file's data section
  std::uint64_t bytes = 0;          ///< as many as type and dims say
  const std::byte* data = nullptr;  ///< where they lie; valid as long as the TensorFile

  [[nodiscard]] std::uint64_t cols() const { return dims.empty() ? 1 : dims[0]; }
  [[nodiscard]] std::uint64_t rows() const;  ///< product of the other extents
};

/// What a reader hands over to make a TensorFile; everything in it has been checked but the
/// uniqueness of the tensors' names.
struct TensorFileParts {
  std::string path;
  std::string container;             ///< "GGUF version 3"
  std::uint32_t version = 0;         ///< of the container; 0 where it has none
  std::uint64_t alignment = 1;       ///< of the tensors' data in their files
  std::uint64_t file_bytes = 0;      ///< of all files together
  std::span<const std::byte> bytes;  ///< the whole file; empty where there are several
  Metadata metadata;
  std::vector<TensorInfo> tensors;
  std::vector<std::shared_ptr<const void>> owners;  ///< of the memory that `tensors` point into
};

class TensorFile;
/// Of a file made from another: all of that one's parts but its tensors, and it as their owner.
[[nodiscard]] TensorFileParts parts_without_tensors(std::shared_ptr<const TensorFile> file);

/// Named tensors and metadata in memory, read-only: one mapped file, several, or a file and what
/// was made from it.  Everything was checked on opening.
///
/// Errors: kNotFound, kPermission, kIo; kInvalidArgument for a folder, pipe or device; kCorrupt
/// with
///         file, place, what was found and expected; kUnsupported for a version other than 2 and 3,
///         for a big-endian file and for a tensor type of unknown number.
/// Threads: const after opening; safe from all.
class TensorFile {
 public:
  /// A GGUF file, or all parts of a split one when `path` is the first of them.
  /// Errors: also kInvalidArgument for a later part, or a part whose name does not tell those of
  /// the
  ///         others; kNotFound for a part that is missing; kCorrupt where the parts disagree.
  [[nodiscard]] static std::shared_ptr<const TensorFile> open(const std::filesystem::path& path);
  /// GGUF from memory that outlives the object (tests, fuzzing); `name` stands for the path.  A
  /// part of a split file shows what it holds itself.
  [[nodiscard]] static std::shared_ptr<const TensorFile> from_bytes(
      std::span<const std::byte> bytes, std::string name);

  /// Errors: kCorrupt for two tensors of one name.
  explicit TensorFile(TensorFileParts parts);
  TensorFile(const TensorFile&) = delete;
  TensorFile& operator=(const TensorFile&) = delete;

  [[nodiscard]] const std::string& path() const { return parts_.path; }
  [[nodiscard]] const std::string& container() const { return parts_.container; }
  [[nodiscard]] std::uint32_t version() const { return parts_.version; }
  [[nodiscard]] std::uint64_t alignment() const { return parts_.alignment; }
  [[nodiscard]] std::uint64_t file_bytes() const { return parts_.file_bytes; }
  /// The whole file; empty where the tensors come from several, or from none as they are.
  [[nodiscard]] std::span<const std::byte> bytes() const { return parts_.bytes; }
  [[nodiscard]] const Metadata& metadata() const { return parts_.metadata; }
  [[nodiscard]] const std::vector<TensorInfo>& tensors() const { return parts_.tensors; }
  [[nodiscard]] const TensorInfo* find(std::string_view tensor) const;
  /// The stored bytes of a tensor of this file.
  [[nodiscard]] std::span<const std::byte> data(const TensorInfo& tensor) const;

 private:
  TensorFileParts parts_;
  std::vector<std::size_t> by_name_;  ///< indices of the tensors, sorted by name
};

/// A value as shown to people: strings whole, control characters made visible; arrays shortened
/// after `max_elements` ("[1, 2, … 150000 in all]").
[[nodiscard]] std::string to_text(const MetaValue& value, std::size_t max_elements = 6);

}  // namespace frugal::format
