#include "frugal/compress/quantize.h"

#include <algorithm>
#include <array>
#include <optional>

#include "frugal/base/error.h"
#include "frugal/base/str.h"
#include "frugal/base/thread_pool.h"
#include "frugal/compress/storable.h"
#include "frugal/kernels/round.h"
#include "frugal/model/tensor_names.h"
#include "frugal/tensor/codec.h"

namespace frugal::compress {

namespace {

using format::TensorFile;
using format::TensorInfo;

// Rows handed to the team at once: enough to keep it busy, little enough to stay in memory.
constexpr std::size_t kChunkBytes = std::size_t{8} << 20U;

// What a row of each matrix of a tensor is weighed with: one for all, or one per expert.
std::vector<kernels::ColumnWeights> weights_of(const TensorInfo& tensor, DType to,
                                               std::span<const float> importance) {
  std::vector<kernels::ColumnWeights> weights;
  const std::size_t cols = tensor.cols();
  if (importance.empty()) weights.emplace_back(to, cols);
  for (std::size_t at = 0; at < importance.size(); at += cols) {
    weights.emplace_back(to, cols, importance.subspan(at, cols));
  }
  return weights;
}

// Converts the rows of one tensor, a chunk at a time.
class Converter {
 public:
  Converter(const TensorFile& file, const kernels::Kernels& kernels, ThreadPool& pool)
      : file_(file), kernels_(kernels), pool_(pool) {}

  void convert(const TensorInfo& tensor, DType to, std::span<const float> importance,
               const format::TensorSource::Sink& sink) {
    const std::span<const std::byte> source = file_.data(tensor);
    if (tensor.type == to) return sink(source);
    if (!can_decode(tensor.type)) {
      throw Error(ErrorKind::kUnsupported,
                  str("{}: tensor '{}' has type {}, expected one that can be decoded", file_.path(),
                      tensor.name, name(tensor.type)));
    }
    const std::vector<kernels::ColumnWeights> weights = weights_of(tensor, to, importance);
    const std::size_t cols = tensor.cols();
    const std::size_t rows_of_one = tensor.rows() / weights.size();
    const std::size_t from_bytes = row_bytes(tensor.type, cols).value();
    const std::size_t to_bytes = row_bytes(to, cols).value();
    const std::size_t per_chunk = std::max<std::size_t>(1, kChunkBytes / (cols * sizeof(float)));
    for (std::size_t first = 0; first < tensor.rows(); first += per_chunk) {
      const std::size_t rows = std::min<std::size_t>(per_chunk, tensor.rows() - first);
      chunk_.resize(rows * to_bytes);
      pool_.parallel_for(rows, 1, [&](std::size_t begin, std::size_t end) {
        std::vector<float> row(cols);
        for (std::size_t r = begin; r < end; ++r) {
          decode_row(tensor.type, source.data() + ((first + r) * from_bytes), row);
          check_storable(row, to, {file_.path(), tensor.name, first + r});
          kernels::round_row(kernels_, to, row, weights[(first + r) / rows_of_one],
                             chunk_.data() + (r * to_bytes));
        }
      });
      sink(chunk_);
    }
  }

