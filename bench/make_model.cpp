// Writes a model of random weights in the shape of a popular one, so that speed can be measured
// without downloading anything.  Random weights run exactly as fast as trained ones.
//
//   make_model SHAPE TYPE OUT.gguf         make_model tinyllama-1.1b Q4_K /tmp/tiny.gguf
//
// Block types are random bytes with their scales set to ordinary numbers; a norm is all ones.  As
// in the models people download, embedding and output have the type of the rest.

#include <array>
#include <cstdio>
#include <cstring>
#include <exception>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "frugal/base/error.h"
#include "frugal/base/str.h"
#include "frugal/format/gguf.h"
#include "frugal/tensor/dtype.h"
#include "frugal/tensor/half.h"

namespace frugal {
namespace {

struct Shape {
  std::string_view name;
  std::uint32_t layers;
  std::uint32_t width;
  std::uint32_t feed_forward;
  std::uint32_t heads;
  std::uint32_t kv_heads;
  std::uint32_t vocabulary;
  bool tied;
};

constexpr std::array kShapes = {
    Shape{"tinyllama-1.1b", 22, 2048, 5632, 32, 4, 32000, false},
    Shape{"smollm-135m", 30, 576, 1536, 9, 3, 49152, true},
    Shape{"llama-8b", 32, 4096, 14336, 32, 8, 128256, false},
};

/// Where a block keeps its binary16 scales.
struct Scales {
  DType type;
  std::vector<std::size_t> offsets;
};

const std::vector<Scales>& scales() {
  static const std::vector<Scales> all = {
      {DType::kQ4_0, {0}},    {DType::kQ4_1, {0, 2}}, {DType::kQ5_0, {0}},
      {DType::kQ5_1, {0, 2}}, {DType::kQ8_0, {0}},    {DType::kQ2_K, {80, 82}},
      {DType::kQ3_K, {108}},  {DType::kQ4_K, {0, 2}}, {DType::kQ5_K, {0, 2}},
      {DType::kQ6_K, {208}},  {DType::kIQ4_NL, {0}},  {DType::kIQ4_XS, {0}},
  };
  return all;
}

/// Random rows of a type, a megabyte that every tensor repeats.
class Rows {
 public:
  Rows(DType type, std::size_t cols) : type_(type), bytes_(row_bytes(type, cols).value()) {
    const std::size_t rows = 1 + ((std::size_t{1} << 20U) / bytes_);
    storage_.resize(rows * bytes_);
    std::mt19937_64 random(7);
    for (std::byte& byte : storage_) byte = static_cast<std::byte>(random() & 255U);
    const DTypeTraits& t = traits(type);
    for (std::size_t at = 0; at < storage_.size(); at += t.block_bytes) tame(&storage_[at], random);
  }
  [[nodiscard]] std::size_t row_size() const { return bytes_; }
  [[nodiscard]] std::span<const std::byte> bytes() const { return storage_; }

 private:
  // Gives a block scales of about 0.02 over the size of its integers, whatever the type.
  void tame(std::byte* block, std::mt19937_64& random) const {
    const float value = 1e-3F * (static_cast<float>(random() & 1023U) - 511.5F) / 16.0F;
    const std::uint16_t half = float_to_half(value / 8.0F);
    if (type_ == DType::kF32) std::memcpy(block, &value, sizeof value);
    if (type_ == DType::kF16) std::memcpy(block, &half, sizeof half);
    if (type_ == DType::kBF16) {
      const std::uint16_t brain = float_to_bfloat(value);
      std::memcpy(block, &brain, sizeof brain);
    }
    if (type_ == DType::kMXFP4) *block = std::byte{120};
    for (const Scales& s : scales()) {
      if (s.type != type_) continue;
      for (const std::size_t offset : s.offsets) std::memcpy(block + offset, &half, sizeof half);
    }
  }

