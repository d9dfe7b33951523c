#include "frugal/agent/phrase_book.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>
#include <set>

#include <utility>

#include "frugal/agent/phrases.h"
#include "frugal/agent/phrasing.h"
#include "frugal/agent/scenario.h"
#include "frugal/base/str.h"

namespace frugal::agent {
namespace {

TEST(Fill, PutsValuesIntoTheirSlots) {
  EXPECT_EQ(fill("Send {a} to {b}, {a}.", {{"b", "B"}, {"a", "{x}"}}), "Send {x} to B, {x}.");
  EXPECT_EQ(fill("plain", {}), "plain");
}

TEST(PhraseBook, KeepsSectionsAndSplitsApart) {
  const PhraseBook book(
      "[a]\ntrain:\none\ntwo:\n\nvalidation:\nthree\ntest:\nfour\n[b]\ntrain:\n5\n");
  EXPECT_EQ(book.phrases("a", Split::kTrain), (std::vector<std::string_view>{"one", "two:"}));
  EXPECT_EQ(book.phrases("a", Split::kTest), (std::vector<std::string_view>{"four"}));
  EXPECT_TRUE(book.phrases("b", Split::kTest).empty());
  EXPECT_EQ(book.sections(), (std::vector<std::string_view>{"a", "b"}));
}

TEST(Speak, SometimesOpensAndClosesAndAlwaysSaysTheWish) {
  const PhraseBook book("[a]\ntrain:\nDo {x}.\n");
  Random random(1);
  std::set<std::string> said;
  for (int i = 0; i < 200; ++i) {
    const std::string text =
        speak(book, "a", Split::kTrain, {{"x", "it"}, {"speaker", "Ada"}}, random);
    EXPECT_NE(text.find("Do it."), std::string::npos);
    said.insert(text);
  }
  EXPECT_TRUE(said.contains("Do it."));
  EXPECT_GT(said.size(), 40U);
}

TEST(PhraseBook, NeverTeachesTheWordsOfAnExamination) {
  const PhraseBook book(
      "[a]\ntrain:\n(Do|Make|Take) it(.|!)\nvalidation:\nMake it?\ntest:\nDo it.\n");
  Random random(1);
  for (int i = 0; i < 100; ++i) {
    EXPECT_TRUE(book.draw("a", Split::kTrain, random).starts_with("Take it"));
  }
  EXPECT_EQ(book.draw("a", Split::kTest, random), "Do it.");
}

// --- The books that ship -------------------------------------------------------------------------

std::vector<const PhraseBook*> all_books() {
  return {&customer_service_phrases(), &tutoring_phrases(), &finance_phrases(), &courtesies()};
}

// The words of a phrase in lower case, slots and signs left out.
std::set<std::string> words_of(std::string_view phrase) {
  std::set<std::string> words;
  std::string word;
  bool slot = false;
  for (const char c : std::string(phrase) + " ") {
    slot = c == '{' || (slot && c != '}');
    if (!slot && std::isalpha(static_cast<unsigned char>(c)) != 0) {
      word += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    } else if (!word.empty()) {
      words.insert(std::exchange(word, ""));
    }
  }
  return words;
}

std::set<std::string> slots_of(std::string_view phrase) {
  std::set<std::string> slots;
  for (std::size_t open = phrase.find('{'); open != std::string_view::npos;
       open = phrase.find('{', open + 1)) {
    slots.emplace(phrase.substr(open, phrase.find('}', open) - open));
  }
  return slots;
}

TEST(Phrases, EverySectionHasSixteenToTeachAndFourToExamineTwice) {
  for (const PhraseBook* book : all_books()) {
    for (const std::string_view section : book->sections()) {
      EXPECT_GE(book->phrases(section, Split::kTrain).size(), 16U) << section;
      EXPECT_GE(book->phrases(section, Split::kValidation).size(), 4U) << section;
      EXPECT_GE(book->phrases(section, Split::kTest).size(), 4U) << section;
    }
  }
}

// All that a section of thousands of phrasings says is nothing that it is examined by.
TEST(Phrases, NoPhrasingOfAnExaminationIsTaught) {
  for (const PhraseBook* book : all_books()) {
    for (const std::string_view section : book->sections()) {
      std::set<std::string> examined;
      for (const Split split : {Split::kValidation, Split::kTest}) {
        for (const std::string_view phrase : book->phrases(section, split)) {
          examined.insert(bare_words(phrase));
        }
      }
      Random random(3);
      for (int i = 0; i < 400; ++i) {
        const std::string phrase = book->draw(section, Split::kTrain, random);
        EXPECT_FALSE(examined.contains(bare_words(phrase))) << section << ": " << phrase;
      }
    }
  }
}

TEST(Phrases, NoPhraseStandsTwice) {
  for (const PhraseBook* book : all_books()) {
    std::set<std::string_view> seen;
    for (const std::string_view section : book->sections()) {
      for (const Split split : kAllSplits) {
        for (const std::string_view phrase : book->phrases(section, split)) {
          EXPECT_TRUE(seen.insert(phrase).second) << section << ": " << phrase;
        }
      }
    }
  }
}

TEST(Phrases, EveryWordOfAnExaminationOccursInSomePhraseThatTeaches) {
  for (const PhraseBook* book : all_books()) {
    std::set<std::string> known;
    for (const std::string_view section : book->sections()) {
      for (const std::string_view phrase : book->phrases(section, Split::kTrain)) {
        known.merge(words_of(phrase));
      }
    }
    for (const std::string_view section : book->sections()) {
      for (const Split split : {Split::kValidation, Split::kTest}) {
        for (const std::string_view phrase : book->phrases(section, split)) {
          for (const std::string& word : words_of(phrase)) {
            EXPECT_TRUE(known.contains(word)) << word << " in: " << phrase;
          }
        }
      }
    }
  }
}

TEST(Phrases, AllOfASectionSayWhatIsNeeded) {
  for (const std::string_view name : scenario_names()) {
    const PhraseBook& book = *find_scenario(name).phrases;
    for (const std::string_view section : book.sections()) {
      // These give no values to the agent, or numbers without a story.
      if (section == "out_of_scope" || section == "quiz") continue;
      std::set<std::string> needed = slots_of(book.phrases(section, Split::kTrain).front());
      needed.erase("{who");
      needed.erase("{things");
      Random random(5);
      for (const Split split : kAllSplits) {
        for (int i = 0; i < 300; ++i) {
          const std::string phrase = book.draw(section, split, random);
          for (const std::string& slot : needed) {
            EXPECT_TRUE(slots_of(phrase).contains(slot)) << slot << " in: " << phrase;
          }
        }
      }
    }
  }
}

}  // namespace
}  // namespace frugal::agent
