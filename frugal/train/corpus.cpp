#include "frugal/train/corpus.h"

#include <algorithm>
#include <fstream>
#include <map>
#include <set>
#include <span>
#include <utility>

#include "frugal/base/crc32c.h"
#include "frugal/base/error.h"
#include "frugal/base/json.h"
#include "frugal/base/str.h"

namespace frugal::train {

namespace {

using text::ChatMessage;
using text::ChatPiece;
using text::TokenId;

[[noreturn]] void corrupt(const std::string& where, std::string_view what) {
  throw Error(ErrorKind::kCorrupt, str("{}: {}", where, what));
}

std::string string_at(const Json& json, std::string_view key, const std::string& where) {
  const auto found = json.find(key);
  if (found == json.end() || !found->is_string()) {
    corrupt(where, str("no \"{}\", expected a string", key));
  }
  return found->get<std::string>();
}

std::vector<ChatMessage> messages_of(const Json& json, const std::string& where) {
  const auto found = json.find("messages");
  if (found == json.end() || !found->is_array() || found->empty()) {
    corrupt(where, "no \"messages\", expected an array of {\"role\", \"content\"}");
  }
  std::vector<ChatMessage> messages;
  for (const Json& message : *found) {
    if (!message.is_object()) corrupt(where, "a message is no object, expected role and content");
    messages.push_back({string_at(message, "role", where), string_at(message, "content", where)});
  }
  return messages;
}

RawDocument conversation(const Json& json, const std::string& where) {
  const std::vector<ChatMessage> messages = messages_of(json, where);
  text::ChatOptions options;
  if (const auto tools = json.find("tools"); tools != json.end() && tools->is_array()) {
    for (const Json& tool : *tools) options.tools.push_back(to_spaced_line(tool));
  }
  RawDocument out;
  out.pieces = text::chat_pieces(messages, options);
  if (messages.front().role == "system" || !options.tools.empty()) {
    const std::size_t first = messages.front().role == "system" ? 1 : 0;
    out.opening = text::render_chat(std::span(messages).first(first), options);
  }
  return out;
}

// A labelled text, or the first thing that a user says in a conversation.
RawDocument labelled(const Json& json, const DataRecipe& recipe, const std::string& where) {
  RawDocument out;
  if (json.contains("text")) {
    out.pieces.push_back({string_at(json, "text", where)});
  } else {
    const std::vector<ChatMessage> messages = messages_of(json, where);
    const auto user = std::find_if(messages.begin(), messages.end(),
                                   [](const ChatMessage& m) { return m.role == "user"; });
    if (user == messages.end()) corrupt(where, "no message of a user, expected one");
    out.pieces.push_back({user->content});
  }
  for (const std::string& key : recipe.labels) {
    const auto label = json.find(key);
    if (label == json.end() || (!label->is_string() && !label->is_number_integer())) {
      corrupt(where, str("no \"{}\", expected a string or a whole number", key));
    }
    out.label_names.push_back(label->is_string() ? label->get<std::string>() : label->dump());
  }
  return out;
}

RawDocument document_of(const std::string& line, const DataRecipe& recipe,
                        const std::string& where) {
  const Json json = parse_json(line, where);
  if (!json.is_object()) corrupt(where, "a line is no JSON object, expected one a line");
  return recipe.kind == DataKind::kLabels ? labelled(json, recipe, where)
                                          : conversation(json, where);
}

void read_lines(const DataRecipe& recipe, const std::filesystem::path& path,
                const std::function<void(const RawDocument&)>& use) {
  errno = 0;
  std::ifstream in(path);
  if (!in) throw system_error(errno, path, "cannot be opened");
  std::string line;
  for (std::size_t number = 1; std::getline(in, line); ++number) {
    if (trim(line).empty()) continue;
    use(document_of(line, recipe, str("{}:{}", path.string(), number)));
  }
  if (in.bad()) throw system_error(errno, path, "cannot be read");
}

/// What a store was made of: when it is the same, so is the store.
std::string fingerprint(const DataRecipe& recipe, const std::vector<std::filesystem::path>& files,
                        const text::Tokenizer& tokenizer, const std::vector<LabelGroup>& labels) {
  std::uint32_t crc = 0;
  const auto mix = [&crc](std::string_view text) {
    crc = crc32c(std::as_bytes(std::span(text)), crc);
  };
  for (const std::string& token : tokenizer.vocabulary().tokens) mix(token + "\n");
  const text::Vocabulary& vocabulary = tokenizer.vocabulary();
  for (const float score : vocabulary.scores) mix(str("{} ", score));
  for (const std::string& merge : vocabulary.merges) mix(merge + "\n");
  mix(str("{} {} {} {}", vocabulary.model, vocabulary.add_bos, vocabulary.add_eos,
          vocabulary.add_space_prefix));
  for (const LabelGroup& group : labels) {
    for (const std::string& name : group.classes) mix(group.key + ":" + name + "\n");
  }
  return str("kind {}{} vocabulary {:08x}\n", static_cast<int>(recipe.kind),
             recipe.everyone ? " everyone" : "", crc) +
         state_of_files(files);
}

/// Encodes documents and gives those with one opening a common prefix.
class Encoder {
 public:
  Encoder(const text::Tokenizer& tokenizer, const std::vector<LabelGroup>& labels,
          const DataRecipe& recipe)
      : tokenizer_(tokenizer),
        labels_(labels),
        kind_(recipe.kind),
        all_(recipe.everyone || recipe.kind == DataKind::kText) {}

