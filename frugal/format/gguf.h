#pragma once

/// GGUF files: written whole, and read in place by TensorFile::open.
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
#include <span>
#include <string>
#include <vector>

#include "frugal/format/tensor_file.h"
#include "frugal/tensor/dtype.h"

namespace frugal::format {

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

/// Writes all that `file` shows, as it is, to one file: byte for byte where it is one GGUF file.
///
/// Errors: those of AtomicFile and of write_gguf.
void copy_gguf(const TensorFile& file, const std::filesystem::path& path);

}  // namespace frugal::format
