// Any bytes as a GGUF file: read whole, or refused with an Error about bytes.  Every other kind
// of Error, every other exception and every fault that a sanitizer sees is a finding.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>

#include "frugal/base/error.h"
#include "frugal/format/gguf.h"

namespace {
// Something above 0 that depends on all that the file shows, so that none is optimised away.
std::size_t touch(const frugal::format::TensorFile& file) {
  std::size_t sum = file.alignment();
  for (const frugal::format::MetaEntry& entry : file.metadata().entries()) {
    if (file.metadata().find(entry.key) != &entry.value) std::abort();
    sum += frugal::format::to_text(entry.value, 1000).size();
  }
  for (const frugal::format::TensorInfo& tensor : file.tensors()) {
    if (file.find(tensor.name) != &tensor) std::abort();
    sum += tensor.rows() + tensor.cols();
    for (const std::byte byte : file.data(tensor)) sum += static_cast<std::size_t>(byte);
  }
  return sum;
}

bool is_about_bytes(frugal::ErrorKind kind) {
  return kind == frugal::ErrorKind::kCorrupt || kind == frugal::ErrorKind::kUnsupported ||
         kind == frugal::ErrorKind::kInvalidArgument;
}
}  // namespace

// NOLINTNEXTLINE(readability-identifier-naming): libFuzzer chose the name
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  try {
    if (touch(*frugal::format::TensorFile::from_bytes(std::as_bytes(std::span(data, size)), "-")) ==
        0)
      std::abort();
  } catch (const frugal::Error& error) {
    if (!is_about_bytes(error.kind())) std::abort();
  }
  return 0;
}
