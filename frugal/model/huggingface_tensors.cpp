#include "frugal/model/huggingface_tensors.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <span>
#include <string_view>
#include <utility>

#include "frugal/base/error.h"
#include "frugal/base/str.h"
#include "frugal/tensor/codec.h"

namespace frugal::model {

namespace {

using Bytes = std::vector<std::byte>;
constexpr std::size_t kMaxDims = 4;

// A tensor on its way: where its numbers lie now, and the memory if they were moved.
struct Moving {
  DType type;
  std::vector<std::uint64_t> shape;
  std::span<const std::byte> data;
  std::shared_ptr<Bytes> owner = nullptr;

  void replace(Bytes bytes) {
    owner = std::make_shared<Bytes>(std::move(bytes));
    data = *owner;
  }
  [[nodiscard]] std::size_t element_bytes() const { return traits(type).block_bytes; }
};

[[noreturn]] void misfit(const format::SafeTensor& tensor, const std::string& path,
                         std::string_view expected) {
  throw Error(ErrorKind::kCorrupt,
              str("{}: tensor '{}' is [{}], expected {}", path, printable(tensor.name),
                  fmt::join(tensor.shape, ", "), expected));
}

// Row h * n + s * n/2 + i of the source, for half s of head h, becomes row h * n + 2 i + s.
Bytes neighbour_pairs(const Moving& tensor, std::size_t rows, std::size_t heads) {
  const std::size_t row_bytes = tensor.data.size() / rows;
  const std::size_t width = rows / heads;
  Bytes out(tensor.data.size());
  for (std::size_t r = 0; r < rows; ++r) {
    const std::size_t in_head = r % width;
    const std::size_t from = (r - in_head) + ((in_head % 2) * (width / 2)) + (in_head / 2);
    std::memcpy(out.data() + (r * row_bytes), tensor.data.data() + (from * row_bytes), row_bytes);
  }
  return out;
}

Bytes transposed(const Moving& tensor) {
  const std::size_t element = tensor.element_bytes();
  const std::size_t rows = tensor.shape[0];
  const std::size_t cols = tensor.shape[1];
  Bytes out(tensor.data.size());
  for (std::size_t r = 0; r < rows; ++r) {
    for (std::size_t c = 0; c < cols; ++c) {
      std::memcpy(out.data() + (((c * rows) + r) * element),
                  tensor.data.data() + (((r * cols) + c) * element), element);
    }
  }
  return out;
}

void to_floats(Moving& tensor, float added) {
  std::vector<float> values(tensor.data.size() / tensor.element_bytes());
  decode_row(tensor.type, tensor.data.data(), values);
  for (float& value : values) value += added;
  Bytes bytes(values.size() * sizeof(float));
  std::memcpy(bytes.data(), values.data(), bytes.size());
  tensor.replace(std::move(bytes));
  tensor.type = DType::kF32;
}

// llama.cpp computes with these as floats and its converter stores them so.
bool stays_float(std::string_view name, std::size_t dims) {
  constexpr std::array<std::string_view, 4> kFloats = {"_norm.weight", "position_embd.weight",
                                                       "token_types.weight", "ffn_gate_inp.weight"};
  return dims <= 1 || std::any_of(kFloats.begin(), kFloats.end(),
                                  [name](std::string_view end) { return name.ends_with(end); });
}

void apply(const format::SafeTensor& tensor, Change change, const Heads& heads,
           const std::string& path, Moving& moving) {
  switch (change) {
    case Change::kQueryPairs:
    case Change::kKeyPairs: {
      const std::size_t count = change == Change::kQueryPairs ? heads.query : heads.key;
      if (moving.shape.empty() || moving.shape[0] % (2 * count) != 0) {
        misfit(tensor, path, str("rows in pairs for {} heads", count));
      }
      return moving.replace(neighbour_pairs(moving, moving.shape[0], count));
    }
    case Change::kTranspose:
      if (moving.shape.size() != 2) misfit(tensor, path, "a matrix");
      moving.replace(transposed(moving));
      std::swap(moving.shape[0], moving.shape[1]);
      return;
    case Change::kAddOne:
      return to_floats(moving, 1.0F);
    default:
      return;
  }
}

}  // namespace

Translated translate(const format::SafeTensor& tensor, const Renamed& renamed, const Heads& heads,
                     const std::string& path) {
  if (tensor.type != DType::kF32 && tensor.type != DType::kF16 && tensor.type != DType::kBF16) {
    throw Error(ErrorKind::kUnsupported,
                str("{}: tensor '{}' has type {}, expected F32, F16 or BF16", path,
                    printable(tensor.name), tensor.dtype));
  }
  if (tensor.data.empty() || tensor.shape.size() > kMaxDims) {
    misfit(tensor, path, str("1 to {} dimensions, none of them 0", kMaxDims));
  }
  Moving moving{.type = *tensor.type, .shape = tensor.shape, .data = tensor.data};
  apply(tensor, renamed.change, heads, path, moving);
  if (moving.type != DType::kF32 && stays_float(renamed.name, moving.shape.size())) {
    to_floats(moving, 0.0F);
  }
  const auto address = reinterpret_cast<std::uintptr_t>(moving.data.data());
  if (!moving.owner && address % moving.element_bytes() != 0) {
    moving.replace(Bytes(moving.data.begin(), moving.data.end()));
  }
  return {.info = {.name = renamed.name,
                   .type = moving.type,
                   .dims = {moving.shape.rbegin(), moving.shape.rend()},
                   .offset = 0,
                   .bytes = moving.data.size(),
                   .data = moving.data.data()},
          .owner = moving.owner};
}

Translated vector_tensor(const SettingTensor& tensor) {
  const auto owner = std::make_shared<Bytes>(tensor.values.size() * sizeof(float));
  std::memcpy(owner->data(), tensor.values.data(), owner->size());
  return {.info = {.name = tensor.name,
                   .type = DType::kF32,
                   .dims = {tensor.values.size()},
                   .offset = 0,
                   .bytes = owner->size(),
                   .data = owner->data()},
          .owner = owner};
}

}  // namespace frugal::model
