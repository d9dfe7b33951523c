#pragma once

/// From the bytes of a GGUF file to the parts of a TensorFile.

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "frugal/base/error.h"
#include "frugal/format/gguf.h"

namespace frugal::format {

/// Fills parts whose path and bytes are set.  One use.
///
/// Errors: kCorrupt and kUnsupported as TensorFile tells; bytes can cause nothing else.
class GgufParser {
 public:
  explicit GgufParser(TensorFileParts& file);
  void parse();

 private:
  void parse_header();
  void parse_metadata();
  void parse_tensors();
  [[nodiscard]] TensorInfo take_tensor();
  void check_names() const;
  void place(TensorInfo& tensor) const;
  void check_overlaps() const;

  [[nodiscard]] MetaValue take_value(std::uint32_t type, int depth);
  [[nodiscard]] MetaArray take_array(int depth);
  [[nodiscard]] bool take_bool();
  [[nodiscard]] std::string_view take_string();
  [[nodiscard]] std::string_view take_name();
  [[nodiscard]] std::uint32_t take_value_type();
  template <class T>
  [[nodiscard]] T take();
  /// Fails unless `count` items of at least `bytes_min` each can still follow.
  void need(std::uint64_t count, std::uint64_t bytes_min) const;

  /// "path: place, byte n: message", where the place is the entry that is being read.
  [[noreturn]] void fail(ErrorKind kind, const std::string& message) const;
  /// kCorrupt, "path: section 'name': message", for what shows only after reading.
  [[noreturn]] void fail_entry(std::string_view section, std::string_view name,
                               const std::string& message) const;

  TensorFileParts& file_;
  std::uint64_t data_start_ = 0;
  std::span<const std::byte> header_;  ///< what the header may take of the file
  std::size_t position_ = 0;
  std::uint64_t metadata_count_ = 0;
  std::uint64_t tensor_count_ = 0;
  std::uint64_t elements_ = 0;  ///< of all arrays so far
  std::string_view section_ = "header";
  std::uint64_t entry_ = 0;
  std::string_view name_;  ///< of the entry, once known; points into the file
};

}  // namespace frugal::format