  DType type_;
  std::size_t bytes_;
  std::vector<std::byte> storage_;
};

format::TensorSource matrix(const std::string& name, DType type, std::size_t rows,
                            std::size_t cols) {
  format::TensorSource source;
  source.name = name + ".weight";
  source.type = type;
  source.dims = {cols, rows};
  source.produce = [=](const format::TensorSource::Sink& sink) {
    const Rows random(type, cols);
    const std::size_t per_piece = random.bytes().size() / random.row_size();
    for (std::size_t r = 0; r < rows; r += per_piece) {
      sink(random.bytes().first(std::min(per_piece, rows - r) * random.row_size()));
    }
  };
  return source;
}

format::TensorSource norm(const std::string& name, std::size_t length) {
  format::TensorSource source;
  source.name = name + ".weight";
  source.dims = {length};
  source.produce = [length](const format::TensorSource::Sink& sink) {
    const std::vector<float> ones(length, 1.0F);
    sink(std::as_bytes(std::span(ones)));
  };
  return source;
}

std::vector<format::TensorSource> tensors_of(const Shape& s, DType type) {
  const std::size_t kv = std::size_t{s.width} / s.heads * s.kv_heads;
  std::vector<format::TensorSource> out;
  out.push_back(matrix("token_embd", type, s.vocabulary, s.width));
  out.push_back(norm("output_norm", s.width));
  if (!s.tied) out.push_back(matrix("output", type, s.vocabulary, s.width));
  for (std::uint32_t i = 0; i < s.layers; ++i) {
    const auto named = [i](std::string_view role) { return str("blk.{}.{}", i, role); };
    out.push_back(norm(named("attn_norm"), s.width));
    out.push_back(matrix(named("attn_q"), type, s.width, s.width));
    out.push_back(matrix(named("attn_k"), type, kv, s.width));
    out.push_back(matrix(named("attn_v"), type, kv, s.width));
    out.push_back(matrix(named("attn_output"), type, s.width, s.width));
    out.push_back(norm(named("ffn_norm"), s.width));
    out.push_back(matrix(named("ffn_gate"), type, s.feed_forward, s.width));
    out.push_back(matrix(named("ffn_up"), type, s.feed_forward, s.width));
    out.push_back(matrix(named("ffn_down"), type, s.width, s.feed_forward));
  }
  return out;
}

template <class T>
format::MetaArray array_of(std::uint32_t type, const std::vector<T>& values) {
  format::MetaArray array;
  array.element_type = type;
  for (const T& value : values) array.values.emplace_back(value);
  return array;
}

// A vocabulary that any loader accepts; its tokens mean nothing.
void add_vocabulary(format::Metadata& meta, std::uint32_t size) {
  std::vector<std::string> tokens = {"<unk>", "<s>", "</s>"};
  std::vector<std::int32_t> types = {2, 3, 3};
  for (int byte = 0; byte < 256; ++byte) {
    tokens.push_back(str("<0x{:02X}>", byte));
    types.push_back(6);
  }
  while (tokens.size() < size) tokens.push_back(str("w{}", tokens.size()));
  types.resize(size, 1);
  meta.set("tokenizer.ggml.model", std::string("llama"));
  meta.set("tokenizer.ggml.tokens", array_of(8, tokens));
  meta.set("tokenizer.ggml.scores", array_of(6, std::vector<float>(size, 0.0F)));
  meta.set("tokenizer.ggml.token_type", array_of(5, types));
  meta.set("tokenizer.ggml.bos_token_id", std::uint32_t{1});
  meta.set("tokenizer.ggml.eos_token_id", std::uint32_t{2});
  meta.set("tokenizer.ggml.unknown_token_id", std::uint32_t{0});
}

void write(const Shape& s, DType type, const std::string& path) {
  format::Metadata meta;
  meta.set("general.architecture", std::string("llama"));
  meta.set("general.name", str("random {} {}", s.name, name(type)));
  meta.set("llama.context_length", std::uint32_t{4096});
  meta.set("llama.embedding_length", s.width);
  meta.set("llama.block_count", s.layers);
  meta.set("llama.feed_forward_length", s.feed_forward);
  meta.set("llama.attention.head_count", s.heads);
  meta.set("llama.attention.head_count_kv", s.kv_heads);
  meta.set("llama.attention.layer_norm_rms_epsilon", 1e-5F);
  meta.set("llama.rope.dimension_count", s.width / s.heads);
  meta.set("llama.vocab_size", s.vocabulary);
  add_vocabulary(meta, s.vocabulary);
  format::write_gguf(path, meta, tensors_of(s, type));
}

std::string shape_names() {
  std::string names;
  for (const Shape& s : kShapes) names += str("{}{}", names.empty() ? "" : ", ", s.name);
  return names;
}

void run(const std::vector<std::string>& arguments) {
  if (arguments.size() != 3) {
    throw Error(ErrorKind::kInvalidArgument,
                str("usage: make_model SHAPE TYPE OUT.gguf, with SHAPE one of {}", shape_names()));
  }
  const auto type = dtype_from_name(arguments[1]);
  for (const Shape& s : kShapes) {
    if (s.name != arguments[0]) continue;
    if (!type) throw Error(ErrorKind::kInvalidArgument, str("type '{}' is unknown", arguments[1]));
    if (!row_bytes(*type, s.width) || !row_bytes(*type, s.feed_forward)) {
      throw Error(ErrorKind::kInvalidArgument,
                  str("{}: rows of {} and {} are no multiple of a block of {}", s.name, s.width,
                      s.feed_forward, name(*type)));
    }
    return write(s, *type, arguments[2]);
  }
  throw Error(ErrorKind::kInvalidArgument,
              str("shape '{}': expected one of {}", arguments[0], shape_names()));
}

}  // namespace
}  // namespace frugal

int main(int argc, char** argv) {
  try {
    frugal::run({argv + 1, argv + argc});
  } catch (const std::exception& fault) {
    std::fprintf(stderr, "make_model: %s\n", fault.what());
    return 2;
  }
}
