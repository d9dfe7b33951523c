#include "frugal/compress/imatrix.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <utility>

#include "frugal/base/error.h"
#include "frugal/base/str.h"
#include "frugal/format/gguf.h"
#include "frugal/format/mapped_file.h"

namespace frugal::compress {

namespace {

using format::TensorFile;
using format::TensorInfo;

constexpr std::string_view kSum2 = ".in_sum2";
constexpr std::string_view kCounts = ".counts";
constexpr std::string_view kSum = ".in_sum";
constexpr std::uint32_t kStringType = 8;  // of GGUF's values

[[noreturn]] void corrupt(const std::string& file, const std::string& what) {
  throw Error(ErrorKind::kCorrupt, str("{}: {}", file, what));
}

// All that later divides, multiplies and compares: counts and squares are never below 0.
void check(const std::string& file, const std::string& name, const InputSums& sums) {
  const std::string place = str("tensor '{}'", printable(name));
  if (sums.counts.empty() || sums.sum2.empty() || sums.sum2.size() % sums.counts.size() != 0) {
    corrupt(file, str("{}: {} sums for {} counts, expected a multiple", place, sums.sum2.size(),
                      sums.counts.size()));
  }
  if (!sums.sum.empty() && sums.sum.size() != sums.sum2.size()) {
    corrupt(file, str("{}: {} sums, expected as many as squares, {}", place, sums.sum.size(),
                      sums.sum2.size()));
  }
  for (std::size_t i = 0; i < sums.counts.size(); ++i) {
    if (std::isfinite(sums.counts[i]) && sums.counts[i] >= 0.0) continue;
    corrupt(file, str("{}: count {} is {}, expected a number from 0", place, i, sums.counts[i]));
  }
  for (std::size_t i = 0; i < sums.sum2.size(); ++i) {
    if (std::isfinite(sums.sum2[i]) && sums.sum2[i] >= 0.0F) continue;
    corrupt(file, str("{}: sum {} is {}, expected a number from 0", place, i, sums.sum2[i]));
  }
}

std::vector<float> floats_of(const TensorFile& file, const TensorInfo& tensor) {
  if (tensor.type != DType::kF32) {
    corrupt(file.path(), str("tensor '{}' has type {}, expected F32", printable(tensor.name),
                             name(tensor.type)));
  }
  std::vector<float> values(tensor.bytes / sizeof(float));
  std::memcpy(values.data(), file.data(tensor).data(), values.size() * sizeof(float));
  return values;
}

const TensorInfo& counts_of(const TensorFile& file, const std::string& name) {
  const TensorInfo* counts = file.find(name + std::string(kCounts));
  if (counts == nullptr) {
    corrupt(file.path(), str("tensor '{}' has sums and no counts, expected '{}{}'", printable(name),
                             printable(name), kCounts));
  }
  return *counts;
}

std::optional<std::uint32_t> get_u32(const TensorFile& file, std::string_view key) {
  const auto value = file.metadata().get_uint(key);
  if (!value) return std::nullopt;
  return static_cast<std::uint32_t>(std::min<std::uint64_t>(*value, UINT32_MAX));
}

Imatrix from_gguf(const TensorFile& file) {
  const auto kind = file.metadata().get_string("general.type");
  if (kind && *kind != "imatrix") {
    throw Error(ErrorKind::kInvalidArgument,
                str("{}: general.type is '{}', expected 'imatrix'", file.path(), printable(*kind)));
  }
  Imatrix imatrix;
  for (const TensorInfo& tensor : file.tensors()) {
    if (!tensor.name.ends_with(kSum2)) continue;
    const std::string name = tensor.name.substr(0, tensor.name.size() - kSum2.size());
    InputSums sums;
    sums.sum2 = floats_of(file, tensor);
    const std::vector<float> counts = floats_of(file, counts_of(file, name));
    sums.counts.assign(counts.begin(), counts.end());
    if (const TensorInfo* sum = file.find(name + std::string(kSum))) {
      sums.sum = floats_of(file, *sum);
    }
    check(file.path(), name, sums);
    imatrix.tensors.emplace(name, std::move(sums));
  }
  if (imatrix.tensors.empty()) {
    throw Error(ErrorKind::kInvalidArgument,
                str("{}: has no tensor named '…{}', expected an imatrix", file.path(), kSum2));
  }
  if (const format::MetaArray* datasets = file.metadata().get_array("imatrix.datasets")) {
    for (const format::MetaValue& value : datasets->values) {
      if (const auto* text = std::get_if<std::string>(&value)) imatrix.datasets.push_back(*text);
    }
  }
  imatrix.chunk_count = get_u32(file, "imatrix.chunk_count");
  imatrix.chunk_size = get_u32(file, "imatrix.chunk_size");
  return imatrix;
}

// The older form, little-endian: i32 entries; each i32 length, name, i32 pieces, i32 values, f32
// mean x^2 times pieces …; at the end, in newer files only, i32 pieces and i32 length, dataset.
class LegacyParser {
 public:
  LegacyParser(std::span<const std::byte> bytes, const std::string& name)
      : bytes_(bytes), name_(name) {}