 private:
  const TensorFile& file_;
  const kernels::Kernels& kernels_;
  ThreadPool& pool_;
  std::vector<std::byte> chunk_;
};

// Weights for each tensor that is searched; what has none is listed.
std::vector<std::span<const float>> importance_of(const TensorFile& file, const TypePlan& plan,
                                                  const QuantizeOptions& options,
                                                  QuantizeResult& result) {
  std::vector<std::span<const float>> found(file.tensors().size());
  if (options.importance == nullptr) return found;
  for (std::size_t i = 0; i < found.size(); ++i) {
    const TensorInfo& tensor = file.tensors()[i];
    const bool in_blocks = traits(plan.types[i]).block_elements > 1;
    if (!model::is_rounded(tensor) || !in_blocks || plan.types[i] == DType::kQ8_0) continue;
    const Importance::Weights weights = options.importance->find(tensor);
    found[i] = weights.values;
    if (weights.values.empty()) {
      result.unweighted.push_back({tensor.name, std::string(weights.why_none)});
    }
  }
  return found;
}

// Llama.cpp's keys, so that a file tells what it was made with.
void note_importance(const Importance& importance, format::Metadata& metadata) {
  if (!importance.path().empty()) metadata.set("quantize.imatrix.file", importance.path());
  if (!importance.datasets().empty()) {
    metadata.set("quantize.imatrix.dataset", importance.datasets().back());
  }
  metadata.set("quantize.imatrix.entries_count", static_cast<std::int32_t>(importance.size()));
  if (importance.chunk_count()) {
    metadata.set("quantize.imatrix.chunks_count",
                 static_cast<std::int32_t>(*importance.chunk_count() & 0x7FFFFFFFU));
  }
}

}  // namespace

void refuse_same_file(const TensorFile& file, const std::filesystem::path& output) {
  std::error_code ignored;
  if (std::filesystem::equivalent(file.path(), output, ignored)) {
    throw Error(ErrorKind::kInvalidArgument,
                str("{}: is the input, expected another name for the output", output.string()));
  }
}

TypePlan types_of(const TensorFile& file, const QuantizeOptions& options) {
  FRUGAL_CHECK(kernels::can_round(options.type));
  return plan_types(file, {.type = options.type,
                           .mixture = options.mixture,
                           .rules = options.rules,
                           .keep = options.keep_types,
                           .has_importance = options.importance != nullptr || options.ready});
}

QuantizeResult quantize(const TensorFile& file, const std::filesystem::path& output,
                        const QuantizeOptions& options) {
  refuse_same_file(file, output);
  const TypePlan plan = types_of(file, options);
  QuantizeResult result;
  result.fallbacks = plan.fallbacks;
  const auto importance = importance_of(file, plan, options, result);
  for (std::size_t i = 0; i < file.tensors().size(); ++i) {
    const TensorInfo& tensor = file.tensors()[i];
    result.bytes_before += tensor.bytes;
    const bool kept = options.keep_types && plan.types[i] == tensor.type;
    if (model::is_rounded(tensor) && !kept) ++result.converted;
  }
  result.converted -= plan.fallbacks.size();

  ThreadPool pool(options.threads);
  Converter converter(file, options.kernels ? *options.kernels : kernels::choose_kernels(""), pool);
  std::uint64_t done = 0;
  std::vector<format::TensorSource> sources;
  for (std::size_t i = 0; i < file.tensors().size(); ++i) {
    const TensorInfo& tensor = file.tensors()[i];
    const DType to = plan.types[i];
    const auto produce = [&, i, to](const format::TensorSource::Sink& sink) {
      std::uint64_t written = 0;
      const auto count = [&](std::span<const std::byte> bytes) {
        sink(bytes);
        written += bytes.size();
        const std::uint64_t share =
            tensor.bytes * written / (tensor.rows() * row_bytes(to, tensor.cols()).value());
        report_progress(options.progress,
                        {.stage = "quantise", .done = done + share, .total = result.bytes_before});
      };
      const auto ready = options.ready ? options.ready(tensor) : std::nullopt;
      if (ready) {
        count(*ready);
      } else {
        converter.convert(tensor, to, importance[i], count);
      }
      done += tensor.bytes;
      result.bytes_after += written;
    };
    sources.push_back({.name = tensor.name, .type = to, .dims = tensor.dims, .produce = produce});
  }
  format::Metadata metadata = file.metadata();
  if (!options.keep_types) {
    metadata.set("general.file_type",
                 options.mixture ? options.mixture->file_type : model::file_type(options.type));
    metadata.set("general.quantization_version", std::uint32_t{2});
  }
  if (options.importance != nullptr) note_importance(*options.importance, metadata);
  for (const format::MetaEntry& note : options.notes.entries()) metadata.set(note.key, note.value);
  format::write_gguf(output, metadata, sources);
  return result;
}

}  // namespace frugal::compress
