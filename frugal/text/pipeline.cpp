#include "frugal/text/pipeline.h"

#include <algorithm>

#include "frugal/base/error.h"
#include "frugal/base/str.h"

namespace frugal::text {
namespace {

// Expressions as the files spell them.
constexpr std::string_view kGpt2 =
    R"('s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+)";
constexpr std::string_view kLlama3 =
    R"((?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|)"
    R"(\s*[\r\n]+|\s+(?!\S)|\s+)";
constexpr std::string_view kCl100k =
    R"('(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]++[\r\n]*|)"
    R"(\s*[\r\n]|\s+(?!\S)|\s+)";
constexpr std::string_view kQwen2 =
    R"((?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|)"
    R"(\s*[\r\n]+|\s+(?!\S)|\s+)";
constexpr std::string_view kQwen35 =
    R"((?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?[\p{L}\p{M}]+|\p{N}|)"
    R"( ?[^\s\p{L}\p{M}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+)";
constexpr std::string_view kMiniCpm5 =
    R"((?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}+| ?[^\s\p{L}\p{N}]+[\r\n]*|)"
    R"(\s*[\r\n]+|\s+(?!\S)|\s+)";
constexpr std::string_view kBailing =
    R"('(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]++[\r\n]*|)"
    R"(\s*[\r\n]|\s+(?!\S)|\s+)";
constexpr std::string_view kSeedCoder =
    R"((?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1}| ?[^\s\p{L}\p{N}\r\n]+|)"
    R"(\s*[\r\n]+|\s+(?!\S)|\s+)";
constexpr std::string_view kTekken =
    R"([^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+|)"
    R"([^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*|)"
    R"(\p{N}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+)";
constexpr std::string_view kGpt4o =
    R"([^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+)"
    R"((?i:'s|'t|'re|'ve|'m|'ll|'d)?|)"
    R"([^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*)"
    R"((?i:'s|'t|'re|'ve|'m|'ll|'d)?|)"
    R"(\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+)";
constexpr std::string_view kUpTo3Digits = R"(\p{N}{1,3})";
constexpr std::string_view kLineEnd = R"([\r\n])";
constexpr std::string_view kDeepSeekLetters = R"(\s?[A-Za-z)";  // its beginning
constexpr std::string_view kDeepSeek3 = R"([!"#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~][A-Za-z]+|)";
constexpr std::string_view kBloom = R"( ?[^(\s|)";  // likewise

constexpr std::string_view kDigit = "each digit";
constexpr std::string_view kDigits = "digits";
constexpr std::string_view kMarks = "punctuation";

// Line ends written out, for some files hold the characters and some the escapes.
std::string with_escapes(std::string_view pattern) {
  std::string out;
  for (const char c : pattern) {
    if (c == '\n') {
      out += "\\n";
    } else if (c == '\r') {
      out += "\\r";
    } else {
      out += c;
    }
  }
  return out;
}

std::string split_pattern(const JsonNode& step) {
  const std::string behavior = step.text_or_empty("behavior");
  const bool inverted = step.flag_or("invert", false);
  if (!(behavior == "Isolated" && !inverted) && !(behavior == "Removed" && inverted)) {
    throw Error(ErrorKind::kUnsupported, str("{}: splits with behavior '{}', expected Isolated",
                                             step.place(), printable(behavior)));
  }
  return with_escapes(pattern_of(step));
}

// What each step cuts at.
std::vector<std::string> signature_of(const Pipeline& pre_tokenizer) {
  std::vector<std::string> out;
  for (const JsonNode& step : pre_tokenizer.steps()) {
    const std::string type = type_of(step);
    if (type == "Split") {
      out.push_back(split_pattern(step));
    } else if (type == "Digits") {
      out.emplace_back(step.flag_or("individual_digits", false) ? kDigit : kDigits);
    } else if (type == "Punctuation") {
      out.emplace_back(kMarks);
    } else if (type == "ByteLevel") {
      if (step.flag_or("add_prefix_space", false)) {
        throw Error(
            ErrorKind::kUnsupported,
            str("{}: puts a space in front, expected add_prefix_space to be false", step.place()));
      }
      if (step.flag_or("use_regex", true)) out.emplace_back(kGpt2);
    }
  }
  return out;
}

std::string name_of_one(std::string_view pattern, bool ignore_merges) {
  if (pattern == kGpt2) return "gpt-2";
  if (pattern == kLlama3 || pattern == kCl100k) return ignore_merges ? "llama-bpe" : "dbrx";
  if (pattern == kQwen2) return "qwen2";
  if (pattern == kQwen35) return "qwen35";
  if (pattern == kBailing) return "bailingmoe";
  if (pattern == kSeedCoder) return "seed-coder";
  if (pattern == kTekken) return "tekken";
  if (pattern == kGpt4o) return "gpt-4o";
  if (pattern.starts_with(kBloom)) return "bloom";
  return {};
}

std::string name_of(const std::vector<std::string>& cuts, bool ignore_merges) {
  if (cuts.size() == 1) return name_of_one(cuts[0], ignore_merges);
  if (cuts.size() < 2) return {};
  const std::string_view first = cuts[0];
  const std::string_view second = cuts[1];
  if (first == kDigit && second == kGpt2 && cuts.size() == 2) return "smollm";
  if (first == kMarks && second == kGpt2 && cuts.back() == "[0-9][0-9][0-9]") return "falcon";
  if (first == kLineEnd && second == R"(\s?\p{L}+)") return "deepseek-coder";
  if (first == kLineEnd && second.starts_with(kDeepSeekLetters)) return "deepseek-llm";
  if (first == kUpTo3Digits && second == kMiniCpm5) return "minicpm5";
  if (first == kUpTo3Digits && cuts.back().starts_with(kDeepSeek3)) return "deepseek-v3";
  return {};
}

}  // namespace

std::string type_of(const JsonNode& step) {
  return step.at("type").text();
}

std::string pattern_of(const JsonNode& step) {
  const JsonNode pattern = step.at("pattern");
  if (pattern.is_text()) return pattern.text();
  if (const auto expression = pattern.find("Regex")) return expression->text();
  return pattern.at("String").text();
}

Pipeline::Pipeline(const std::optional<JsonNode>& root) {
  if (root) append(*root);
}

// The nesting is bounded by parse_sorted_json.
void Pipeline::append(const JsonNode& node) {
  if (type_of(node) != "Sequence") {
    steps_.push_back(node);
    return;
  }
  for (const char* key : {"normalizers", "pretokenizers", "processors"}) {
    if (const auto nested = node.find(key)) {
      for (const JsonNode& step : nested->items()) append(step);
    }
  }
}

std::optional<JsonNode> Pipeline::find(std::string_view type) const {
  const auto found = std::find_if(steps_.begin(), steps_.end(),
                                  [&](const JsonNode& step) { return type_of(step) == type; });
  if (found == steps_.end()) return std::nullopt;
  return *found;
}

void Pipeline::allow_only(const std::vector<std::string_view>& types) const {
  for (const JsonNode& step : steps_) {
    const std::string type = type_of(step);
    if (std::find(types.begin(), types.end(), type) != types.end()) continue;
    std::string known;
    for (const std::string_view name : types) known += known.empty() ? name : str(", {}", name);
    throw Error(ErrorKind::kUnsupported,
                str("{}: is '{}', expected one of: {}", step.place(), printable(type), known));
  }
}

std::string recognise_pre_tokenizer(const Pipeline& pre_tokenizer, bool ignore_merges) {
  pre_tokenizer.allow_only({"Split", "ByteLevel", "Digits", "Punctuation"});
  const std::vector<std::string> cuts = signature_of(pre_tokenizer);
  std::string name = name_of(cuts, ignore_merges);
  if (!name.empty()) return name;
  std::string all;
  for (const std::string& cut : cuts) all += str("'{}' ", printable(cut));
  throw Error(ErrorKind::kUnsupported,
              str("tokenizer.json: pre_tokenizer cuts words at {}, expected those of a known model",
                  all.empty() ? "nothing" : all));
}

}  // namespace frugal::text
