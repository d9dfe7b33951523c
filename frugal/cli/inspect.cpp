#include <CLI/CLI.hpp>
#include <map>

#include "frugal/base/json.h"
#include "frugal/base/str.h"
#include "frugal/cli/common.h"
#include "frugal/cli/verbs.h"
#include "frugal/format/gguf.h"
#include "frugal/model/huggingface.h"

namespace frugal::cli {

namespace {

struct Options {
  CommonOptions common;
  std::string file;
  bool tensors = false;
};

struct TypeShare {
  std::size_t count = 0;
  std::uint64_t bytes = 0;
  std::uint64_t elements = 0;
};

std::map<std::string, TypeShare> shares(const format::TensorFile& file) {
  std::map<std::string, TypeShare> out;
  for (const format::TensorInfo& tensor : file.tensors()) {
    TypeShare& share = out[std::string(name(tensor.type))];
    ++share.count;
    share.bytes += tensor.bytes;
    share.elements += tensor.rows() * tensor.cols();
  }
  return out;
}

void print_json(const format::TensorFile& file) {
  Json json = {{"file", file.path()},
               {"format", file.container().substr(0, file.container().find(" version"))},
               {"version", file.version()},
               {"alignment", file.alignment()},
               {"file_bytes", file.file_bytes()}};
  json["metadata"] = Json::object();
  for (const format::MetaEntry& entry : file.metadata().entries()) {
    json["metadata"][entry.key] = format::to_text(entry.value);
  }
  json["tensors"] = Json::array();
  for (const format::TensorInfo& tensor : file.tensors()) {
    json["tensors"].push_back({{"name", tensor.name},
                               {"type", name(tensor.type)},
                               {"dims", tensor.dims},
                               {"offset", tensor.offset},
                               {"bytes", tensor.bytes}});
  }
  print_out(to_line(json) + "\n");
}

void run_inspect(const Options& options) {
  const auto file = model::open_tensors(options.file);
  if (options.common.json) return print_json(*file);
  std::string text =
      str("{}: {}, {}, {} tensors, alignment {}\n", file->path(), file->container(),
          human_bytes(file->file_bytes()), file->tensors().size(), file->alignment());
  for (const format::MetaEntry& entry : file->metadata().entries()) {
    text +=
        str("  {:<44} {}\n", printable(entry.key), printable(format::to_text(entry.value), 160));
  }
  text += "types\n";
  for (const auto& [type, share] : shares(*file)) {
    text += str("  {:<8} {:>5} tensors  {:>14} numbers  {:>10}\n", type, share.count,
                share.elements, human_bytes(share.bytes));
  }
  if (options.tensors) {
    text += "tensors\n";
    for (const format::TensorInfo& tensor : file->tensors()) {
      text += str("  {:<40} {:<7} [{}]  {}\n", printable(tensor.name), name(tensor.type),
                  fmt::join(tensor.dims, ", "), human_bytes(tensor.bytes));
    }
  }
  print_out(text);
}

}  // namespace

void setup_inspect(CLI::App& app, Invocation& invocation) {
  auto options = std::make_shared<Options>();
  CLI::App* verb = app.add_subcommand("inspect", "what is in a model file");
  verb->add_option("FILE", options->file, "GGUF file, or folder of Hugging Face")->required();
  verb->add_flag("--tensors", options->tensors, "list every tensor");
  add_common(*verb, options->common, {});
  verb->footer("Example:\n  frugal inspect model.gguf --tensors");
  verb->callback(
      [options, &invocation] { invocation.action = [options] { run_inspect(*options); }; });
}

}  // namespace frugal::cli