  Imatrix parse() {
    const std::size_t entries = count("entries");
    Imatrix imatrix;
    for (std::size_t i = 0; i < entries; ++i) {
      std::string tensor = text("a tensor's name");
      InputSums sums;
      sums.counts = {static_cast<double>(count("pieces of text"))};
      sums.sum2.resize(within(count("sums"), sizeof(float), "sums"));
      const auto values = std::as_writable_bytes(std::span(sums.sum2));
      std::copy_n(take(values.size()), values.size(), values.data());
      check(name_, tensor, sums);
      if (!imatrix.tensors.emplace(tensor, std::move(sums)).second) {
        corrupt(name_, str("tensor '{}' is there twice, expected once", printable(tensor)));
      }
    }
    if (at_ < bytes_.size()) imatrix.chunk_count = static_cast<std::uint32_t>(count("pieces"));
    if (at_ < bytes_.size()) imatrix.datasets.push_back(text("the dataset's name"));
    return imatrix;
  }

 private:
  const std::byte* take(std::size_t size) {
    const std::byte* from = bytes_.data() + at_;
    at_ += size;
    return from;
  }

  // `count` if that many items of `size` bytes are left.
  std::size_t within(std::size_t count, std::size_t size, std::string_view what) {
    if (count <= (bytes_.size() - at_) / size) return count;
    corrupt(name_, str("byte {}: {} bytes are left, expected {} of {} bytes ({}), or a GGUF file",
                       at_, bytes_.size() - at_, count, size, what));
  }

  std::size_t count(std::string_view what) {
    std::int32_t value = 0;
    std::memcpy(&value, take(within(1, sizeof value, what) * sizeof value), sizeof value);
    if (value >= 0) return static_cast<std::size_t>(value);
    corrupt(name_, str("byte {}: number of {} is {}, expected one from 0, or a GGUF file",
                       at_ - sizeof value, what, value));
  }

  std::string text(std::string_view what) {
    const std::size_t size = within(count(what), 1, what);
    std::string found(size, '\0');
    std::memcpy(found.data(), take(size), size);
    return found;
  }

