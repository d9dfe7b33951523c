#include "frugal/format/safetensors_header.h"

#include <utility>

#include "frugal/base/error.h"
#include "frugal/base/json.h"
#include "frugal/base/str.h"

namespace frugal::format {

namespace {

constexpr std::size_t kMaxDims = 16;

// Follows a text of JSON and refuses every value that the derived class does not expect.
class StrictReader : public Json::json_sax_t {
 public:
  explicit StrictReader(std::string where) : where_(std::move(where)) {}

  bool null() override { return other("null"); }
  bool boolean(bool /*value*/) override { return other("true or false"); }
  bool number_integer(number_integer_t value) override { return other(str("{}", value)); }
  bool number_unsigned(number_unsigned_t value) override { return other(str("{}", value)); }
  bool number_float(number_float_t /*value*/, const string_t& text) override {
    return other(printable(text));
  }
  bool string(string_t& value) override { return other(str("'{}'", printable(value))); }
  bool binary(binary_t& /*value*/) override { return other("bytes"); }
  bool start_array(std::size_t /*elements*/) override { return other("an array"); }
  bool end_array() override { return true; }
  bool parse_error(std::size_t position, const std::string& /*token*/,
                   const nlohmann::detail::exception& fault) override {
    fail(str("not JSON at byte {}: {}", position, printable(fault.what(), 200)));
  }

 protected:
  // A value that no override has taken.
  virtual bool other(const std::string& found) = 0;

  [[noreturn]] void fail(const std::string& fault) const {
    throw Error(ErrorKind::kCorrupt, str("{}: {}", where_, fault));
  }

 private:
  std::string where_;
};

class HeaderReader final : public StrictReader {
 public:
  explicit HeaderReader(std::string_view path) : StrictReader(str("{}: header", path)) {}

  std::vector<SafetensorsEntry> entries;

  bool start_object(std::size_t /*elements*/) override {
    if (place_ == Place::kOutside) return enter(Place::kTop);
    if (place_ != Place::kTop) return other("an object");
    if (is_metadata_) return enter(Place::kMetadata);
    return enter(Place::kEntry);
  }

  bool key(string_t& name) override {
    if (place_ == Place::kEntry) {
      key_ = name;
    } else if (place_ == Place::kTop) {
      is_metadata_ = name == "__metadata__";
      key_.clear();
      if (!is_metadata_) entries.push_back({.name = name, .dtype = {}, .shape = {}, .offsets = {}});
    }
    return true;
  }

  bool end_object() override {
    if (place_ == Place::kEntry) check(entries.back());
    return enter(place_ == Place::kTop ? Place::kOutside : Place::kTop);
  }

  bool start_array(std::size_t /*elements*/) override {
    if (place_ != Place::kEntry) return other("an array");
    if (key_ == "shape" && entries.back().shape.empty()) return enter(Place::kShape);
    if (key_ == "data_offsets" && entries.back().offsets.empty()) return enter(Place::kOffsets);
    return other("an array");
  }
  bool end_array() override { return enter(Place::kEntry); }

  bool number_unsigned(number_unsigned_t value) override {
    if (place_ != Place::kShape && place_ != Place::kOffsets) return other(str("{}", value));
    SafetensorsEntry& entry = entries.back();
    std::vector<std::uint64_t>& list = place_ == Place::kShape ? entry.shape : entry.offsets;
    if (list.size() == kMaxDims) return other(str("more than {} numbers", kMaxDims));
    list.push_back(value);
    return true;
  }

  bool string(string_t& value) override {
    if (place_ == Place::kMetadata) return true;
    if (place_ != Place::kEntry || key_ != "dtype" || !entries.back().dtype.empty()) {
      return other(str("'{}'", printable(value)));
    }
    entries.back().dtype = value;
    return true;
  }

 private:
  enum class Place { kOutside, kTop, kEntry, kMetadata, kShape, kOffsets };

  bool enter(Place place) {
    place_ = place;
    return true;
  }

  [[nodiscard]] std::string name() const {
    if (place_ == Place::kOutside) return "the whole";
    if (is_metadata_) return "__metadata__";
    return entries.empty() ? "the first entry" : str("tensor '{}'", printable(entries.back().name));
  }

  bool other(const std::string& found) override {
    const std::string field = key_.empty() ? "" : str(", '{}'", printable(key_));
    fail(str("{}{}: found {}, expected {}", name(), field, found,
             is_metadata_ ? "texts by name" : "dtype, shape and data_offsets"));
  }

  void check(const SafetensorsEntry& entry) {
    if (!entry.dtype.empty() && entry.offsets.size() == 2) return;
    fail(str("{}: expected dtype, shape and two data_offsets", name()));
  }

  Place place_ = Place::kOutside;
  bool is_metadata_ = false;
  std::string key_;
};

class IndexReader final : public StrictReader {
 public:
  using StrictReader::StrictReader;

  std::vector<SafetensorsPlace> places;
  bool found = false;

  bool start_object(std::size_t /*elements*/) override {
    if (in_map()) return other("an object");
    ++depth_;
    found = found || in_map();
    return true;
  }
  bool end_object() override {
    --depth_;
    return true;
  }
  bool start_array(std::size_t /*elements*/) override {
    if (in_map()) return other("an array");
    ++depth_;
    return true;
  }
  bool end_array() override {
    --depth_;
    return true;
  }
  bool key(string_t& name) override {
    if (depth_ == 1) top_ = name;
    if (in_map()) places.push_back({.tensor = name, .file = {}});
    return true;
  }
  bool string(string_t& value) override {
    if (!in_map()) return true;
    const bool plain = !value.empty() && value != "." && value != ".." &&
                       value.find('/') == std::string::npos &&
                       value.find('\0') == std::string::npos;
    if (!plain) return other(str("'{}'", printable(value)));
    places.back().file = value;
    return true;
  }

 private:
  [[nodiscard]] bool in_map() const { return depth_ == 2 && top_ == "weight_map"; }

  bool other(const std::string& value) override {
    if (!in_map()) return true;
    fail(str("weight_map of '{}': found {}, expected the name of a file in the same folder",
             printable(places.empty() ? "" : places.back().tensor), value));
  }

  std::size_t depth_ = 0;
  std::string top_;
};

}  // namespace

std::vector<SafetensorsEntry> parse_safetensors_header(std::string_view json,
                                                       std::string_view path) {
  HeaderReader reader(path);
  Json::sax_parse(json.begin(), json.end(), &reader);
  return std::move(reader.entries);
}

std::vector<SafetensorsPlace> parse_safetensors_index(std::string_view json,
                                                      std::string_view path) {
  IndexReader reader{std::string(path)};
  Json::sax_parse(json.begin(), json.end(), &reader);
  if (!reader.found || reader.places.empty()) {
    throw Error(ErrorKind::kCorrupt, str("{}: no 'weight_map', expected tensors by name", path));
  }
  return std::move(reader.places);
}

}  // namespace frugal::format
