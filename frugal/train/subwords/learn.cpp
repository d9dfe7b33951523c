// SentencePiece learns; what it learned is read back through its processor and put into the
// house's own structure.  Four things are done so that our rule gives SentencePiece's ids:
//   - nothing is normalised and no space is dropped or added, so that both see the same characters;
//   - every printable ASCII character and the mark of a space are tokens, so that a space never
//     goes through bytes;
//   - names of special tokens are cut out of the texts, so that no merge spells one;
//   - the few characters that SentencePiece keeps for itself (tab, U+2585) are cut out as well: it
//     would leave out the whole text.

#include "frugal/train/subwords/learn.h"

#include <sentencepiece_processor.h>
#include <sentencepiece_trainer.h>

#include <algorithm>
#include <cctype>
#include <exception>
#include <map>
#include <set>
#include <unordered_map>
#include <utility>

#include "frugal/base/error.h"
#include "frugal/base/str.h"
#include "frugal/text/spaces.h"
#include "frugal/text/word_piece.h"

namespace frugal::train::subwords {
namespace {

using Settings = std::unordered_map<std::string, std::string>;

constexpr std::string_view kReserved[] = {"\t", "\xE2\x96\x85"};
constexpr std::size_t kMaxDocumentBytes = std::size_t{1} << 30U;

[[noreturn]] void refuse(const std::string& what) {
  throw Error(ErrorKind::kInvalidArgument, "vocabulary: " + what);
}

// What SentencePiece reads.  A fault of the source waits until SentencePiece is left.
class Sentences : public sentencepiece::SentenceIterator {
 public:
  // `first` are read before the source's documents.
  // With `spaces_apart` a text ends after each space that a letter or digit follows.
  Sentences(std::vector<std::string> first, const TextSource& source, std::vector<std::string> cuts,
            bool spaces_apart = false)
      : source_(source),
        cuts_(std::move(cuts)),
        spaces_apart_(spaces_apart),
        parts_(std::move(first)) {
    Next();
  }

  bool done() const override { return done_; }
  const std::string& value() const override { return value_; }
  sentencepiece::util::Status status() const override { return {}; }

  void Next() override {
    while (parts_.empty() && !done_) read();
    if (done_) return;
    value_ = std::move(parts_.back());
    parts_.pop_back();
  }

  void rethrow() const {
    if (fault_) std::rethrow_exception(fault_);
  }

 private:
  void read() {
    try {
      std::optional<std::string> document = source_();
      done_ = !document.has_value();
      if (!done_) cut(*std::move(document));
    } catch (...) {
      fault_ = std::current_exception();
      done_ = true;
    }
  }

  // The parts in reverse, since they are taken from the back.
  void cut(std::string document) {
    if (document.size() > kMaxDocumentBytes) {
      refuse(str("a text of {}, expected at most {}", human_bytes(document.size()),
                 human_bytes(kMaxDocumentBytes)));
    }
    for (const std::string& word : cuts_) {
      for (std::size_t at = document.find(word); at != std::string::npos;
           at = document.find(word, at)) {
        document.replace(at, word.size(), 1, '\0');
      }
    }
    for (const std::string_view part : split(document, '\0')) {
      if (!part.empty()) add(part);
    }
    std::reverse(parts_.begin(), parts_.end());
  }

  void add(std::string_view part) {
    std::size_t begin = 0;
    for (std::size_t at = 1; spaces_apart_ && at < part.size(); ++at) {
      if (part[at - 1] != ' ' || !is_word(part[at])) continue;
      parts_.emplace_back(part.substr(begin, at - begin));
      begin = at;
    }
    parts_.emplace_back(part.substr(begin));
  }

  // Bytes above ASCII are mostly letters.
  static bool is_word(char c) {
    return static_cast<unsigned char>(c) >= 0x80U ||
           (std::isalnum(static_cast<unsigned char>(c)) != 0);
  }

