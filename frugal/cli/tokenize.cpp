#include <CLI/CLI.hpp>

#include "frugal/base/error.h"
#include "frugal/base/json.h"
#include "frugal/base/str.h"
#include "frugal/cli/common.h"
#include "frugal/cli/token_ids.h"
#include "frugal/cli/verbs.h"
#include "frugal/model/huggingface.h"
#include "frugal/model/model.h"

namespace frugal::cli {

namespace {

struct Options {
  CommonOptions common;
  std::string file;
  std::string text_file;
  std::string prompt;
  bool has_prompt = false;
  bool decode = false;
  bool special = false;
};

void print_decoded(const Options& options, const text::Tokenizer& tokenizer,
                   const std::string& input) {
  const std::string text = tokenizer.decode(parse_token_ids(input, "token ids"), options.special);
  print_out(options.common.json ? to_line({{"text", text}}) + "\n" : text + "\n");
}

void run_tokenize(const Options& options) {
  if (options.has_prompt == !options.text_file.empty()) {
    throw Error(ErrorKind::kInvalidArgument, "tokenize: expected one of -p TEXT and --file FILE");
  }
  const auto file = model::open_tensors(options.file);
  const auto tokenizer = model::load_tokenizer(*file);
  const std::string input = options.has_prompt ? options.prompt : read_input(options.text_file);
  if (options.decode) return print_decoded(options, *tokenizer, input);
  const auto ids =
      tokenizer->encode(input, {.add_special = options.special, .parse_special = options.special});
  if (options.common.json) return print_out(to_line({{"ids", ids}}) + "\n");
  print_out(str("{}\n", fmt::join(ids, " ")));
}

}  // namespace

void setup_tokenize(CLI::App& app, Invocation& invocation) {
  auto options = std::make_shared<Options>();
  CLI::App* verb =
      app.add_subcommand("tokenize", "ids of a text with a file's vocabulary, or back");
  verb->add_option("FILE", options->file, "GGUF file; weights are not needed")->required();
  auto* prompt = verb->add_option("-p,--prompt", options->prompt, "the text itself");
  verb->add_option("--file", options->text_file, "a file with the text, - for standard input");
  verb->add_flag("--decode", options->decode, "the input is ids, the output text");
  verb->add_flag("--special", options->special,
                 "begin- and end-of-text are added, and special tokens in the text are parsed");
  add_common(*verb, options->common, {});
  verb->footer(
      "Examples:\n  frugal tokenize model.gguf -p 'Hello world'\n"
      "  frugal tokenize model.gguf --decode -p '1 403 407'");
  verb->callback([options, prompt, &invocation] {
    options->has_prompt = prompt->count() > 0;
    invocation.action = [options] { run_tokenize(*options); };
  });
}

}  // namespace frugal::cli
