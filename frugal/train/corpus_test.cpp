#include "frugal/train/corpus.h"

#include <gtest/gtest.h>

#include <fstream>
#include <string>

#include "frugal/base/error.h"
#include "frugal/format/gguf.h"
#include "frugal/model/model.h"
#include "tests/support/tiny_model.h"

namespace frugal::train {
namespace {

constexpr std::string_view kConversation =
    R"({"messages":[{"role":"system","content":"Help."},{"role":"user","content":"Hi"},)"
    R"({"role":"assistant","content":"Hello"}],"intent":"greet","difficulty":1})";

class Corpus : public testing::Test {
 protected:
  void SetUp() override {
    const auto file = format::TensorFile::open(test::write_tiny_model(folder_ / "v.gguf", {}));
    tokenizer_ = model::load_tokenizer(*file);
  }
  DataRecipe recipe(const std::string& text, DataKind kind) {
    std::ofstream(folder_ / "data") << text;
    DataRecipe r;
    r.kind = kind;
    r.train = {folder_ / "data"};
    r.labels = {"intent", "difficulty"};
    return r;
  }
  std::shared_ptr<const TokenStore> stored(const DataRecipe& r) {
    return tokenise(r, r.train, *tokenizer_, find_labels(r), folder_ / "store", {});
  }
  std::string text_of(const StoredDocument& document, bool counted_only) {
    std::vector<text::TokenId> ids;
    for (std::uint32_t i = 0; i < document.length(); ++i) {
      if (!counted_only || document.counts(i)) ids.push_back(document.id(i));
    }
    return tokenizer_->decode(ids, true);
  }

  test::TempFolder folder_;
  std::shared_ptr<const text::Tokenizer> tokenizer_;
};

TEST_F(Corpus, LearnsOfAConversationWhatTheAssistantWrote) {
  const std::string line = std::string(kConversation) + "\n";
  const auto store = stored(recipe(line + line, DataKind::kConversations));
  ASSERT_EQ(store->documents(), 2U);
  const StoredDocument document = store->document(1);
  EXPECT_NE(text_of(document, true).find("Hello<|im_end|>"), std::string::npos);
  EXPECT_EQ(text_of(document, true).find("Hi"), std::string::npos);
  EXPECT_GT(document.group(), 0U);
  EXPECT_GT(document.prefix(), 5U);
  EXPECT_EQ(document.group(), store->document(0).group());
}

TEST_F(Corpus, LearnsOnRequestWhatEveryoneWroteButNotTheOpening) {
  DataRecipe r = recipe(std::string(kConversation) + "\n", DataKind::kConversations);
  const std::uint64_t before = stored(r)->targets();
  r.everyone = true;
  const auto store = stored(r);  // not the store of before
  EXPECT_GT(store->targets(), before);
  const StoredDocument document = store->document(0);
  EXPECT_NE(text_of(document, true).find("Hi"), std::string::npos);
  for (std::uint32_t at = 0; at < document.length(); ++at) {
    EXPECT_EQ(document.counts(at), at >= document.prefix()) << at;
  }
}

TEST_F(Corpus, LearnsAllOfAText) {
  const auto store = stored(recipe("one two three", DataKind::kText));
  ASSERT_EQ(store->documents(), 1U);
  EXPECT_EQ(store->targets(), store->tokens() - 1);
}

TEST_F(Corpus, GivesEachKeyItsClasses) {
  const DataRecipe r = recipe(
      std::string(kConversation) + "\n" + R"({"text":"Bye","intent":"part","difficulty":2})" + "\n",
      DataKind::kLabels);
  const auto groups = find_labels(r);
  ASSERT_EQ(groups.size(), 2U);
  EXPECT_EQ(groups[0].classes, (std::vector<std::string>{"greet", "part"}));
  const auto store = stored(r);
  EXPECT_EQ(store->document(0).label(0), 0);
  EXPECT_EQ(store->document(1).label(0), 1);
  EXPECT_EQ(store->document(1).label(1), 1);
}

TEST_F(Corpus, NamesTheLineThatIsWrong) {
  const auto refusal = [&](const std::string& text, DataKind kind) -> std::string {
    try {
      (void)stored(recipe(text, kind));
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::kCorrupt);
      return error.what();
    }
    return "nothing";
  };
  const std::string good = std::string(kConversation) + "\n";
  EXPECT_NE(refusal(good + "{", DataKind::kConversations).find("data:2"), std::string::npos);
  EXPECT_NE(
      refusal(good + "[]\n", DataKind::kConversations).find("data:2: a line is no JSON object"),
      std::string::npos);
  EXPECT_NE(refusal("{\"messages\":[1]}\n", DataKind::kConversations).find("data:1: a message"),
            std::string::npos);
  EXPECT_NE(refusal("{\"text\":\"a\"}\n", DataKind::kLabels).find("no \"intent\""),
            std::string::npos);
}

TEST_F(Corpus, TokenisesAgainOnlyWhatHasChanged) {
  DataRecipe r = recipe("one two three", DataKind::kText);
  (void)stored(r);
  const auto before = std::filesystem::last_write_time(folder_ / "store");
  (void)stored(r);
  EXPECT_EQ(std::filesystem::last_write_time(folder_ / "store"), before);
  r = recipe("one two three four", DataKind::kText);
  EXPECT_GT(stored(r)->tokens(), 14U);
}

TEST_F(Corpus, AClassThatTheTrainingDataLackIsRefused) {
  const DataRecipe r = recipe(std::string(kConversation) + "\n", DataKind::kLabels);
  const auto groups = find_labels(r);
  std::ofstream(folder_ / "more") << R"({"text":"Bye","intent":"part","difficulty":1})"
                                  << "\n";
  try {
    (void)tokenise(r, {folder_ / "more"}, *tokenizer_, groups, folder_ / "other", {});
    ADD_FAILURE() << "was taken";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kInvalidArgument);
    EXPECT_NE(std::string(error.what()).find("\"intent\": \"part\""), std::string::npos);
  }
  EXPECT_FALSE(std::filesystem::exists(folder_ / "other")) << "half a store";
}

