#include "frugal/eval/labels.h"

#include <algorithm>
#include <span>

#include "frugal/base/error.h"
#include "frugal/base/json.h"
#include "frugal/base/str.h"
#include "frugal/model/label_group.h"
#include "frugal/text/tokenizer.h"

namespace frugal::eval {

namespace {

[[noreturn]] void corrupt(const std::string& where, const std::string& what) {
  throw Error(ErrorKind::kCorrupt, str("{}: {}", where, what));
}

std::string string_of(const Json& json, const char* key, const std::string& where) {
  const auto found = json.find(key);
  if (found == json.end() || !found->is_string()) {
    corrupt(where, str("no \"{}\", expected a text", key));
  }
  return found->get<std::string>();
}

std::string text_of(const Json& json, const std::string& where) {
  const auto messages = json.find("messages");
  if (messages == json.end() || !messages->is_array()) return string_of(json, "text", where);
  for (const Json& message : *messages) {
    if (message.is_object() && message.contains("role") && message.at("role") == "user") {
      return string_of(message, "content", where);
    }
  }
  corrupt(where, "no message of a user, expected one");
}

std::string class_of(const Json& json, const std::string& key, const std::string& where) {
  const auto found = json.find(key);
  if (found == json.end() || (!found->is_string() && !found->is_number_integer())) {
    corrupt(where, str("no \"{}\", expected a string or a whole number", printable(key)));
  }
  return found->is_string() ? found->get<std::string>() : found->dump();
}

std::vector<model::LabelGroup> groups_of(const model::Model& model) {
  if (!model.classifier || model.classifier->labels.empty() || !model.tokenizer) {
    throw Error(ErrorKind::kUnsupported,
                "the model has no classifier with named classes, expected one");
  }
  return model::groups_of(model.classifier->labels);
}

// The class of the highest score in each group.
std::vector<std::string> classes_of(std::span<const float> scores,
                                    const std::vector<model::LabelGroup>& groups) {
  std::vector<std::string> classes;
  for (const model::LabelGroup& group : groups) {
    const auto mine = scores.first(group.classes.size());
    const auto best = std::max_element(mine.begin(), mine.end()) - mine.begin();
    classes.push_back(group.classes[static_cast<std::size_t>(best)]);
    scores = scores.subspan(mine.size());
  }
  return classes;
}

}  // namespace

LabelScores score_labels(engine::Engine& engine, std::string_view lines, std::string_view where,
                         const ProgressFn& progress) {
  const std::vector<model::LabelGroup> groups = groups_of(engine.model());
  LabelScores scores;
  for (const model::LabelGroup& group : groups) scores.groups.push_back({group.key, 0, {}});
  const auto total = static_cast<std::size_t>(std::count(lines.begin(), lines.end(), '\n'));
  std::size_t number = 0;
  while (!lines.empty()) {
    const std::size_t end = std::min(lines.find('\n'), lines.size());
    const std::string_view line = trim(lines.substr(0, end));
    lines.remove_prefix(std::min(end + 1, lines.size()));
    report_progress(progress, {"classify", number++, total});
    if (line.empty()) continue;
    const std::string place = str("{}:{}", where, number);
    const Json json = parse_json(line, place);
    if (!json.is_object()) corrupt(place, "a line is no JSON object, expected one a line");
    const auto tokens =
        engine.model().tokenizer->encode(text_of(json, place), {.add_special = true});
    const auto classes = classes_of(engine.classify(tokens), groups);
    for (std::size_t g = 0; g < groups.size(); ++g) {
      scores.groups[g].right += class_of(json, groups[g].key, place) == classes[g] ? 1U : 0U;
    }
    ++scores.texts;
  }
  for (LabelScore& group : scores.groups) group.accuracy = wilson95(group.right, scores.texts);
  return scores;
}

}  // namespace frugal::eval
