#pragma once

/// Names and numbers for invented worlds, each from one split.

#include <cstdint>
#include <set>
#include <string>

#include "frugal/agent/split.h"
#include "frugal/base/random.h"

namespace frugal::agent {

/// Draws values of one split, none twice.
///
/// Names are built of syllables, tens of thousands of them, so that copying a name is the only way
/// to know it.  What is split is the rare word: the surname of a person, the word of a street, a
/// town or a firm, both words of an item, all digits of an id or an amount.
///
/// Threads: one at a time.
class Values {
 public:
  Values(Split split, Random random) : split_(split), random_(random) {}

  [[nodiscard]] std::string person();   ///< "Nora Velkin"
  [[nodiscard]] std::string town();     ///< "Tamrinford"
  [[nodiscard]] std::string address();  ///< "17 Dorvale Road"
  [[nodiscard]] std::string firm();     ///< "Kelmar Energy"
  [[nodiscard]] std::string item();     ///< "green lamp"
  [[nodiscard]] std::string things();   ///< "pencils"
  [[nodiscard]] std::string topic();    ///< "simple fractions"
  /// `prefix` and digits, the first not 0: "W48213".
  [[nodiscard]] std::string id(char prefix, std::size_t digits);
  /// A whole number from low to high.
  [[nodiscard]] std::int64_t whole(std::int64_t low, std::int64_t high);
  /// A price from low to high with two decimals, the last not 0: 84.37.
  [[nodiscard]] double price(std::int64_t low, std::int64_t high);

 private:
  template <class Draw>
  std::string drawn(const Draw& draw);
  std::string syllables();

  Split split_;
  Random random_;
  std::set<std::string, std::less<>> used_;
};

}  // namespace frugal::agent
