#include "frugal/compress/fold.h"

#include <algorithm>
#include <map>
#include <numeric>
#include <optional>

#include "frugal/base/error.h"
#include "frugal/base/str.h"
#include "frugal/compress/storable.h"
#include "frugal/format/gguf.h"
#include "frugal/tensor/codec.h"

namespace frugal::compress {

namespace {

using format::TensorInfo;
using model::Layer;

std::vector<std::uint32_t> one_each(std::size_t count) {
  std::vector<std::uint32_t> channels(count);
  std::iota(channels.begin(), channels.end(), 0U);
  return channels;
}

// Value channels as the columns of the output matrix read them: query heads of a group share one.
std::vector<std::uint32_t> values_of_heads(const model::Config& config) {
  const std::size_t group = config.heads / config.kv_heads;
  std::vector<std::uint32_t> channels(config.heads * config.head_dim);
  for (std::size_t c = 0; c < channels.size(); ++c) {
    const std::size_t head = c / config.head_dim / group;
    channels[c] = static_cast<std::uint32_t>((head * config.head_dim) + (c % config.head_dim));
  }
  return channels;
}

class Finder {
 public:
  explicit Finder(const model::Model& model) : model_(model) {}

  [[nodiscard]] std::optional<Fold> find(const Input& input) const {
    for (const Layer& layer : model_.layers) {
      const std::string& first = input.tensors.front();
      if (first == layer.query.weight.name) return after_norm(input, layer.attention_norm);
      if (first == layer.attention_output.weight.name) {
        return after_rows(input, layer.value, values_of_heads(model_.config));
      }
      const model::Linear& mlp = layer.gate.weight.empty() ? layer.up : layer.gate;
      if (first == mlp.weight.name) return after_norm(input, layer.mlp_norm);
      if (first == layer.down.weight.name && !layer.gate.weight.empty()) {
        return after_rows(input, layer.up, one_each(input.cols));
      }
    }
    return std::nullopt;
  }

 private:
  [[nodiscard]] std::optional<Fold> after_norm(const Input& input, const model::Norm& norm) const {
    if (norm.empty() || norm.gain.size() != input.cols) return std::nullopt;
    Fold fold{.input = input, .channels = input.cols, .channels_of = one_each(input.cols)};
    return with_makers(std::move(fold), norm.name + ".weight", 0, !norm.bias.empty());
  }

  [[nodiscard]] std::optional<Fold> after_rows(const Input& input, const model::Linear& maker,
                                               std::vector<std::uint32_t> channels) const {
    if (channels.size() != input.cols) return std::nullopt;
    Fold fold{.input = input, .channels = maker.weight.rows, .channels_of = std::move(channels)};
    return with_makers(std::move(fold), maker.weight.name,
                       model::first_row_of(model_, maker.weight), !maker.bias.empty());
  }

  // The tensors must be in the file under the names that they are known by.
  [[nodiscard]] std::optional<Fold> with_makers(Fold fold, const std::string& tensor,
                                                std::size_t first, bool has_bias) const {
    fold.makers.push_back({tensor, first});
    if (has_bias) {
      const std::size_t stem = tensor.rfind(".weight");
      fold.makers.push_back({tensor.substr(0, stem) + ".bias", first});
    }
    for (const ChannelMaker& maker : fold.makers) {
      const TensorInfo* stored = model_.file->find(maker.tensor);
      if (stored == nullptr) return std::nullopt;
      const std::size_t count = stored->dims.size() == 1 ? stored->cols() : stored->rows();
      if (maker.first + fold.channels > count) return std::nullopt;
    }
    return fold;
  }

