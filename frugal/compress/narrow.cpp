#include "frugal/compress/narrow.h"

#include <algorithm>
#include <cstring>
#include <map>
#include <string>

#include "frugal/base/error.h"
#include "frugal/base/str.h"
#include "frugal/compress/mixture.h"
#include "frugal/compress/storable.h"
#include "frugal/kernels/round.h"
#include "frugal/tensor/codec.h"

namespace frugal::compress {

namespace {

using format::TensorInfo;
using model::Config;
using model::Model;
using model::Weight;

// What becomes of stored tensors, by name.
struct Changes {
  std::map<std::string, std::vector<std::size_t>, std::less<>> rows;  // kept ones
  struct Columns {
    std::size_t cols = 0;
    std::vector<float> values;
  };
  std::map<std::string, Columns, std::less<>> columns;
};

// Elements `unit` at a time: {0, 2} of 3 -> {0, 1, 2, 6, 7, 8}.
std::vector<std::size_t> spread(std::span<const std::size_t> kept, std::size_t unit) {
  std::vector<std::size_t> out;
  out.reserve(kept.size() * unit);
  for (const std::size_t each : kept) {
    for (std::size_t i = 0; i < unit; ++i) out.push_back((each * unit) + i);
  }
  return out;
}

// A role may be some rows of a stored tensor; parts of one come in the order they are stored.
void keep_rows(const Model& model, const Weight& weight, std::span<const std::size_t> rows,
               Changes& changes) {
  if (weight.empty()) return;
  const TensorInfo* info = model.file->find(weight.name);
  FRUGAL_CHECK(info != nullptr);
  const std::size_t first = static_cast<std::size_t>(weight.data - info->data) / weight.row_bytes;
  std::vector<std::size_t>& all = changes.rows[weight.name];
  for (const std::size_t row : rows) {
    FRUGAL_CHECK(row < weight.rows);
    all.push_back(first + row);
  }
}

void keep_columns(const Model& model, const Weight& weight, std::span<const std::size_t> kept,
                  const std::vector<float>& instead, Changes& changes) {
  Changes::Columns columns{.cols = kept.size(), .values = instead};
  if (instead.empty()) {
    const std::vector<float> all = numbers_of(model, weight);
    for (std::size_t r = 0; r < weight.rows; ++r) {
      for (const std::size_t c : kept) columns.values.push_back(all[(r * weight.cols) + c]);
    }
  }
  FRUGAL_CHECK(columns.values.size() == weight.rows * kept.size());
  changes.columns[weight.name] = std::move(columns);
}

Changes changes_of(const Model& model, std::span<const NarrowLayer> layers) {
  const Config& c = model.config;
  Changes changes;
  for (std::size_t l = 0; l < layers.size(); ++l) {
    const model::Layer& layer = model.layers[l];
    const NarrowLayer& kept = layers[l];
    if (!kept.groups.empty()) {
      const std::vector<std::size_t> columns = columns_of_groups(c, kept.groups);
      const std::vector<std::size_t> heads = spread(kept.groups, c.head_dim);
      keep_rows(model, layer.query.weight, columns, changes);
      keep_rows(model, layer.key.weight, heads, changes);
      keep_rows(model, layer.value.weight, heads, changes);
      keep_columns(model, layer.attention_output.weight, columns, kept.output, changes);
    }
    if (!kept.channels.empty()) {
      keep_rows(model, layer.gate.weight, kept.channels, changes);
      keep_rows(model, layer.up.weight, kept.channels, changes);
      keep_columns(model, layer.down.weight, kept.channels, kept.down, changes);
    }
  }
  return changes;
}

// Tensors that are made here, and the memory they lie in.
class Maker {
 public:
  explicit Maker(const Model& model) : model_(model), memory_(std::make_shared<Memory>()) {}

  [[nodiscard]] TensorInfo with_rows(const TensorInfo& tensor, std::span<const std::size_t> rows) {
    const std::size_t bytes = tensor.dims.size() < 2
                                  ? row_bytes(tensor.type, 1).value()
                                  : row_bytes(tensor.type, tensor.cols()).value();
    std::vector<std::byte> data(rows.size() * bytes);
    for (std::size_t r = 0; r < rows.size(); ++r) {
      FRUGAL_CHECK((rows[r] + 1) * bytes <= tensor.bytes);
      std::memcpy(data.data() + (r * bytes), tensor.data + (rows[r] * bytes), bytes);
    }
    TensorInfo changed = tensor;
    changed.dims.back() = rows.size();
    return finished(std::move(changed), std::move(data));
  }

