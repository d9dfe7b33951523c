#include "frugal/text/pre_tokenizer.h"

#include <cstddef>
#include <utility>

#include "frugal/text/utf8.h"

namespace frugal::text {
namespace {

// Stretches of well-formed UTF-8, and stretches of bytes that are not.
struct Stretches {
  std::vector<std::string_view> pieces;
  std::vector<bool> sound;
};

Stretches cut_at_broken_bytes(std::string_view text) {
  Stretches out;
  std::size_t start = 0;
  std::size_t at = 0;
  bool sound = true;
  const auto close = [&] {
    if (at == start) return;
    out.pieces.push_back(text.substr(start, at - start));
    out.sound.push_back(sound);
    start = at;
  };
  while (at < text.size()) {
    const Utf8Unit unit = first_utf8_unit(text.substr(at));
    const bool whole = unit.kind == Utf8Kind::kCharacter;
    if (whole != sound) {
      close();
      sound = whole;
    }
    at += unit.length;
  }
  close();
  return out;
}

}  // namespace

PreTokenizer::PreTokenizer(std::string_view name) : rule_(find_pre_rule(name)) {
  expressions_.reserve(rule_.expressions.size());
  for (const std::string_view pattern : rule_.expressions) expressions_.emplace_back(pattern);
}

std::vector<std::string_view> PreTokenizer::words(std::string_view text) const {
  std::vector<std::string_view> out;
  const Stretches stretches = cut_at_broken_bytes(text);
  for (std::size_t i = 0; i < stretches.pieces.size(); ++i) {
    std::vector<std::string_view> pieces = {stretches.pieces[i]};
    if (stretches.sound[i]) {
      for (const Expression& expression : expressions_) pieces = expression.split(pieces);
    }
    if (out.empty()) {
      out = std::move(pieces);
    } else {
      out.insert(out.end(), pieces.begin(), pieces.end());
    }
  }
  return out;
}

}  // namespace frugal::text
