#pragma once

/// The normalisation that SentencePiece compiles into a vocabulary.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace frugal::text {

/// Rewrites stretches of a text, such as "ﬁ" to "fi".  An empty one changes nothing.
///
/// The bytes are: their number in 4 bytes, little end first; so many bytes of a double-array trie
/// of 4-byte units; replacements, each ended by a zero byte.
///
/// Numbers: a stretch has at most 1 KiB.
/// Errors:  kCorrupt when the parts do not fit in or the last replacement has no end.  A unit that
///          points nowhere matches nothing.
/// Threads: const after construction; safe from all.
/// Source:  Kudo and Richardson 2018, arXiv:1808.06226; Aoe 1989 (double arrays), Yata's
/// Darts-clone
///          for the layout of a unit.
class Charsmap {
 public:
  explicit Charsmap(std::string bytes);

  struct Match {
    std::size_t length = 0;        ///< bytes of the text
    std::string_view replacement;  ///< views into this object
  };
  /// The longest stretch at the start of `text` that has a replacement.
  [[nodiscard]] std::optional<Match> longest(std::string_view text) const;

 private:
  [[nodiscard]] std::optional<std::uint32_t> unit(std::uint32_t index) const;
  [[nodiscard]] std::optional<std::string_view> replacement(std::uint32_t offset) const;

  std::string bytes_;
  std::size_t units_ = 0;
};

}  // namespace frugal::text
