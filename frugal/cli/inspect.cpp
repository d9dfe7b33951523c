#include <CLI/CLI.hpp>
#include <filesystem>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "frugal/base/json.h"
#include "frugal/base/str.h"
#include "frugal/cli/common.h"
#include "frugal/cli/verbs.h"
#include "frugal/format/gguf.h"
#include "frugal/format/safetensors.h"
#include "frugal/model/huggingface.h"

namespace frugal::cli {

namespace {

struct Options {
  CommonOptions common;
  std::string file;
  bool tensors = false;
};

/// A tensor of whichever file; dims[0] is the length of a row.
struct Entry {
  std::string name;
  std::string type;
  std::vector<std::uint64_t> dims;
  std::uint64_t offset = 0;
  std::uint64_t bytes = 0;
};

struct Contents {
  Json about;  ///< the keys of the JSON object that describe the whole
  std::string summary;
  std::vector<std::pair<std::string, std::string>> metadata;  ///< values as text
  std::vector<Entry> tensors;
};

Contents contents_of(const format::TensorFile& file) {
  Contents out;
  out.about = {{"file", file.path()},
               {"format", file.container().substr(0, file.container().find(" version"))},
               {"version", file.version()},
               {"alignment", file.alignment()},
               {"file_bytes", file.file_bytes()}};
  out.summary = str("{}: {}, {}, {} tensors, alignment {}\n", file.path(), file.container(),
                    human_bytes(file.file_bytes()), file.tensors().size(), file.alignment());
  for (const format::MetaEntry& entry : file.metadata().entries()) {
    out.metadata.emplace_back(entry.key, format::to_text(entry.value));
  }
  for (const format::TensorInfo& tensor : file.tensors()) {
    out.tensors.push_back(
        {tensor.name, std::string(name(tensor.type)), tensor.dims, tensor.offset, tensor.bytes});
  }
  return out;
}

// Arrays as they are stored: without config.json nobody knows what they are for.
Contents contents_of(const format::Safetensors& file) {
  Contents out;
  out.about = {{"file", file.path}, {"format", "safetensors"}, {"file_bytes", file.file_bytes}};
  out.summary = str("{}: safetensors, {}, {} tensors\n", file.path, human_bytes(file.file_bytes),
                    file.tensors.size());
  const std::byte* first = nullptr;
  for (const format::SafeTensor& tensor : file.tensors) {
    if (first == nullptr || tensor.data.data() < first) first = tensor.data.data();
  }
  for (const format::SafeTensor& tensor : file.tensors) {
    out.tensors.push_back({tensor.name,
                           tensor.dtype,
                           {tensor.shape.rbegin(), tensor.shape.rend()},
                           static_cast<std::uint64_t>(tensor.data.data() - first),
                           tensor.data.size()});
  }
  return out;
}

Contents read_contents(const std::filesystem::path& path) {
  std::error_code ignored;
  if (path.extension() == ".safetensors" && !std::filesystem::is_directory(path, ignored)) {
    return contents_of(format::open_safetensors(path));
  }
  return contents_of(*model::open_tensors(path));
}

struct TypeShare {
  std::size_t count = 0;
  std::uint64_t bytes = 0;
  std::uint64_t elements = 0;
};

std::map<std::string, TypeShare> shares(const std::vector<Entry>& tensors) {
  std::map<std::string, TypeShare> out;
  for (const Entry& tensor : tensors) {
    TypeShare& share = out[tensor.type];
    std::uint64_t elements = 1;
    for (const std::uint64_t extent : tensor.dims) elements *= extent;
    ++share.count;
    share.bytes += tensor.bytes;
    share.elements += elements;
  }
  return out;
}

void print_json(const Contents& contents) {
  Json json = contents.about;
  json["metadata"] = Json::object();
  for (const auto& [key, value] : contents.metadata) json["metadata"][key] = value;
  json["tensors"] = Json::array();
  for (const Entry& tensor : contents.tensors) {
    json["tensors"].push_back({{"name", tensor.name},
                               {"type", tensor.type},
                               {"dims", tensor.dims},
                               {"offset", tensor.offset},
                               {"bytes", tensor.bytes}});
  }
  print_out(to_line(json) + "\n");
}

void run_inspect(const Options& options) {
  const Contents contents = read_contents(options.file);
  if (options.common.json) return print_json(contents);
  std::string text = contents.summary;
  for (const auto& [key, value] : contents.metadata) {
    text += str("  {:<44} {}\n", printable(key), printable(value, 160));
  }
  text += "types\n";
  for (const auto& [type, share] : shares(contents.tensors)) {
    text += str("  {:<8} {:>5} tensors  {:>14} numbers  {:>10}\n", type, share.count,
                share.elements, human_bytes(share.bytes));
  }
  if (options.tensors) {
    text += "tensors\n";
    for (const Entry& tensor : contents.tensors) {
      text += str("  {:<40} {:<7} [{}]  {}\n", printable(tensor.name), tensor.type,
                  fmt::join(tensor.dims, ", "), human_bytes(tensor.bytes));
    }
  }
  print_out(text);
}

}  // namespace

void setup_inspect(CLI::App& app, Invocation& invocation) {
  auto options = std::make_shared<Options>();
  CLI::App* verb = app.add_subcommand("inspect", "what is in a model file");
  verb->add_option("FILE", options->file, "GGUF or safetensors file, or folder of Hugging Face")
      ->required();
  verb->add_flag("--tensors", options->tensors, "list every tensor");
  add_common(*verb, options->common, {});
  verb->footer("Example:\n  frugal inspect model.gguf --tensors");
  verb->callback(
      [options, &invocation] { invocation.action = [options] { run_inspect(*options); }; });
}

}  // namespace frugal::cli
