#pragma once

/// safetensors files: named arrays, read in place (docs/formats/safetensors.md).
///
/// The file, little-endian:
///   u64 length of the header, the header in JSON, the bytes of all arrays without a gap;
///   header: {"name": {"dtype": "BF16", "shape": [rows, cols], "data_offsets": [begin, end]}, …,
///            "__metadata__": {"key": "text", …}}; offsets count from the end of the header.

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "frugal/tensor/dtype.h"

namespace frugal::format {

/// An array as the file describes it.
struct SafeTensor {
  std::string name;
  std::string dtype;                 ///< as the file writes it: "BF16"
  std::optional<DType> type;         ///< nothing for one of theirs that we have not: "BOOL", "U8"
  std::vector<std::uint64_t> shape;  ///< the last extent is contiguous
  std::span<const std::byte> data;
};

/// The arrays of one file, or of all parts of a model.
struct Safetensors {
  std::string path;
  std::uint64_t file_bytes = 0;
  std::vector<SafeTensor> tensors;                  ///< sorted by name; names are unique
  std::vector<std::shared_ptr<const void>> owners;  ///< of the memory that `tensors` view into

  [[nodiscard]] const SafeTensor* find(std::string_view name) const;
};

/// Maps one file, or, of a folder, model.safetensors or the parts that model.safetensors.index.json
/// names.
///
/// Errors: those of MappedFile; kNotFound for a folder with neither, and for a part that is
/// missing;
///         kCorrupt for whatever does not agree: lengths, offsets that leave a gap or overlap, a
///         shape whose size is not that of its bytes, names given twice, a header above 100 MB;
///         kUnsupported for an element type of unknown name.
/// Threads: the result is const; safe from all.
[[nodiscard]] Safetensors open_safetensors(const std::filesystem::path& path);

/// The same from memory that outlives the result (tests, fuzzing); `path` stands for the name.
[[nodiscard]] Safetensors parse_safetensors(std::span<const std::byte> bytes, std::string path);

}  // namespace frugal::format
