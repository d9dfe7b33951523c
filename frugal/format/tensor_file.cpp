#include "frugal/format/tensor_file.h"

#include <algorithm>
#include <numeric>
#include <utility>

#include "frugal/base/error.h"
#include "frugal/base/str.h"

namespace frugal::format {

std::uint64_t TensorInfo::rows() const {
  std::uint64_t product = 1;
  for (std::size_t i = 1; i < dims.size(); ++i) product *= dims[i];
  return product;
}

TensorFileParts parts_without_tensors(std::shared_ptr<const TensorFile> file) {
  TensorFileParts parts;
  parts.path = file->path();
  parts.container = file->container();
  parts.version = file->version();
  parts.alignment = file->alignment();
  parts.file_bytes = file->file_bytes();
  parts.metadata = file->metadata();
  parts.owners = {std::move(file)};
  return parts;
}

TensorFile::TensorFile(TensorFileParts parts) : parts_(std::move(parts)) {
  const std::vector<TensorInfo>& tensors = parts_.tensors;
  by_name_.resize(tensors.size());
  std::iota(by_name_.begin(), by_name_.end(), std::size_t{0});
  std::sort(by_name_.begin(), by_name_.end(),
            [&](std::size_t a, std::size_t b) { return tensors[a].name < tensors[b].name; });
  const auto twin = std::adjacent_find(
      by_name_.begin(), by_name_.end(),
      [&](std::size_t a, std::size_t b) { return tensors[a].name == tensors[b].name; });
  if (twin == by_name_.end()) return;
  throw Error(ErrorKind::kCorrupt,
              str("{}: tensor '{}': appears more than once, expected unique names", parts_.path,
                  printable(tensors[*twin].name)));
}

const TensorInfo* TensorFile::find(std::string_view tensor) const {
  const auto found = std::lower_bound(
      by_name_.begin(), by_name_.end(), tensor,
      [this](std::size_t i, std::string_view name) { return parts_.tensors[i].name < name; });
  if (found == by_name_.end() || parts_.tensors[*found].name != tensor) return nullptr;
  return &parts_.tensors[*found];
}

std::span<const std::byte> TensorFile::data(const TensorInfo& tensor) const {
  const TensorInfo* own = find(tensor.name);
  FRUGAL_CHECK(own != nullptr && own->data == tensor.data && own->bytes == tensor.bytes);
  return {tensor.data, static_cast<std::size_t>(tensor.bytes)};
}

}  // namespace frugal::format
