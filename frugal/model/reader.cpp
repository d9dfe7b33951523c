#include "frugal/model/reader.h"

#include <cmath>

#include "frugal/base/error.h"
#include "frugal/base/str.h"
#include "frugal/tensor/codec.h"

namespace frugal::model {

namespace {

std::string decodable_types() {
  std::string names;
  for (std::uint32_t number = 0; number < 64; ++number) {
    const auto type = dtype_from_ggml(number);
    if (!type || !can_decode(*type)) continue;
    names += str("{}{}", names.empty() ? "" : ", ", name(*type));
  }
  return names;
}

}  // namespace

void Reader::corrupt(std::string_view what) const {
  throw Error(ErrorKind::kCorrupt, str("{}: {}", file_.path(), what));
}

void Reader::unsupported(std::string_view what) const {
  throw Error(ErrorKind::kUnsupported, str("{}: {}", file_.path(), what));
}

std::size_t Reader::size(std::string_view key, std::size_t max) const {
  const auto value = file_.metadata().get_uint(prefix_ + std::string(key));
  if (!value) corrupt(str("no key '{}{}', expected a number", prefix_, key));
  if (*value < 1 || *value > max) {
    corrupt(str("key '{}{}' is {}, expected 1 to {}", prefix_, key, *value, max));
  }
  return static_cast<std::size_t>(*value);
}

std::size_t Reader::size_or(std::string_view key, std::size_t fallback, std::size_t max) const {
  const bool present = file_.metadata().find(prefix_ + std::string(key)) != nullptr;
  return present ? size(key, max) : fallback;
}

std::size_t Reader::count_or(std::string_view key, std::size_t fallback, std::size_t max) const {
  const auto value = file_.metadata().get_uint(prefix_ + std::string(key));
  return value == 0U ? 0 : size_or(key, fallback, max);
}

std::vector<std::string> Reader::strings(std::string_view key) const {
  std::vector<std::string> out;
  const format::MetaArray* array = file_.metadata().get_array(prefix_ + std::string(key));
  if (array == nullptr) return out;
  for (const format::MetaValue& value : array->values) {
    const auto* element = std::get_if<std::string>(&value);
    if (element == nullptr) corrupt(str("key '{}{}': expected an array of strings", prefix_, key));
    out.push_back(*element);
  }
  return out;
}

std::vector<std::size_t> Reader::indices(std::string_view whole_key, std::size_t end) const {
  std::vector<std::size_t> out;
  const format::MetaArray* array = file_.metadata().get_array(whole_key);
  if (array == nullptr) return out;
  for (const format::MetaValue& value : array->values) {
    const auto* element = std::get_if<std::uint32_t>(&value);
    if (element == nullptr || *element >= end) {
      corrupt(str("key '{}' is {}, expected an array of u32 below {}", whole_key,
                  format::to_text(*array), end));
    }
    out.push_back(*element);
  }
  return out;
}

float Reader::positive_or(std::string_view key, float fallback) const {
  const auto value = file_.metadata().get_float(prefix_ + std::string(key));
  if (!value) return fallback;
  const auto number = static_cast<float>(*value);
  if (!std::isfinite(number) || number <= 0.0F) {
    corrupt(str("key '{}{}' is {}, expected a finite number above 0", prefix_, key, *value));
  }
  return number;
}

float Reader::non_negative_or(std::string_view key, float fallback) const {
  const auto value = file_.metadata().get_float(prefix_ + std::string(key));
  return value == 0.0 ? 0.0F : positive_or(key, fallback);
}

std::string Reader::string_or(std::string_view key, std::string_view fallback) const {
  return std::string(file_.metadata().get_string(prefix_ + std::string(key)).value_or(fallback));
}

const format::TensorInfo& Reader::tensor(const std::string& name) const {
  const format::TensorInfo* info = file_.find(name);
  if (info == nullptr) corrupt(str("no tensor '{}'", name));
  return *info;
}

Weight Reader::weight(const std::string& name, std::size_t rows, std::size_t cols) const {
  const format::TensorInfo& info = tensor(name);
  if (info.dims.size() > 2 || info.rows() != rows || info.cols() != cols) {
    corrupt(str("tensor '{}' is [{}], expected [{}, {}]", name, fmt::join(info.dims, ", "), cols,
                rows));
  }
  if (!can_decode(info.type)) {
    unsupported(str("tensor '{}' has type {}, expected one of: {}", name, frugal::name(info.type),
                    decodable_types()));
  }
  return {.name = name,
          .type = info.type,
          .data = file_.data(info).data(),
          .rows = rows,
          .cols = cols,
          .row_bytes = row_bytes(info.type, cols).value()};
}

std::vector<float> Reader::vector(const std::string& name, std::size_t length) const {
  return first_row(weight(name, 1, length));
}

std::vector<float> Reader::first_row(const Weight& stored) const {
  std::vector<float> values(stored.cols);
  decode_row(stored.type, stored.data, values);
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (!std::isfinite(values[i])) {
      corrupt(str("tensor '{}': element {} is {}, expected a finite number", stored.name, i,
                  values[i]));
    }
  }
  return values;
}

}  // namespace frugal::model
