// Any bytes as a safetensors file, and as an index of one: read whole, or refused with an Error
// about bytes.  Every other kind of Error, every other exception and every fault that a sanitizer
// sees is a finding.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>

#include "frugal/base/error.h"
#include "frugal/format/safetensors.h"
#include "frugal/format/safetensors_header.h"

namespace {
using frugal::ErrorKind;

// Depends on all that the file shows, so that none is optimised away.
std::size_t touch(const frugal::format::Safetensors& file) {
  std::size_t sum = 1;
  for (const frugal::format::SafeTensor& tensor : file.tensors) {
    if (file.find(tensor.name) != &tensor) std::abort();
    sum += tensor.shape.size() + tensor.dtype.size();
    for (const std::byte byte : tensor.data) sum += static_cast<std::size_t>(byte);
  }
  return sum;
}

template <class Read>
void expect_read_or_refused(const Read& read) {
  try {
    if (read() == 0) std::abort();
  } catch (const frugal::Error& error) {
    if (error.kind() != ErrorKind::kCorrupt && error.kind() != ErrorKind::kUnsupported) {
      std::abort();
    }
  }
}
}  // namespace

// NOLINTNEXTLINE(readability-identifier-naming): libFuzzer chose the name
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto bytes = std::as_bytes(std::span(data, size));
  expect_read_or_refused([&] { return touch(frugal::format::parse_safetensors(bytes, "-")); });
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  expect_read_or_refused([&] { return frugal::format::parse_safetensors_index(text, "-").size(); });
  return 0;
}
