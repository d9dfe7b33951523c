#include <algorithm>
#include <utility>

#include "frugal/base/error.h"
#include "frugal/format/gguf.h"
#include "frugal/format/gguf_parser.h"
#include "frugal/format/mapped_file.h"

namespace frugal::format {

namespace {
// Owns the mapping that the base class shows.
class MappedGguf final : public TensorFile {
 public:
  explicit MappedGguf(const std::filesystem::path& path) : mapping_(path) {
    path_ = path.string();
    bytes_ = mapping_.bytes();
    GgufParser(*this).parse();
  }

 private:
  MappedFile mapping_;
};

class BorrowedGguf final : public TensorFile {
 public:
  BorrowedGguf(std::span<const std::byte> bytes, std::string name) {
    path_ = std::move(name);
    bytes_ = bytes;
    GgufParser(*this).parse();
  }
};
}  // namespace

std::uint64_t TensorInfo::rows() const {
  std::uint64_t product = 1;
  for (std::size_t i = 1; i < dims.size(); ++i) product *= dims[i];
  return product;
}

std::shared_ptr<const TensorFile> TensorFile::open(const std::filesystem::path& path) {
  return std::make_shared<const MappedGguf>(path);
}

std::shared_ptr<const TensorFile> TensorFile::from_bytes(std::span<const std::byte> bytes,
                                                         std::string name) {
  return std::make_shared<const BorrowedGguf>(bytes, std::move(name));
}

const TensorInfo* TensorFile::find(std::string_view tensor) const {
  const auto found = std::lower_bound(
      by_name_.begin(), by_name_.end(), tensor,
      [this](std::size_t i, std::string_view name) { return tensors_[i].name < name; });
  if (found == by_name_.end() || tensors_[*found].name != tensor) return nullptr;
  return &tensors_[*found];
}

std::span<const std::byte> TensorFile::data(const TensorInfo& tensor) const {
  const std::span<const std::byte> all = bytes_.subspan(static_cast<std::size_t>(data_start_));
  FRUGAL_CHECK(tensor.offset <= all.size() && tensor.bytes <= all.size() - tensor.offset);
  return all.subspan(static_cast<std::size_t>(tensor.offset),
                     static_cast<std::size_t>(tensor.bytes));
}

}  // namespace frugal::format
