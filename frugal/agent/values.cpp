#include "frugal/agent/values.h"

#include <array>
#include <string_view>

#include "frugal/base/error.h"
#include "frugal/base/str.h"

namespace frugal::agent {

namespace {

using Words = std::array<std::string_view, 40>;

constexpr std::array<std::string_view, 100> kFirstNames = {
    "Ada",   "Adam",  "Alice",  "Amir",   "Anna",  "Anton",  "Asha",   "Aylin",  "Ben",   "Boris",
    "Bruno", "Carla", "Carlos", "Cem",    "Chen",  "Clara",  "Dana",   "Daniel", "David", "Diego",
    "Edith", "Elena", "Elif",   "Emil",   "Emma",  "Erik",   "Esra",   "Eva",    "Fatma", "Felix",
    "Finn",  "Frida", "Gina",   "Grace",  "Greta", "Hana",   "Hans",   "Hugo",   "Ida",   "Igor",
    "Ines",  "Irina", "Ivan",   "Jana",   "Jonas", "Jorge",  "Julia",  "Kai",    "Karim", "Kira",
    "Klara", "Kofi",  "Lars",   "Laura",  "Lena",  "Leo",    "Lina",   "Lucas",  "Maja",  "Marco",
    "Maria", "Marta", "Max",    "Mei",    "Mila",  "Mira",   "Nadia",  "Nina",   "Noah",  "Nora",
    "Olga",  "Omar",  "Oscar",  "Paula",  "Pedro", "Petra",  "Rania",  "Ravi",   "Rosa",  "Ruth",
    "Samir", "Sara",  "Selma",  "Silas",  "Simon", "Sofia",  "Stella", "Sven",   "Tara",  "Theo",
    "Tomas", "Uma",   "Vera",   "Victor", "Wanda", "Willem", "Yara",   "Yusuf",  "Zara",  "Zoe"};
constexpr Words kBegins = {"Bal",  "Bel", "Bor", "Bran", "Cal", "Cor", "Dan", "Dor", "Dra", "El",
                           "Fal",  "Fen", "Gal", "Gor",  "Hal", "Har", "Hol", "Jor", "Kel", "Kor",
                           "Lan",  "Lor", "Mar", "Mel",  "Mor", "Nar", "Nor", "Ol",  "Per", "Pol",
                           "Quen", "Ral", "Ros", "Sal",  "Ser", "Tam", "Tor", "Ul",  "Vel", "Wes"};
constexpr Words kMiddles = {"a",  "an", "ar", "ba", "be", "da", "de", "do", "e",  "en",
                            "er", "ga", "i",  "in", "ka", "ke", "la", "le", "li", "lo",
                            "ma", "me", "mi", "mo", "na", "ne", "ni", "o",  "on", "or",
                            "ra", "re", "ri", "ro", "sa", "se", "ta", "te", "ti", "va"};
constexpr Words kEnds = {"bach",  "ban", "bert", "by",  "cott", "dal",  "den",  "din",
                         "dorf",  "fan", "feld", "gan", "gren", "hall", "kin",  "land",
                         "lin",   "lov", "man",  "mar", "mont", "nan",  "nell", "nick",
                         "quist", "rin", "rod",  "sen", "sky",  "son",  "stad", "strom",
                         "tan",   "ter", "tin",  "ton", "vale", "vin",  "well", "zer"};
constexpr Words kLooks = {"red",     "blue",    "green",  "black",  "white",   "brown",   "grey",
                          "yellow",  "pink",    "purple", "silver", "golden",  "small",   "large",
                          "tall",    "short",   "round",  "square", "heavy",   "light",   "soft",
                          "hard",    "wooden",  "steel",  "glass",  "leather", "cotton",  "paper",
                          "stone",   "copper",  "old",    "new",    "simple",  "folding", "striped",
                          "spotted", "foreign", "quiet",  "bright", "dark"};
constexpr Words kItems = {"lamp",    "chair",  "table",    "desk",   "clock", "mirror",   "carpet",
                          "kettle",  "teapot", "pan",      "bowl",   "plate", "mug",      "knife",
                          "basket",  "bag",    "suitcase", "wallet", "belt",  "coat",     "jacket",
                          "shirt",   "scarf",  "hat",      "gloves", "boots", "umbrella", "tent",
                          "bicycle", "helmet", "radio",    "camera", "phone", "tablet",   "speaker",
                          "piano",   "guitar", "drum",     "puzzle", "kite"};
constexpr Words kThings = {
    "pencils", "pens",    "books",  "apples",  "pears", "plums",    "stamps", "coins",
    "cards",   "marbles", "shells", "buttons", "beads", "stickers", "chairs", "tiles",
    "bricks",  "nails",   "screws", "bottles", "cups",  "plates",   "spoons", "eggs",
    "cookies", "cakes",   "melons", "lemons",  "seeds", "flowers",  "trees",  "stones",
    "ribbons", "candles", "balls",  "puzzles", "kites", "toys",     "photos", "letters"};
constexpr std::array<std::string_view, 16> kLevels = {
    "simple", "basic", "first",  "second", "third",  "mixed", "large",   "small",
    "useful", "early", "modern", "famous", "common", "daily", "written", "spoken"};
constexpr Words kTopics = {
    "fractions", "angles",  "triangles", "circles", "sums",    "powers",    "roots",    "numbers",
    "planets",   "stars",   "rivers",    "oceans",  "islands", "mountains", "forests",  "deserts",
    "animals",   "birds",   "fishes",    "insects", "plants",  "metals",    "crystals", "magnets",
    "engines",   "bridges", "castles",   "temples", "kings",   "queens",    "sailors",  "painters",
    "poems",     "stories", "letters",   "verbs",   "nouns",   "dances",    "songs",    "games"};
constexpr std::array<std::string_view, 8> kTownEnds = {"ford", "stead", "wick",  "mere",
                                                       "port", "gate",  "burgh", "ham"};
constexpr std::array<std::string_view, 8> kRoads = {"Road", "Street", "Lane",  "Avenue",
                                                    "Way",  "Square", "Court", "Hill"};
constexpr std::array<std::string_view, 12> kTrades = {"Energy",  "Market",    "Books",  "Garage",
                                                      "Telecom", "Bakery",    "Travel", "Gym",
                                                      "School",  "Insurance", "Water",  "Pharmacy"};

constexpr int kMostDraws = 100000;

}  // namespace

template <class Draw>
std::string Values::drawn(const Draw& draw) {
  for (int i = 0; i < kMostDraws; ++i) {
    std::string value = draw();
    if (split_of(value) == split_ && used_.insert(value).second) return value;
  }
  FRUGAL_CHECK(!"a range holds a value of each split");
  return {};
}

std::string Values::syllables() {
  std::string word(random_.pick(kBegins));
  if (random_.chance(0.5)) word += random_.pick(kMiddles);
  return word;
}

std::string Values::person() {
  const std::string surname =
      drawn([this] { return syllables() + std::string(random_.pick(kEnds)); });
  return str("{} {}", random_.pick(kFirstNames), surname);
}

std::string Values::town() {
  return drawn([this] { return syllables() + std::string(random_.pick(kTownEnds)); });
}

std::string Values::address() {
  const std::string street =
      drawn([this] { return syllables() + std::string(random_.pick(kEnds)); });
  return str("{} {} {}", random_.between(1, 199), street, random_.pick(kRoads));
}

std::string Values::firm() {
  const std::string name = drawn([this] { return syllables() + std::string(random_.pick(kEnds)); });
  return str("{} {}", name, random_.pick(kTrades));
}

std::string Values::item() {
  return drawn([this] { return str("{} {}", random_.pick(kLooks), random_.pick(kItems)); });
}

std::string Values::things() {
  return drawn([this] { return std::string(random_.pick(kThings)); });
}

std::string Values::topic() {
  return drawn([this] { return str("{} {}", random_.pick(kLevels), random_.pick(kTopics)); });
}

std::string Values::id(char prefix, std::size_t digits) {
  return drawn([this, prefix, digits] {
    std::string text = str("{}{}", prefix, random_.between(1, 9));
    while (text.size() <= digits) text += str("{}", random_.below(10));
    return text;
  });
}

std::int64_t Values::whole(std::int64_t low, std::int64_t high) {
  return *parse_int(drawn([&] { return str("{}", random_.between(low, high)); }));
}

double Values::price(std::int64_t low, std::int64_t high) {
  return *parse_double(drawn([&] {
    return str("{}.{}{}", random_.between(low, high - 1), random_.below(10), random_.between(1, 9));
  }));
}

}  // namespace frugal::agent
