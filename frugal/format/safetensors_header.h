#pragma once

/// The JSON of safetensors files, read without building a tree: a header may have a hundred
/// thousand entries, and a hostile one may repeat keys or nest without end.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace frugal::format {

/// One entry of a header, of the right form and not yet compared with the file.
struct SafetensorsEntry {
  std::string name;
  std::string dtype;
  std::vector<std::uint64_t> shape;
  std::vector<std::uint64_t> offsets;  ///< begin and end
};

/// All entries but "__metadata__", in file order.
/// Errors: kCorrupt, "path: header: …", for what is not JSON or not of the form.
[[nodiscard]] std::vector<SafetensorsEntry> parse_safetensors_header(std::string_view json,
                                                                     std::string_view path);

/// Which file of an index holds which tensor.
struct SafetensorsPlace {
  std::string tensor;
  std::string file;
};

/// The "weight_map" of an index, in file order.
/// Errors: kCorrupt, "path: …", for what is not JSON, has no map or a file name with a folder in
/// it.
[[nodiscard]] std::vector<SafetensorsPlace> parse_safetensors_index(std::string_view json,
                                                                    std::string_view path);

}  // namespace frugal::format