  [[nodiscard]] TensorInfo with_columns(const TensorInfo& tensor, const Changes::Columns& columns) {
    const DType same = kernels::can_round(tensor.type) ? tensor.type : DType::kF16;
    const DType type = fitting_type(same, columns.cols);
    const std::size_t bytes = row_bytes(type, columns.cols).value();
    const kernels::ColumnWeights weights(type, columns.cols);
    std::vector<std::byte> data(tensor.rows() * bytes);
    for (std::size_t r = 0; r < tensor.rows(); ++r) {
      const auto row = std::span(columns.values).subspan(r * columns.cols, columns.cols);
      check_storable(row, type, {model_.file->path(), tensor.name, r});
      kernels::round_row(kernels::choose_kernels(""), type, row, weights,
                         data.data() + (r * bytes));
    }
    TensorInfo changed = tensor;
    changed.type = type;
    changed.dims[0] = columns.cols;
    return finished(std::move(changed), std::move(data));
  }

  [[nodiscard]] std::shared_ptr<const void> memory() const { return memory_; }

 private:
  using Memory = std::vector<std::vector<std::byte>>;

  TensorInfo finished(TensorInfo tensor, std::vector<std::byte> data) {
    memory_->push_back(std::move(data));
    tensor.data = memory_->back().data();
    tensor.bytes = memory_->back().size();
    return tensor;
  }

  const Model& model_;
  std::shared_ptr<Memory> memory_;
};

// A bias loses the rows that its matrix loses.
std::string matrix_of(const std::string& name) {
  constexpr std::string_view kBias = ".bias";
  return name.ends_with(kBias) ? name.substr(0, name.size() - kBias.size()) + ".weight" : name;
}

void set_sizes(const Model& model, const NarrowLayer& first, format::Metadata& metadata) {
  const Config& c = model.config;
  const auto set = [&](const char* key, std::size_t value) {
    metadata.set(str("{}.{}", c.architecture, key), static_cast<std::uint32_t>(value));
  };
  if (!first.channels.empty()) set("feed_forward_length", first.channels.size());
  if (first.groups.empty()) return;
  set("attention.head_count", first.groups.size() * (c.heads / c.kv_heads));
  set("attention.head_count_kv", first.groups.size());
  set("attention.key_length", c.head_dim);
  set("attention.value_length", c.head_dim);
  if (c.rope_dims > 0) set("rope.dimension_count", c.rope_dims);
}

}  // namespace

std::vector<std::size_t> columns_of_groups(const Config& config,
                                           std::span<const std::size_t> groups) {
  return spread(groups, config.heads / config.kv_heads * config.head_dim);
}

std::vector<float> numbers_of(const Model& model, const Weight& weight) {
  if (!can_decode(weight.type)) {
    throw Error(ErrorKind::kUnsupported,
                str("{}: tensor '{}' has type {}, expected one that can be decoded",
                    model.file->path(), weight.name, name(weight.type)));
  }
  std::vector<float> numbers(weight.rows * weight.cols);
  for (std::size_t r = 0; r < weight.rows; ++r) {
    const auto row = std::span(numbers).subspan(r * weight.cols, weight.cols);
    decode_row(weight.type, weight.data + (r * weight.row_bytes), row);
    check_storable(row, DType::kF32, {model.file->path(), weight.name, r});
  }
  return numbers;
}

std::shared_ptr<const format::TensorFile> narrow(const Model& model,
                                                 std::span<const NarrowLayer> layers) {
  FRUGAL_CHECK(layers.size() == model.layers.size() && !layers.empty());
  for (const NarrowLayer& each : layers) {
    FRUGAL_CHECK(each.channels.size() == layers.front().channels.size());
    FRUGAL_CHECK(each.groups.size() == layers.front().groups.size());
  }
  const Changes changes = changes_of(model, layers);
  format::TensorFileParts parts = format::parts_without_tensors(model.file);
  Maker maker(model);
  for (const TensorInfo& tensor : model.file->tensors()) {
    const auto rows = changes.rows.find(matrix_of(tensor.name));
    const auto columns = changes.columns.find(tensor.name);
    if (columns != changes.columns.end()) {
      parts.tensors.push_back(maker.with_columns(tensor, columns->second));
    } else if (rows != changes.rows.end()) {
      parts.tensors.push_back(maker.with_rows(tensor, rows->second));
    } else {
      parts.tensors.push_back(tensor);
    }
  }
  set_sizes(model, layers.front(), parts.metadata);
  parts.owners.push_back(maker.memory());
  return std::make_shared<const format::TensorFile>(std::move(parts));
}

}  // namespace frugal::compress
