#include "frugal/engine/generate.h"

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

// The text that `piece` adds: an SPM vocabulary puts a space before the first word of a text, which
// here continues a prompt and therefore stays.
class TextOut {
 public:
  TextOut(std::string& text, const TextFn& on_text) : text_(text), on_text_(on_text) {}
  void push(std::string_view bytes) { emit(stream_.push(bytes)); }
  void finish() { emit(stream_.finish()); }

 private:
  void emit(const std::string& characters) {
    if (characters.empty()) return;
    text_ += characters;
    if (on_text_) on_text_(characters);
  }

  text::Utf8Stream stream_;
  std::string& text_;
  const TextFn& on_text_;
};

}  // namespace

Generation generate(Engine& engine, KvCache& cache, std::span<const TokenId> prompt,
                    const GenerateOptions& options, const TextFn& on_text) {
  const text::Tokenizer& tokenizer = tokenizer_of(engine);
  Generation out;
  TextOut text(out.text, on_text);
  Sampler sampler(options.sampler);
  for (const TokenId token : prompt) sampler.observe(token);

  std::span<const float> logits = engine.forward(cache, prompt, Logits::kLast, Phase::kPrefill);
  while (out.tokens.size() < options.max_tokens) {
    const TokenId token = sampler.next(logits);
    if (!options.ignore_end && tokenizer.ends_text(token)) {
      out.reason = StopReason::kEndOfText;
      break;
    }
    out.tokens.push_back(token);
    engine.count_output(Phase::kDecode, 1);
    text.push(tokenizer.piece(token));
    if (out.tokens.size() == options.max_tokens) break;
    if (cache.size() == cache.capacity()) {
      out.reason = StopReason::kContextFull;
      break;
    }
    logits = engine.forward(cache, std::span(&token, 1), Logits::kLast, Phase::kDecode);
  }
  text.finish();
  return out;
}

}  // namespace frugal::engine
