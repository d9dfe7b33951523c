#include "frugal/agent/phrase_book.h"

#include <algorithm>
#include <optional>

#include "frugal/agent/phrasing.h"
#include "frugal/base/error.h"
#include "frugal/base/str.h"

namespace frugal::agent {

namespace {

constexpr double kCourtesy = 0.35;  // how often somebody opens, and closes

constexpr std::string_view kCourtesies = R"(
[opening]
train:
Hello.
Hi.
Hey.
Hi there.
Hello there.
Good morning.
Good afternoon.
Good evening.
Dear team.
Hello team.
Excuse me.
Sorry to bother you.
I need some help.
I have a request.
I have a question for you.
Can you help me?
Hello, I am {speaker}.
Hi, my name is {speaker}.
This is {speaker}.
Good morning, {speaker} here.
A quick question.
validation:
Good morning, team.
Hi, this is {speaker}.
Hello, I have a quick question.
Hello, can you help me?
test:
Good evening, I am {speaker}.
Hey there.
Hi, I need help.
Hello, my name is {speaker}.
[closing]
train:
Thanks.
Thank you.
Thanks a lot.
Many thanks.
Thank you very much.
Thanks for your help.
Thank you for the quick help.
That is all.
Have a nice day.
Best wishes.
I am waiting for your answer.
It is a bit urgent.
There is no hurry.
Thanks in advance.
Please be quick.
Kind regards.
Thanks and best regards.
validation:
Many thanks for your help.
Thank you, that is all.
Please be quick, it is urgent.
Thanks and have a nice day.
test:
Thank you very much for your help.
That is all, thanks.
Thanks, there is no hurry.
Best wishes and thank you.
)";

constexpr std::size_t kPatternWeight = 3;

template <class Splits>
const std::vector<std::string_view>& phrases_of(const Splits& splits, Split split) {
  return splits.at(static_cast<std::size_t>(split));
}

}  // namespace

std::string fill(std::string_view phrase, const Slots& slots) {
  std::string out;
  while (!phrase.empty()) {
    const std::size_t open = phrase.find('{');
    out += phrase.substr(0, open);
    if (open == std::string_view::npos) break;
    const std::size_t close = phrase.find('}', open);
    FRUGAL_CHECK(close != std::string_view::npos);
    const std::string_view name = phrase.substr(open + 1, close - open - 1);
    const auto slot = std::find_if(slots.begin(), slots.end(),
                                   [name](const auto& one) { return one.first == name; });
    FRUGAL_CHECK(slot != slots.end());
    out += slot->second;
    phrase.remove_prefix(close + 1);
  }
  return out;
}

PhraseBook::PhraseBook(std::string_view text) {
  std::string_view section;
  std::vector<std::string_view>* phrases = nullptr;  // of the section and split we are in
  for (const std::string_view line : frugal::split(text, '\n')) {
    if (line.empty()) continue;
    const auto split = line.back() == ':' ? split_from_name(line.substr(0, line.size() - 1))
                                          : std::optional<Split>();
    if (line.front() == '[') {
      section = line.substr(1, line.size() - 2);
      FRUGAL_CHECK(sections_.try_emplace(section).second);
      phrases = nullptr;
    } else if (split) {
      phrases = &sections_[section].at(static_cast<std::size_t>(*split));
    } else {
      FRUGAL_CHECK(phrases != nullptr);
      phrases->push_back(line);
    }
  }
  for (const auto& [name, splits] : sections_) {
    for (const std::string_view line : phrases_of(splits, Split::kTrain)) {
      taught_[name].insert(taught_[name].end(), is_pattern(line) ? kPatternWeight : 1, line);
    }
    for (const Split split : {Split::kValidation, Split::kTest}) {
      for (const std::string_view phrase : phrases_of(splits, split)) {
        examined_[name].insert(bare_words(phrase));
      }
    }
  }
}

const std::vector<std::string_view>& PhraseBook::phrases(std::string_view section,
                                                         Split split) const {
  const auto found = sections_.find(section);
  FRUGAL_CHECK(found != sections_.end());
  return phrases_of(found->second, split);
}

std::string PhraseBook::draw(std::string_view section, Split split, Random& random) const {
  if (split != Split::kTrain) return std::string(random.pick(phrases(section, split)));
  const auto& lines = taught_.at(section);
  const auto examined = examined_.find(section);
  while (true) {
    std::string phrase = say(random.pick(lines), random);
    const bool held_out =
        examined != examined_.end() && examined->second.contains(bare_words(phrase));
    if (!held_out) return phrase;
  }
}

std::vector<std::string_view> PhraseBook::sections() const {
  std::vector<std::string_view> names;
  for (const auto& [name, phrases] : sections_) names.push_back(name);
  return names;
}

const PhraseBook& courtesies() {
  static const PhraseBook book(kCourtesies);
  return book;
}

std::string speak(const PhraseBook& book, std::string_view section, Split split, const Slots& slots,
                  Random& random) {
  std::string out;
  if (random.chance(kCourtesy)) {
    out = fill(courtesies().draw("opening", split, random), slots) + " ";
  }
  out += fill(book.draw(section, split, random), slots);
  if (random.chance(kCourtesy)) {
    out += " " + fill(courtesies().draw("closing", split, random), slots);
  }
  return out;
}

}  // namespace frugal::agent
