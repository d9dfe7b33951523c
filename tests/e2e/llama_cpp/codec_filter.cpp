// Rows through the codecs, for comparison with another program's:
//
//     codec_filter decode|encode TYPE COLUMNS < rows > rows
//
// Floats are stored as they lie in memory.

#include <cstdio>
#include <cstring>
#include <iostream>
#include <iterator>
#include <string>
#include <vector>

#include "frugal/base/error.h"
#include "frugal/tensor/codec.h"

namespace {

using frugal::DType;

std::vector<std::byte> read_all() {
  const std::string text{std::istreambuf_iterator<char>(std::cin), {}};
  std::vector<std::byte> bytes(text.size());
  std::memcpy(bytes.data(), text.data(), text.size());
  return bytes;
}

std::vector<std::byte> filter(bool decode, DType type, std::size_t cols) {
  const std::vector<std::byte> in = read_all();
  const std::size_t stored = frugal::row_bytes(type, cols).value();
  const std::size_t from = decode ? stored : cols * sizeof(float);
  const std::size_t to = decode ? cols * sizeof(float) : stored;
  std::vector<std::byte> out(in.size() / from * to);
  std::vector<float> row(cols);
  for (std::size_t r = 0; r < in.size() / from; ++r) {
    if (decode) {
      frugal::decode_row(type, in.data() + (r * from), row);
      std::memcpy(out.data() + (r * to), row.data(), to);
    } else {
      std::memcpy(row.data(), in.data() + (r * from), from);
      frugal::encode_row(type, row, out.data() + (r * to));
    }
  }
  return out;
}

}  // namespace

int main(int count, char** arguments) {
  if (count != 4) return 2;
  const auto type = frugal::dtype_from_name(arguments[2]);
  const bool decode = std::strcmp(arguments[1], "decode") == 0;
  if (!type || !(decode ? frugal::can_decode(*type) : frugal::can_encode(*type))) return 2;
  const std::vector<std::byte> out = filter(decode, *type, std::stoul(arguments[3]));
  return std::fwrite(out.data(), 1, out.size(), stdout) == out.size() ? 0 : 1;
}
