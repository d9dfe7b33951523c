#include "frugal/compress/quantize.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <optional>

#include "frugal/base/error.h"
#include "frugal/base/str.h"
#include "frugal/base/thread_pool.h"
#include "frugal/model/tensor_names.h"
#include "frugal/tensor/codec.h"

namespace frugal::compress {

namespace {

using format::TensorFile;
using format::TensorInfo;

// Rows handed to the team at once: enough to keep it busy, little enough to stay in memory.
constexpr std::size_t kChunkBytes = std::size_t{8} << 20U;

constexpr float kLargestHalf = 65504.0F;

// Largest magnitude that survives: beyond it the type itself, or the binary16 scale of a block,
// would become infinite.
float largest_storable(DType type) {
  switch (type) {
    case DType::kF16:
      return kLargestHalf;
    case DType::kQ8_0:
      return 127.0F * kLargestHalf;
    case DType::kQ4_0:
      return 8.0F * kLargestHalf;
    case DType::kQ5_0:
      return 16.0F * kLargestHalf;
    default:
      return std::numeric_limits<float>::max();
  }
}

// Steps between the smallest and the largest number of a block that stores its minimum; 0: it does
// not.
float steps_above_minimum(DType type) {
  if (type == DType::kQ4_1) return 15.0F;
  return type == DType::kQ5_1 ? 31.0F : 0.0F;
}

// The column of the first number that does not survive rounding to `type`.
std::optional<std::size_t> first_unstorable(const std::vector<float>& row, DType type) {
  const float limit = largest_storable(type);
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
  if (steps == 0.0F) return str("at most {:g} for {}", largest_storable(type), name(type));
  return str("blocks from within {:g} of 0 to at most {:g} above for {}", kLargestHalf,
             steps * kLargestHalf, name(type));
}

DType target_type(const TensorInfo& tensor, DType wanted, QuantizeResult& result) {
  if (!model::is_rounded(tensor)) return tensor.type;
  if (row_bytes(wanted, tensor.cols())) {
    ++result.converted;
    return wanted;
  }
  result.fallbacks.push_back(tensor.name);
  return DType::kF16;
}

// Converts the rows of one tensor, a chunk at a time.
class Converter {
 public:
  Converter(const TensorFile& file, ThreadPool& pool) : file_(file), pool_(pool) {}

  void convert(const TensorInfo& tensor, DType to, const format::TensorSource::Sink& sink) {
    const std::span<const std::byte> source = file_.data(tensor);
    if (tensor.type == to) return sink(source);
    if (!can_decode(tensor.type)) {
      throw Error(ErrorKind::kUnsupported,
                  str("{}: tensor '{}' has type {}, expected one that can be decoded", file_.path(),
                      tensor.name, name(tensor.type)));
    }
    const std::size_t cols = tensor.cols();
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
          encode_row(to, row, chunk_.data() + (r * to_bytes));
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
  ThreadPool& pool_;
  std::vector<std::byte> chunk_;
};

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
  FRUGAL_CHECK(can_encode(options.type));
  refuse_same_file(file, output);
  ThreadPool pool(options.threads);
  Converter converter(file, pool);
  QuantizeResult result;
  for (const TensorInfo& tensor : file.tensors()) result.bytes_before += tensor.bytes;

  std::uint64_t done = 0;
  std::vector<format::TensorSource> sources;
  for (const TensorInfo& tensor : file.tensors()) {
    const DType to = target_type(tensor, options.type, result);
    const auto produce = [&, to](const format::TensorSource::Sink& sink) {
      std::uint64_t written = 0;
      converter.convert(tensor, to, [&](std::span<const std::byte> bytes) {
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
  metadata.set("general.file_type", model::file_type(options.type));
  metadata.set("general.quantization_version", std::uint32_t{2});
  format::write_gguf(output, metadata, sources);
  return result;
}

}  // namespace frugal::compress
