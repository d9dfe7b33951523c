#include "frugal/engine/generate.h"

#include <algorithm>
#include <utility>

#include "frugal/base/error.h"
#include "frugal/base/str.h"

namespace frugal::engine {

namespace {

const text::Tokenizer& tokenizer_of(const Engine& engine) {
  const auto& tokenizer = engine.model().tokenizer;
  if (!tokenizer) {
    throw Error(ErrorKind::kUnsupported,
                str("{}: has no vocabulary that this build can use", engine.model().file->path()));
  }
  return *tokenizer;
}

// The text that tokens add: an SPM vocabulary puts a space before the first word of a text, which
// here continues a prompt and therefore stays.
class TextOut {
 public:
  TextOut(std::string& text, const TextFn& on_text) : text_(text), on_text_(on_text) {}
  void push(std::string_view bytes) { emit(stream_.push(bytes)); }
  void finish() { emit(stream_.finish()); }

 private:
  void emit(const std::string& characters) {
    text_ += characters;
    if (on_text_) on_text_(characters);
  }

  text::Utf8Stream stream_;
  std::string& text_;
  const TextFn& on_text_;
};

}  // namespace

std::size_t positions_of(const model::Model& model, std::size_t prompt_tokens,
                         const GenerateOptions& options) {
  const std::size_t context = options.context > 0 ? options.context : model.config.context_length;
  if (prompt_tokens > context) {
    throw Error(
        ErrorKind::kInvalidArgument,
        str("prompt of {} tokens: expected at most {} (the context)", prompt_tokens, context));
  }
  return prompt_tokens + std::min(options.max_tokens, context - prompt_tokens);
}

Generation generate(Engine& engine, std::span<const TokenId> prompt, GenerateOptions options,
                    const TextFn& on_text) {
  const text::Tokenizer& tokenizer = tokenizer_of(engine);
  check_tokens(engine.model(), prompt);
  const std::size_t positions = positions_of(engine.model(), prompt.size(), options);
  Batcher batcher(
      engine,
      {.kv_positions = positions, .kv = options.kv, .max_running = 1, .share_prefixes = false});
  Generation out;
  TextOut text(out.text, on_text);
  Request request;
  request.prompt.assign(prompt.begin(), prompt.end());
  request.max_tokens = options.max_tokens;
  request.context = positions;
  request.ignore_end = options.ignore_end;
  request.sampler = options.sampler;
  request.proposer = std::move(options.proposer);
  request.on_token = [&](TokenId token) {
    out.tokens.push_back(token);
    text.push(tokenizer.piece(token));
  };
  request.on_done = [&](const Ending& ending) { out.reason = ending.reason; };
  (void)batcher.submit(std::move(request));
  batcher.run();
  text.finish();
  return out;
}

}  // namespace frugal::engine