TEST_F(Corpus, SaysWhichFileIsMissing) {
  DataRecipe r = recipe("x", DataKind::kText);
  r.train.push_back(folder_ / "nowhere");
  try {
    (void)stored(r);
    ADD_FAILURE() << "was taken";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kNotFound);
    EXPECT_NE(std::string(error.what()).find("nowhere"), std::string::npos);
  }
}

TEST_F(Corpus, EmptyLinesAreNoDocuments) {
  const std::string line = std::string(kConversation) + "\n";
  EXPECT_EQ(stored(recipe("\n" + line + "  \n\n" + line, DataKind::kConversations))->documents(),
            2U);
}

TEST_F(Corpus, ConversationsWithOtherOpeningsShareNothing) {
  const std::string line = std::string(kConversation) + "\n";
  std::string other = line;
  other.replace(other.find("Help."), 5, "Wait.");
  const auto store = stored(recipe(line + other, DataKind::kConversations));
  EXPECT_NE(store->document(0).group(), store->document(1).group());
}

TEST_F(Corpus, ALabelledConversationIsReadByItsFirstWish) {
  const auto store = stored(recipe(std::string(kConversation) + "\n", DataKind::kLabels));
  EXPECT_NE(text_of(store->document(0), false).find("Hi"), std::string::npos);
  EXPECT_EQ(text_of(store->document(0), false).find("Hello"), std::string::npos);
  EXPECT_EQ(store->targets(), 0U);
}

// A text begins with the begin-of-text where the vocabulary asks for it.
TEST_F(Corpus, TokenisesAgainForAVocabularyThatBeginsItsTextsOtherwise) {
  const DataRecipe r = recipe("one two three", DataKind::kText);
  const auto tokens_with = [&](bool begin) {
    test::TinyModel tiny;
    tiny.edit_metadata = [begin](format::Metadata& metadata) {
      metadata.set("tokenizer.ggml.add_bos_token", begin);
    };
    const auto file = format::TensorFile::open(test::write_tiny_model(folder_ / "b.gguf", tiny));
    const auto tokenizer = model::load_tokenizer(*file);
    return tokenise(r, r.train, *tokenizer, {}, folder_ / "store", {})->tokens();
  };
  EXPECT_EQ(tokens_with(true), tokens_with(false) + 1);
}

}  // namespace
}  // namespace frugal::train
