// Any bytes as an importance matrix, in either form: read whole, or refused with an Error about
// bytes.  What was read gives weights that are numbers from 0.

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>

#include "frugal/base/error.h"
#include "frugal/compress/imatrix.h"

namespace {
void check(const frugal::compress::Imatrix& imatrix) {
  const frugal::compress::Importance importance(imatrix);
  for (const auto& [name, sums] : imatrix.tensors) {
    frugal::format::TensorInfo tensor;
    tensor.name = name;
    tensor.dims = {sums.sum2.size() / sums.counts.size(), 1, sums.counts.size()};
    for (const float weight : importance.find(tensor).values) {
      if (!std::isfinite(weight) || weight < 0.0F) std::abort();
    }
  }
}

bool is_about_bytes(frugal::ErrorKind kind) {
  return kind == frugal::ErrorKind::kCorrupt || kind == frugal::ErrorKind::kUnsupported ||
         kind == frugal::ErrorKind::kInvalidArgument;
}
}  // namespace

// NOLINTNEXTLINE(readability-identifier-naming): libFuzzer chose the name
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  try {
    check(frugal::compress::imatrix_from_bytes(std::as_bytes(std::span(data, size)), "-"));
  } catch (const frugal::Error& error) {
    if (!is_about_bytes(error.kind())) std::abort();
  }
  return 0;
}