  const model::Model& model_;
};

// What a tensor is multiplied by; empty: by 1.
struct Factors {
  std::vector<float> rows = {};
  std::vector<float> cols = {};
};

void multiply(std::vector<float>& factors, std::size_t size, std::size_t at, float by) {
  if (factors.empty()) factors.assign(size, 1.0F);
  factors[at] *= by;
}

std::map<std::string, Factors, std::less<>> factors_of(const format::TensorFile& file,
                                                       std::span<const Scaling> scalings) {
  std::map<std::string, Factors, std::less<>> all;
  for (const Scaling& scaling : scalings) {
    const Fold& fold = scaling.fold;
    for (const std::string& tensor : fold.input.tensors) {
      std::vector<float>& cols = all[tensor].cols;
      for (std::size_t c = 0; c < fold.input.cols; ++c) {
        multiply(cols, fold.input.cols, c, scaling.scales[fold.channels_of[c]]);
      }
    }
    for (const ChannelMaker& maker : fold.makers) {
      const TensorInfo& stored = *file.find(maker.tensor);
      const bool vector = stored.dims.size() == 1;
      Factors& factors = all[maker.tensor];
      std::vector<float>& along = vector ? factors.cols : factors.rows;
      const std::size_t size = vector ? stored.cols() : stored.rows();
      for (std::size_t i = 0; i < fold.channels; ++i) {
        multiply(along, size, maker.first + i, 1.0F / scaling.scales[i]);
      }
    }
  }
  return all;
}

void write_scaled(const format::TensorFile& file, const TensorInfo& tensor, const Factors& factors,
                  const format::TensorSource::Sink& sink) {
  const std::size_t cols = tensor.cols();
  const std::size_t bytes = row_bytes(tensor.type, cols).value();
  const std::span<const std::byte> data = file.data(tensor);
  std::vector<float> row(cols);
  for (std::size_t r = 0; r < tensor.rows(); ++r) {
    decode_row(tensor.type, data.data() + (r * bytes), row);
    for (std::size_t c = 0; c < cols; ++c) {
      if (!factors.cols.empty()) row[c] *= factors.cols[c];
      if (!factors.rows.empty()) row[c] *= factors.rows[r];
    }
    check_storable(row, DType::kF32, {file.path(), tensor.name, r});
    sink(std::as_bytes(std::span(row)));
  }
}

}  // namespace

std::vector<Fold> folds_of(const model::Model& model, std::span<const Input> inputs) {
  std::vector<Fold> folds;
  const Finder finder(model);
  for (const Input& input : inputs) {
    if (auto fold = finder.find(input)) folds.push_back(*std::move(fold));
  }
  return folds;
}

void write_folded(const format::TensorFile& file, std::span<const Scaling> scalings,
                  const format::Metadata& notes, const std::filesystem::path& output,
                  const ProgressFn& progress) {
  const auto all = factors_of(file, scalings);
  std::uint64_t total = 0;
  for (const TensorInfo& tensor : file.tensors()) total += tensor.bytes;
  std::uint64_t done = 0;
  std::vector<format::TensorSource> sources;
  for (const TensorInfo& tensor : file.tensors()) {
    const auto found = all.find(tensor.name);
    const bool changes = found != all.end();
    if (changes && !can_decode(tensor.type)) {
      throw Error(ErrorKind::kUnsupported,
                  str("{}: tensor '{}' has type {}, expected one that can be decoded", file.path(),
                      tensor.name, name(tensor.type)));
    }
    const auto produce = [&, changes, found](const format::TensorSource::Sink& sink) {
      report_progress(progress, {.stage = "fold", .done = done, .total = total});
      if (changes) {
        write_scaled(file, tensor, found->second, sink);
      } else {
        sink(file.data(tensor));
      }
      done += tensor.bytes;
    };
    sources.push_back({.name = tensor.name,
                       .type = changes ? DType::kF32 : tensor.type,
                       .dims = tensor.dims,
                       .produce = produce});
  }
  format::Metadata metadata = file.metadata();
  for (const format::MetaEntry& note : notes.entries()) metadata.set(note.key, note.value);
  format::write_gguf(output, metadata, sources);
}

}  // namespace frugal::compress
