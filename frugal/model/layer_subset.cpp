#include "frugal/model/layer_subset.h"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "frugal/base/error.h"
#include "frugal/base/str.h"
#include "frugal/model/model.h"

namespace frugal::model {

namespace {

using format::MetaArray;
using format::Metadata;
using format::TensorFile;

constexpr std::string_view kBlock = "blk.";

void check(const TensorFile& file, std::span<const std::size_t> kept, std::uint64_t layers) {
  if (kept.empty()) {
    throw Error(ErrorKind::kInvalidArgument,
                str("{}: no layer to keep, expected at least one", file.path()));
  }
  std::vector<std::size_t> sorted(kept.begin(), kept.end());
  std::sort(sorted.begin(), sorted.end());
  if (std::adjacent_find(sorted.begin(), sorted.end()) != sorted.end()) {
    throw Error(ErrorKind::kInvalidArgument,
                str("{}: a layer to keep is named twice, expected each once", file.path()));
  }
  if (sorted.back() >= layers) {
    throw Error(ErrorKind::kInvalidArgument, str("{}: layer {} to keep, expected 0 to {}",
                                                 file.path(), sorted.back(), layers - 1));
  }
}

/// "blk.7.attn_q.weight" -> 7 and ".attn_q.weight"; nothing for tensors outside the layers.
std::optional<std::pair<std::size_t, std::string_view>> layer_of(std::string_view name) {
  if (!name.starts_with(kBlock)) return std::nullopt;
  const std::size_t dot = name.find('.', kBlock.size());
  if (dot == std::string_view::npos) return std::nullopt;
  const auto number = parse_int(name.substr(kBlock.size(), dot - kBlock.size()));
  if (!number || *number < 0) return std::nullopt;
  return std::pair(static_cast<std::size_t>(*number), name.substr(dot));
}

void select_per_layer(Metadata& metadata, const std::string& prefix, std::size_t layers,
                      std::span<const std::size_t> kept) {
  std::vector<format::MetaEntry> changed;
  for (const format::MetaEntry& entry : metadata.entries()) {
    const auto* array = std::get_if<MetaArray>(&entry.value);
    if (array == nullptr || !entry.key.starts_with(prefix) || array->values.size() != layers) {
      continue;
    }
    MetaArray some{.element_type = array->element_type, .values = {}};
    for (const std::size_t layer : kept) some.values.push_back(array->values[layer]);
    changed.push_back({entry.key, std::move(some)});
  }
  for (format::MetaEntry& entry : changed) metadata.set(entry.key, std::move(entry.value));
}

// Of the keys of a file's architecture.
std::string prefix_of(const TensorFile& file) {
  return std::string(file.metadata().get_string("general.architecture").value_or("")) + ".";
}

// Exits move with their layers.
void renumber_exits(Metadata& metadata, std::span<const std::size_t> kept) {
  const MetaArray* listed = metadata.get_array(kExitLayers);
  if (listed == nullptr) return;
  MetaArray moved{.element_type = listed->element_type, .values = {}};
  for (std::size_t i = 0; i < kept.size(); ++i) {
    const format::MetaValue old(static_cast<std::uint32_t>(kept[i]));
    const auto& all = listed->values;
    if (std::find(all.begin(), all.end(), old) == all.end()) continue;
    moved.values.emplace_back(static_cast<std::uint32_t>(i));
  }
  metadata.set(std::string(kExitLayers), std::move(moved));
}

}  // namespace

std::uint64_t layer_count(const TensorFile& file) {
  const std::string key = prefix_of(file) + "block_count";
  if (const auto layers = file.metadata().get_uint(key)) return *layers;
  throw Error(ErrorKind::kCorrupt,
              str("{}: key '{}' is missing, expected a number", file.path(), key));
}

std::shared_ptr<const TensorFile> keep_layers(std::shared_ptr<const TensorFile> file,
                                              std::span<const std::size_t> kept) {
  const std::string prefix = prefix_of(*file);
  const std::uint64_t layers = layer_count(*file);
  check(*file, kept, layers);
  format::TensorFileParts parts = format::parts_without_tensors(file);
  for (const format::TensorInfo& tensor : file->tensors()) {
    const auto layer = layer_of(tensor.name);
    if (!layer) parts.tensors.push_back(tensor);
  }
  for (std::size_t i = 0; i < kept.size(); ++i) {
    for (const format::TensorInfo& tensor : file->tensors()) {
      const auto layer = layer_of(tensor.name);
      if (!layer || layer->first != kept[i]) continue;
      parts.tensors.push_back(tensor);
      parts.tensors.back().name = str("blk.{}{}", i, layer->second);
    }
  }
  select_per_layer(parts.metadata, prefix, static_cast<std::size_t>(layers), kept);
  renumber_exits(parts.metadata, kept);
  parts.metadata.set(prefix + "block_count", static_cast<std::uint32_t>(kept.size()));
  return std::make_shared<const TensorFile>(std::move(parts));
}

}  // namespace frugal::model
