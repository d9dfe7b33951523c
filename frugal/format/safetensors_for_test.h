#pragma once

/// safetensors files built for tests, well formed or not.

#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include "frugal/base/str.h"

namespace frugal::format {

/// A file from a header, word for word, and data.
inline std::string safetensors_bytes(std::string_view header, std::string_view data) {
  const std::uint64_t length = header.size();
  std::string bytes(sizeof length, '\0');
  std::memcpy(bytes.data(), &length, sizeof length);
  bytes += header;
  bytes += data;
  return bytes;
}

/// Collects tensors and lays them end to end.
class SafetensorsBuilder {
 public:
  SafetensorsBuilder& add(std::string_view name, std::string_view dtype,
                          const std::vector<std::uint64_t>& shape, std::string_view data) {
    header_ += str(R"({}"{}":{{"dtype":"{}","shape":[{}],"data_offsets":[{},{}]}})",
                   header_.empty() ? "" : ",", name, dtype, fmt::join(shape, ","), data_.size(),
                   data_.size() + data.size());
    data_ += data;
    return *this;
  }

  [[nodiscard]] std::string bytes() const {
    return safetensors_bytes(
        str("{{\"__metadata__\":{{\"format\":\"pt\"}}{}{}}}", header_.empty() ? "" : ",", header_),
        data_);
  }

 private:
  std::string header_;
  std::string data_;
};

}  // namespace frugal::format
