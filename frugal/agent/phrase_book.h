#pragma once

/// What people say, by what they want and by split.

#include <array>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "frugal/agent/split.h"
#include "frugal/base/random.h"

namespace frugal::agent {

/// Values for the {slots} of a phrase.
using Slots = std::vector<std::pair<std::string_view, std::string>>;

/// The phrase with each {slot} replaced.  Errors: a slot without a value is a bug.
[[nodiscard]] std::string fill(std::string_view phrase, const Slots& slots);

/// Sections of phrases, each split apart from the others.
///
/// Written as a text: "[section]", then "train:", "validation:" and "test:", each followed by its
/// phrases, one a line.  Slots stand in braces; what teaches may be patterns (phrasing.h).
///
/// Threads: const; safe from all.
class PhraseBook {
 public:
  /// Keeps views into `text`, which must outlive this.  Errors: a text of another form is a bug.
  explicit PhraseBook(std::string_view text);

  /// Errors: a section that is not there is a bug.
  [[nodiscard]] const std::vector<std::string_view>& phrases(std::string_view section,
                                                             Split split) const;
  [[nodiscard]] std::vector<std::string_view> sections() const;

  /// A phrase of the split, or one of the ways of a pattern, which is drawn three times as often:
  /// for training never in the words of a phrase of another split of the section.
  [[nodiscard]] std::string draw(std::string_view section, Split split, Random& random) const;

 private:
  std::map<std::string_view, std::array<std::vector<std::string_view>, kAllSplits.size()>>
      sections_;
  std::map<std::string_view, std::vector<std::string_view>> taught_;  ///< patterns thrice
  std::map<std::string_view, std::set<std::string>> examined_;        ///< bare words, by section
};

/// What stands before and after a wish in any scenario: the sections "opening" and "closing".
[[nodiscard]] const PhraseBook& courtesies();

/// One phrase of the section, filled in, now and then between an opening and a closing.
/// `slots` must also hold "speaker", the name of who is talking.
[[nodiscard]] std::string speak(const PhraseBook& book, std::string_view section, Split split,
                                const Slots& slots, Random& random);

}  // namespace frugal::agent