  void add(const RawDocument& document, TokenStoreWriter& writer) {
    std::vector<TokenId> ids;
    std::vector<std::uint8_t> mask;
    for (const ChatPiece& piece : document.pieces) {
      const std::vector<TokenId> part =
          tokenizer_.encode(piece.text, {.add_special = kind_ != DataKind::kConversations,
                                         .parse_special = kind_ == DataKind::kConversations});
      ids.insert(ids.end(), part.begin(), part.end());
      mask.insert(mask.end(), part.size(), piece.by_assistant || all_ ? 1 : 0);
    }
    if (ids.empty()) return;
    DocumentDraft draft{.ids = ids, .mask = mask};
    const std::vector<std::int32_t> labels = numbers_of(document);
    draft.labels = labels;
    share_opening(document, ids, draft);
    std::fill_n(mask.begin(), draft.prefix, std::uint8_t{0});  // the same in all: nothing to learn
    writer.add(draft);
  }

 private:
  struct Group {
    std::uint32_t number;
    std::vector<TokenId> prefix;
  };

  // The prefix is the opening's own ids where the document begins with them.
  void share_opening(const RawDocument& document, const std::vector<TokenId>& ids,
                     DocumentDraft& draft) {
    if (document.opening.empty()) return;
    const auto [found, added] = groups_.try_emplace(document.opening);
    Group& group = found->second;
    if (added) {
      group.number = static_cast<std::uint32_t>(groups_.size());
      group.prefix = tokenizer_.encode(document.opening, {.parse_special = true});
    }
    if (group.prefix.size() >= ids.size() ||
        !std::equal(group.prefix.begin(), group.prefix.end(), ids.begin())) {
      return;
    }
    draft.group = group.number;
    draft.prefix = static_cast<std::uint32_t>(group.prefix.size());
  }

  [[nodiscard]] std::vector<std::int32_t> numbers_of(const RawDocument& document) const {
    std::vector<std::int32_t> numbers;
    for (std::size_t i = 0; i < document.label_names.size(); ++i) {
      const std::vector<std::string>& classes = labels_[i].classes;
      const auto found = std::find(classes.begin(), classes.end(), document.label_names[i]);
      if (found == classes.end()) {
        throw Error(ErrorKind::kInvalidArgument,
                    str("\"{}\": \"{}\" is a class that the training data lack", labels_[i].key,
                        printable(document.label_names[i])));
      }
      numbers.push_back(static_cast<std::int32_t>(found - classes.begin()));
    }
    return numbers;
  }

  const text::Tokenizer& tokenizer_;
  const std::vector<LabelGroup>& labels_;
  DataKind kind_;
  bool all_;  // every token is a target, whoever wrote it
  std::map<std::string, Group> groups_;
};

}  // namespace

void read_documents(const DataRecipe& recipe, const std::vector<std::filesystem::path>& files,
                    const std::function<void(const RawDocument&)>& use) {
  for (const std::filesystem::path& file : files) {
    if (recipe.kind == DataKind::kText) {
      RawDocument whole;
      whole.pieces.push_back({read_text_file(file)});
      use(whole);
    } else {
      read_lines(recipe, file, use);
    }
  }
}

std::vector<LabelGroup> find_labels(const DataRecipe& recipe) {
  if (recipe.kind != DataKind::kLabels) return {};
  std::vector<std::set<std::string>> classes(recipe.labels.size());
  read_documents(recipe, recipe.train, [&](const RawDocument& document) {
    for (std::size_t i = 0; i < classes.size(); ++i) classes[i].insert(document.label_names[i]);
  });
  std::vector<LabelGroup> groups;
  for (std::size_t i = 0; i < classes.size(); ++i) {
    groups.push_back({recipe.labels[i], {classes[i].begin(), classes[i].end()}});
  }
  return groups;
}

std::string state_of_files(const std::vector<std::filesystem::path>& files) {
  std::string out;
  for (const std::filesystem::path& file : files) {
    if (!std::filesystem::exists(file)) {
      throw Error(ErrorKind::kNotFound,
                  str("{}: not found, expected training data", file.string()));
    }
    const auto written = std::filesystem::last_write_time(file).time_since_epoch().count();
    out += str("{} {} {}\n", file.string(), std::filesystem::file_size(file), written);
  }
  return out;
}

std::shared_ptr<const TokenStore> tokenise(const DataRecipe& recipe,
                                           const std::vector<std::filesystem::path>& files,
                                           const text::Tokenizer& tokenizer,
                                           const std::vector<LabelGroup>& labels,
                                           const std::filesystem::path& store,
                                           const ProgressFn& progress) {
  std::filesystem::path sources = store;
  sources += ".sources";
  const std::string made_of = fingerprint(recipe, files, tokenizer, labels);
  if (std::filesystem::exists(store) && std::filesystem::exists(sources) &&
      read_text_file(sources) == made_of) {
    return TokenStore::open(store);
  }
  TokenStoreWriter writer(store, tokenizer.size());
  Encoder encoder(tokenizer, labels, recipe);
  std::uint64_t done = 0;
  read_documents(recipe, files, [&](const RawDocument& document) {
    encoder.add(document, writer);
    if (++done % 64 == 0) report_progress(progress, {.stage = "tokenise", .done = done});
  });
  writer.commit();
  AtomicFile note(sources);
  note.write(made_of);
  note.commit();
  return TokenStore::open(store);
}

}  // namespace frugal::train
