#include "frugal/agent/score.h"

#include <algorithm>

#include "frugal/base/error.h"

namespace frugal::agent {

namespace {

// Lower case, without commas.
std::string plain(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c != ',') out += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  }
  return out;
}

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

bool is_word(char c) {
  return is_digit(c) || (c >= 'a' && c <= 'z');
}

char at(std::string_view text, std::size_t index) {
  return index < text.size() ? text[index] : '\0';
}

// Whether a word or number goes on over the border between text[end - 1] and text[end].
bool continues(std::string_view text, std::size_t end) {
  if (end == 0 || end >= text.size()) return false;
  const char before = text[end - 1];
  const char after = text[end];
  if (is_word(before) && is_word(after)) return true;
  if (after == '.') return is_digit(before) && is_digit(at(text, end + 1));
  return before == '.' && is_digit(after) && end > 1 && is_digit(text[end - 2]);
}

}  // namespace

std::string goal_hash(const Task& task) {
  const auto world = make_world(task);
  for (const ToolCall& call : task.actions) (void)world->call(call);
  return world->hash();
}

bool contains_fact(std::string_view said, std::string_view fact) {
  const std::string text = plain(said);
  const std::string wanted = plain(fact);
  for (std::size_t place = text.find(wanted); place != std::string::npos;
       place = text.find(wanted, place + 1)) {
    if (!continues(text, place) && !continues(text, place + wanted.size())) return true;
  }
  return false;
}

bool solves(const Task& task, const Environment& world, std::string_view said) {
  return world.hash() == goal_hash(task) &&
         std::all_of(task.facts.begin(), task.facts.end(),
                     [said](const std::string& fact) { return contains_fact(said, fact); });
}

double pass_hat(std::span<const std::size_t> successes, std::size_t trials, std::size_t k) {
  FRUGAL_CHECK(k >= 1 && k <= trials);
  if (successes.empty()) return 0.0;
  double sum = 0.0;
  for (const std::size_t count : successes) {
    FRUGAL_CHECK(count <= trials);
    // C(c, k) / C(n, k) = Π (c - i) / (n - i) for i = 0 … k - 1, and 0 where k > c.
    double chance = count < k ? 0.0 : 1.0;
    for (std::size_t i = 0; i < k && count >= k; ++i) {
      chance *= static_cast<double>(count - i) / static_cast<double>(trials - i);
    }
    sum += chance;
  }
  return sum / static_cast<double>(successes.size());
}

}  // namespace frugal::agent
