#include "frugal/agent/phrasing.h"

#include <cctype>
#include <span>
#include <vector>

#include "frugal/base/error.h"

namespace frugal::agent {

namespace {

// {} is the question or the request.
constexpr std::string_view kQuestionFrames[] = {
    "Can you tell me {}?",  "Could you tell me {}?",
    "Can you look up {}?",  "Could you look up {}?",
    "Can you check {}?",    "Could you check {}?",
    "Please tell me {}.",   "Please look up {}.",
    "Please check {}.",     "Please tell me {} now.",
    "Tell me {}.",          "Tell me {} please.",
    "I want to know {}.",   "I would like to know {}.",
    "I need to know {}.",   "Do you know {}?",
    "Can you find out {}?", "Please find out {} for me.",
    "Could you say {}?",    "I forgot {}.",
    "Look up {} for me.",   "Can you look up {} for me?"};
constexpr std::string_view kRequestFrames[] = {"Please {}.",
                                               "Can you {}?",
                                               "Could you {}?",
                                               "Can you please {}?",
                                               "Could you please {}?",
                                               "I want you to {}.",
                                               "I would like you to {}.",
                                               "I need you to {}.",
                                               "{} please.",
                                               "{}.",
                                               "Would you {}?",
                                               "Will you please {}?",
                                               "If it is possible, {}.",
                                               "Is it possible to {}? Please do so.",
                                               "Please {} now."};

std::string framed(std::span<const std::string_view> frames, const std::string& what,
                   Random& random) {
  const std::string_view frame = frames[random.below(frames.size())];
  const std::size_t place = frame.find("{}");
  std::string out = std::string(frame.substr(0, place)) + what;
  out += frame.substr(place + 2);
  if (place == 0) out[0] = static_cast<char>(std::toupper(static_cast<unsigned char>(out[0])));
  return out;
}

// The text up to the '|' or ')' that ends this alternative, with its groups drawn.
class Drawer {
 public:
  Drawer(std::string_view text, Random& random) : text_(text), random_(random) {}

  std::string draw() {
    std::string out;
    while (at_ < text_.size() && text_[at_] != '|' && text_[at_] != ')') {
      const char c = text_[at_++];
      if (c == '(') {
        out += group();
      } else {
        out += c;
      }
    }
    return out;
  }

 private:
  // After a '('.
  std::string group() {
    std::vector<std::string> alternatives;
    while (true) {
      alternatives.push_back(draw());
      FRUGAL_CHECK(at_ < text_.size());
      if (text_[at_++] == ')') break;
    }
    return alternatives[random_.below(alternatives.size())];
  }

  std::string_view text_;
  Random& random_;
  std::size_t at_ = 0;
};

}  // namespace

bool is_pattern(std::string_view text) {
  return text.starts_with("@ ") || text.starts_with("! ") ||
         text.find('(') != std::string_view::npos;
}

std::string say(std::string_view pattern, Random& random) {
  const bool question = pattern.starts_with("@ ");
  const bool request = pattern.starts_with("! ");
  const std::string what = Drawer(pattern.substr(question || request ? 2 : 0), random).draw();
  if (question) return framed(kQuestionFrames, what, random);
  return request ? framed(kRequestFrames, what, random) : what;
}

std::string bare_words(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    const bool word = std::isalnum(byte) != 0 || c == '{' || c == '}';
    if (word) out += static_cast<char>(std::tolower(byte));
    if (!word && !out.empty() && out.back() != ' ') out += ' ';
  }
  while (!out.empty() && out.back() == ' ') out.pop_back();
  return out;
}

}  // namespace frugal::agent
