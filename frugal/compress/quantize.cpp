#include "frugal/compress/quantize.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>

#include "frugal/base/error.h"
#include "frugal/base/str.h"
#include "frugal/base/thread_pool.h"
#include "frugal/kernels/round.h"
#include "frugal/model/tensor_names.h"
#include "frugal/tensor/codec.h"

namespace frugal::compress {

namespace {

using format::TensorFile;
using format::TensorInfo;

// Rows handed to the team at once: enough to keep it busy, little enough to stay in memory.
constexpr std::size_t kChunkBytes = std::size_t{8} << 20U;

constexpr float kLargestHalf = 65504.0F;

// Steps between the smallest and the largest number of a block that stores its minimum; 0: it does
// not.
float steps_above_minimum(DType type) {
  if (type == DType::kQ4_1) return 15.0F;
  return type == DType::kQ5_1 ? 31.0F : 0.0F;
}

// The column of the first number that does not survive rounding to `type`.
std::optional<std::size_t> first_unstorable(const std::vector<float>& row, DType type) {
  const float limit = kernels::largest_roundable(type);
  const auto bad = std::find_if_not(row.begin(), row.end(), [limit](float value) {
    return std::abs(value) <= limit;  // false for NaN too
  });
  if (bad != row.end()) return static_cast<std::size_t>(bad - row.begin());
  const float steps = steps_above_minimum(type);
  if (steps == 0.0F) return std::nullopt;
  const auto block = static_cast<std::ptrdiff_t>(traits(type).block_elements);
  for (auto at = row.begin(); at != row.end(); at += block) {
    const auto [low, high] = std::minmax_element(at, at + block);
    if (std::abs(*low) > kLargestHalf) return static_cast<std::size_t>(low - row.begin());
    if (*high - *low > steps * kLargestHalf) return static_cast<std::size_t>(high - row.begin());
  }
  return std::nullopt;
}

std::string storable(DType type) {
  const float steps = steps_above_minimum(type);
  if (steps == 0.0F)
    return str("at most {:g} for {}", kernels::largest_roundable(type), name(type));
  return str("blocks from within {:g} of 0 to at most {:g} above for {}", kLargestHalf,
             steps * kLargestHalf, name(type));
}

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
          check_range(tensor, first + r, row, to);
          kernels::round_row(kernels_, to, row, weights[(first + r) / rows_of_one],
                             chunk_.data() + (r * to_bytes));
        }
      });
      sink(chunk_);
    }
  }

 private:
  void check_range(const TensorInfo& tensor, std::size_t row, const std::vector<float>& values,
                   DType to) const {
    const auto bad = first_unstorable(values, to);
    if (!bad) return;
    throw Error(ErrorKind::kCorrupt,
                str("{}: tensor '{}': row {}, column {} is {}, expected {}", file_.path(),
                    tensor.name, row, *bad, values[*bad], storable(to)));
  }

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
  metadata.set("quantize.imatrix.file", importance.path());
  if (!importance.datasets().empty()) {
    metadata.set("quantize.imatrix.dataset", importance.datasets().back());
  }
  metadata.set("quantize.imatrix.entries_count", static_cast<std::int32_t>(importance.size()));
  if (importance.chunk_count()) {
    metadata.set("quantize.imatrix.chunks_count",
                 static_cast<std::int32_t>(*importance.chunk_count() & 0x7FFFFFFFU));
  }
}

void refuse_same_file(const TensorFile& file, const std::filesystem::path& output) {
  std::error_code ignored;
  if (std::filesystem::equivalent(file.path(), output, ignored)) {
    throw Error(ErrorKind::kInvalidArgument,
                str("{}: is the input, expected another name for the output", output.string()));
  }
}

}  // namespace

QuantizeResult quantize(const TensorFile& file, const std::filesystem::path& output,
                        const QuantizeOptions& options) {
  FRUGAL_CHECK(kernels::can_round(options.type));
  refuse_same_file(file, output);
  const TypePlan plan = plan_types(file, {.type = options.type,
                                          .mixture = options.mixture,
                                          .rules = options.rules,
                                          .has_importance = options.importance != nullptr});
  QuantizeResult result;
  result.fallbacks = plan.fallbacks;
  const auto importance = importance_of(file, plan, options, result);
  for (const TensorInfo& tensor : file.tensors()) {
    result.bytes_before += tensor.bytes;
    if (model::is_rounded(tensor)) ++result.converted;
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
      converter.convert(tensor, to, importance[i], [&](std::span<const std::byte> bytes) {
        sink(bytes);
        written += bytes.size();
        const std::uint64_t share =
            tensor.bytes * written / (tensor.rows() * row_bytes(to, tensor.cols()).value());
        report_progress(options.progress,
                        {.stage = "quantise", .done = done + share, .total = result.bytes_before});
      });
      done += tensor.bytes;
      result.bytes_after += written;
    };
    sources.push_back({.name = tensor.name, .type = to, .dims = tensor.dims, .produce = produce});
  }
  format::Metadata metadata = file.metadata();
  metadata.set("general.file_type",
               options.mixture ? options.mixture->file_type : model::file_type(options.type));
  metadata.set("general.quantization_version", std::uint32_t{2});
  if (options.importance != nullptr) note_importance(*options.importance, metadata);
  format::write_gguf(output, metadata, sources);
  return result;
}

}  // namespace frugal::compress
