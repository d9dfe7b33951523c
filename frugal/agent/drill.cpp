#include "frugal/agent/drill.h"

#include <array>
#include <string_view>
#include <vector>

#include "frugal/agent/values.h"
#include "frugal/base/json.h"
#include "frugal/base/random.h"
#include "frugal/base/str.h"

namespace frugal::agent {

namespace {

struct Entry {
  std::string key;
  std::string value;
};

constexpr std::array<std::string_view, 16> kKeys = {
    "order", "student", "account", "lesson", "amount", "payee",  "article", "city",
    "name",  "score",   "item",    "date",   "total",  "street", "topic",   "answer"};
constexpr std::array<std::string_view, 5> kSeparators = {", ", "; ", " and ", ". ", "\n"};

std::string drawn_value(Values& values, Random& random) {
  switch (random.below(8)) {
    case 0:
    case 1:
      return values.id(static_cast<char>('A' + random.below(26)), 3 + random.below(4));
    case 2:
      return values.person();
    case 3:
      return random.chance(0.5) ? values.town() : values.address();
    case 4:
      return values.firm();
    case 5:
      return random.chance(0.5) ? values.item() : values.topic();
    case 6:
      return str("{}", values.whole(1, 99'999));
    default:
      return str("{}", values.price(1, 9'999));
  }
}

std::string said(const Entry& entry, std::uint64_t manner) {
  switch (manner) {
    case 0:
      return str("{} {}", entry.key, entry.value);
    case 1:
      return str("{}: {}", entry.key, entry.value);
    case 2:
      return str("{} is the {}", entry.value, entry.key);
    case 3:
      return str("the {} is {}", entry.key, entry.value);
    default:
      return str("\"{}\": \"{}\"", entry.key, entry.value);
  }
}

std::string listed(const std::vector<Entry>& entries, std::uint64_t manner,
                   std::string_view separator) {
  std::string text;
  for (const Entry& entry : entries) {
    if (!text.empty()) text += separator;
    text += said(entry, manner);
  }
  return text;
}

}  // namespace

std::string drill_line(std::uint64_t seed, std::uint64_t number) {
  Random random = Random(seed).fork("drill").fork(number);
  Values values(Split::kTrain, random.fork("values"));
  std::vector<std::string_view> keys(kKeys.begin(), kKeys.end());
  random.shuffle(keys);
  keys.resize(2 + random.below(4));
  std::vector<Entry> entries;
  for (const std::string_view key : keys) {
    entries.push_back({std::string(key), drawn_value(values, random)});
  }
  const std::string question = listed(entries, random.below(5), random.pick(kSeparators));
  if (random.chance(0.5)) random.shuffle(entries);
  const std::string answer = random.chance(0.7) ? str("{{{}}}", listed(entries, 4, ", "))
                                                : listed(entries, random.below(4), ", ");
  const Json messages = {{{"role", "user"}, {"content", question}},
                         {{"role", "assistant"}, {"content", answer}}};
  return to_line({{"messages", messages}, {"intent", "drill"}}) + "\n";
}

}  // namespace frugal::agent