  const TextSource& source_;
  std::vector<std::string> cuts_;
  bool spaces_apart_;
  std::vector<std::string> parts_;
  std::string value_;
  std::exception_ptr fault_;
  bool done_ = false;
};

void check_names(const std::vector<std::string>& names) {
  std::set<std::string_view> seen;
  for (const std::string& name : names) {
    if (name.empty() || name.find_first_of(" \t\r\n,\"") != std::string::npos) {
      refuse(str("a token '{}', expected no white space, commas or quotes", printable(name)));
    }
    if (!seen.insert(name).second) refuse(str("token '{}' is given twice", printable(name)));
  }
}

std::string joined(const std::vector<std::string>& names) {
  std::string out;
  for (const std::string& name : names) out += (out.empty() ? "" : ",") + name;
  return out;
}

// The characters that every vocabulary can write.
std::string plain_characters(bool lowercase) {
  std::string out(text::kSpaceMark);
  for (char c = '!'; c <= '~'; ++c) {
    if (!lowercase || c < 'A' || c > 'Z') out += c;
  }
  return out;
}

// SentencePiece ends the process over a required character that is in no text: each is once.
std::vector<std::string> spelled_out(const std::string& plain, std::string_view behind) {
  std::vector<std::string> out;
  for (const char c : plain.substr(text::kSpaceMark.size())) out.push_back(str(" {}{}", c, behind));
  return out;
}

Settings common_settings(std::uint32_t size, double coverage) {
  if (!(coverage > 0.0 && coverage <= 1.0)) {
    refuse(str("a coverage of {}, expected above 0, at most 1", coverage));
  }
  return {{"model_type", "bpe"},
          {"vocab_size", str("{}", size)},
          {"character_coverage", str("{}", coverage)},
          {"normalization_rule_name", "identity"},
          {"remove_extra_whitespaces", "false"},
          {"max_sentence_length", str("{}", kMaxDocumentBytes)},
          {"minloglevel", "4"},  // above its highest level
          {"num_threads", "1"}};
}

std::string learn(const Settings& settings, Sentences& sentences) {
  std::string model;
  const auto status = sentencepiece::SentencePieceTrainer::Train(settings, &sentences, &model);
  sentences.rethrow();
  if (!status.ok()) refuse(str("SentencePiece: {}", printable(status.ToString(), 300)));
  return model;
}

text::TokenType type_of(const sentencepiece::SentencePieceProcessor& processor, int id,
                        const std::set<std::string_view>& user_defined) {
  if (processor.IsUnknown(id)) return text::TokenType::kUnknown;
  if (processor.IsControl(id)) return text::TokenType::kControl;
  if (processor.IsByte(id)) return text::TokenType::kByte;
  if (processor.IsUnused(id)) return text::TokenType::kUnused;
  return user_defined.contains(processor.IdToPiece(id)) ? text::TokenType::kUserDefined
                                                        : text::TokenType::kNormal;
}

LearnedVocabulary read_back(std::string model, const std::vector<std::string>& user_defined) {
  sentencepiece::SentencePieceProcessor processor;
  const auto status = processor.LoadFromSerializedProto(model);
  if (!status.ok()) refuse(str("SentencePiece: {}", printable(status.ToString(), 300)));
  const std::set<std::string_view> defined(user_defined.begin(), user_defined.end());
  LearnedVocabulary learned;
  text::Vocabulary& v = learned.vocabulary;
  for (int id = 0; id < processor.GetPieceSize(); ++id) {
    v.tokens.push_back(processor.IdToPiece(id));
    v.scores.push_back(processor.GetScore(id));
    v.types.push_back(type_of(processor, id, defined));
  }
  v.unknown = processor.unk_id();
  v.bos = processor.bos_id();
  v.eos = processor.eos_id();
  v.pad = processor.pad_id();
  learned.sentencepiece_model = std::move(model);
  return learned;
}

// Words with their counts, as lines that SentencePiece reads.
TextSource lines_of(const std::map<std::string, std::uint64_t>& counts) {
  return [next = counts.begin(), end = counts.end()]() mutable -> std::optional<std::string> {
    if (next == end) return std::nullopt;
    std::string line = str("{}\t{}", next->first, next->second);
    ++next;
    return line;
  };
}

std::map<std::string, std::uint64_t> count_words(const TextSource& source,
                                                 const WordPieceOptions& options) {
  std::map<std::string, std::uint64_t> counts;
  while (const std::optional<std::string> document = source()) {
    for (std::string& word :
         text::bert_words(*document, options.lowercase, options.strip_accents)) {
      const bool reserved = word.find(kReserved[1]) != std::string::npos ||
                            word.find(text::kSpaceMark) != std::string::npos;
      if (!reserved) ++counts[std::move(word)];
    }
  }
  return counts;
}

}  // namespace

LearnedVocabulary learn_subwords(const TextSource& source, const SubwordOptions& options) {
  std::vector<std::string> names = {options.unknown, options.begin, options.end, options.padding};
  names.insert(names.end(), options.control.begin(), options.control.end());
  std::vector<std::string> cuts = names;
  cuts.insert(cuts.end(), std::begin(kReserved), std::end(kReserved));
  names.insert(names.end(), options.user_defined.begin(), options.user_defined.end());
  check_names(names);
  const std::string plain = plain_characters(false);
  Settings settings = common_settings(options.size, options.coverage);
  settings.merge(Settings{{"byte_fallback", "true"},
                          {"split_digits", options.digits_apart ? "true" : "false"},
                          {"allow_whitespace_only_pieces", "true"},
                          {"add_dummy_prefix", options.space_prefix ? "true" : "false"},
                          {"required_chars", plain},
                          {"unk_id", "0"},
                          {"bos_id", "1"},
                          {"eos_id", "2"},
                          {"pad_id", "3"},
                          {"unk_piece", options.unknown},
                          {"bos_piece", options.begin},
                          {"eos_piece", options.end},
                          {"pad_piece", options.padding},
                          {"control_symbols", joined(options.control)},
                          {"user_defined_symbols", joined(options.user_defined)}});
  Sentences sentences(spelled_out(plain, ""), source, std::move(cuts), options.spaces_apart);
  LearnedVocabulary learned = read_back(learn(settings, sentences), options.user_defined);
  text::Vocabulary& v = learned.vocabulary;
  v.model = "llama";
  v.add_bos = options.add_begin;
  v.add_eos = options.add_end;
  v.add_space_prefix = options.space_prefix;
  return learned;
}

LearnedVocabulary learn_word_pieces(const TextSource& source, const WordPieceOptions& options) {
  std::vector<std::string> names = {"[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"};
  names.insert(names.end(), options.control.begin(), options.control.end());
  check_names(names);
  const std::map<std::string, std::uint64_t> counts = count_words(source, options);
  const std::string plain = plain_characters(options.lowercase);
  Settings settings = common_settings(options.size, options.coverage);
  settings.merge(Settings{{"input_format", "tsv"},
                          {"add_dummy_prefix", "true"},
                          {"split_by_unicode_script", "false"},
                          {"split_by_number", "false"},
                          {"required_chars", plain},
                          {"pad_id", "0"},
                          {"unk_id", "1"},
                          {"bos_id", "2"},
                          {"eos_id", "3"},
                          {"pad_piece", names[0]},
                          {"unk_piece", names[1]},
                          {"bos_piece", names[2]},
                          {"eos_piece", names[3]},
                          {"control_symbols", joined({names.begin() + 4, names.end()})}});
  const TextSource lines = lines_of(counts);
  Sentences sentences(spelled_out(plain, "\t1"), lines, {});
  LearnedVocabulary learned = read_back(learn(settings, sentences), {});
  text::Vocabulary& v = learned.vocabulary;
  v.model = "bert";
  v.cls = v.bos;
  v.sep = v.eos;
  v.eos.reset();  // a separator ends no text that is generated
  v.mask = 4;
  v.add_bos = true;
  v.add_space_prefix = false;
  v.lowercase = options.lowercase;
  v.strip_accents = options.strip_accents;
  return learned;
}

}  // namespace frugal::train::subwords
