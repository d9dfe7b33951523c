#include "frugal/train/exits.h"

#include <string>
#include <string_view>
#include <utility>

#include "frugal/base/error.h"
#include "frugal/base/str.h"
#include "frugal/model/layer_subset.h"
#include "frugal/model/model.h"

namespace frugal::train {

namespace {

using format::TensorFile;
using format::TensorInfo;

/// A vector of that name: as the file has it, else what the output norm has.
TensorInfo norm_of(const TensorFile& file, const std::string& name, std::string_view output) {
  if (const TensorInfo* own = file.find(name)) return *own;
  const TensorInfo* from = file.find(output);
  if (from == nullptr || from->type != DType::kF32) {
    throw Error(ErrorKind::kCorrupt,
                str("{}: no tensor '{}' of type F32 to begin an exit with", file.path(), output));
  }
  TensorInfo copy = *from;
  copy.name = name;
  return copy;
}

}  // namespace

std::shared_ptr<const TensorFile> with_exits(std::shared_ptr<const TensorFile> file,
                                             std::span<const std::size_t> layers) {
  const std::string key(model::kExitLayers);
  if (layers.empty() && file->metadata().find(key) == nullptr) return file;
  const std::uint64_t count = model::layer_count(*file);
  format::TensorFileParts parts = format::parts_without_tensors(file);
  for (const TensorInfo& tensor : file->tensors()) {
    if (tensor.name.find(".exit_norm.") == std::string::npos) parts.tensors.push_back(tensor);
  }
  format::MetaArray listed{.element_type = 4, .values = {}};
  for (const std::size_t layer : layers) {
    if (layer + 1 >= count) {
      throw Error(ErrorKind::kInvalidArgument,
                  str("{}: exit after layer {}, expected one before the last of {}", file->path(),
                      layer, count));
    }
    listed.values.emplace_back(static_cast<std::uint32_t>(layer));
    const std::string name = str("blk.{}.exit_norm", layer);
    parts.tensors.push_back(norm_of(*file, name + ".weight", "output_norm.weight"));
    if (file->find("output_norm.bias") == nullptr) continue;
    parts.tensors.push_back(norm_of(*file, name + ".bias", "output_norm.bias"));
  }
  parts.metadata.erase(key);
  if (!layers.empty()) parts.metadata.set(key, std::move(listed));
  return std::make_shared<const TensorFile>(std::move(parts));
}

}  // namespace frugal::train