  std::span<const std::byte> bytes_;
  const std::string& name_;
  std::size_t at_ = 0;
};

Imatrix from_legacy(std::span<const std::byte> bytes, const std::string& name) {
  Imatrix imatrix = LegacyParser(bytes, name).parse();
  if (imatrix.tensors.empty()) corrupt(name, "no entries, expected an imatrix");
  return imatrix;
}

bool is_gguf(std::span<const std::byte> bytes) {
  return bytes.size() >= 4 && std::memcmp(bytes.data(), "GGUF", 4) == 0;
}

template <class T>
void add_tensor(std::vector<format::TensorSource>& sources, const std::string& name,
                const std::vector<T>& values, std::size_t matrices) {
  std::vector<float> stored(values.begin(), values.end());
  sources.push_back(
      {.name = name,
       .type = DType::kF32,
       .dims = {values.size() / matrices, matrices},
       .produce = [stored = std::move(stored)](const format::TensorSource::Sink& sink) {
         sink(std::as_bytes(std::span(stored)));
       }});
}

// Means of one matrix; ones where nothing is known, as llama-quantize takes them.
void append_means(std::span<const float> sums, double count, std::vector<float>& weights) {
  const bool known = count > 0.0 && std::any_of(sums.begin(), sums.end(),
                                                [](float value) { return value > 0.0F; });
  for (const float value : sums) {
    const double mean = std::min<double>(value / count, std::numeric_limits<float>::max());
    weights.push_back(known ? static_cast<float>(mean) : 1.0F);
  }
}

}  // namespace

Imatrix imatrix_from_bytes(std::span<const std::byte> bytes, const std::string& name) {
  if (!is_gguf(bytes)) return from_legacy(bytes, name);
  return from_gguf(*TensorFile::from_bytes(bytes, name));
}

Imatrix read_imatrix(const std::filesystem::path& path) {
  const format::MappedFile file(path);
  return imatrix_from_bytes(file.bytes(), path.string());
}

void write_imatrix(const std::filesystem::path& path, const Imatrix& imatrix) {
  format::Metadata metadata;
  metadata.set("general.type", std::string("imatrix"));
  format::MetaArray datasets{.element_type = kStringType, .values = {}};
  for (const std::string& dataset : imatrix.datasets) datasets.values.emplace_back(dataset);
  metadata.set("imatrix.datasets", std::move(datasets));
  if (imatrix.chunk_count) metadata.set("imatrix.chunk_count", *imatrix.chunk_count);
  if (imatrix.chunk_size) metadata.set("imatrix.chunk_size", *imatrix.chunk_size);
  std::vector<format::TensorSource> sources;
  for (const auto& [name, sums] : imatrix.tensors) {
    const std::size_t matrices = sums.counts.size();
    FRUGAL_CHECK(matrices > 0 && !sums.sum2.empty() && sums.sum2.size() % matrices == 0);
    FRUGAL_CHECK(sums.sum.empty() || sums.sum.size() == sums.sum2.size());
    add_tensor(sources, name + std::string(kSum2), sums.sum2, matrices);
    add_tensor(sources, name + std::string(kCounts), sums.counts, matrices);
    if (!sums.sum.empty()) add_tensor(sources, name + std::string(kSum), sums.sum, matrices);
  }
  format::write_gguf(path, metadata, sources);
}

Importance::Importance(const Imatrix& imatrix, std::string path)
    : path_(std::move(path)), datasets_(imatrix.datasets), chunk_count_(imatrix.chunk_count) {
  for (const auto& [name, sums] : imatrix.tensors) {
    std::vector<float>& weights = weights_[name];
    const bool seen = std::any_of(sums.counts.begin(), sums.counts.end(),
                                  [](double count) { return count > 0.0; });
    if (!seen) continue;  // known by name, without weights
    const std::size_t cols = sums.sum2.size() / sums.counts.size();
    for (std::size_t m = 0; m < sums.counts.size(); ++m) {
      append_means(std::span(sums.sum2).subspan(m * cols, cols), sums.counts[m], weights);
    }
  }
}

Importance::Weights Importance::find(const TensorInfo& tensor) const {
  const auto found = weights_.find(tensor.name);
  if (found == weights_.end()) return {.values = {}, .why_none = "is not in the imatrix"};
  const std::vector<float>& weights = found->second;
  if (weights.empty()) return {.values = {}, .why_none = "saw no input"};
  const std::uint64_t matrices = tensor.dims.size() > 2 ? tensor.rows() / tensor.dims[1] : 1;
  if (weights.size() != tensor.cols() * matrices) {
    throw Error(ErrorKind::kInvalidArgument,
                str("{}: {} weights for tensor '{}', expected {} (is it another model's?)", path_,
                    weights.size(), printable(tensor.name), tensor.cols() * matrices));
  }
  return {.values = weights, .why_none = {}};
}

}  // namespace frugal::compress
