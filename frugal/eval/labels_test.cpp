#include "frugal/eval/labels.h"

#include <gtest/gtest.h>

#include "frugal/base/error.h"
#include "frugal/base/json.h"
#include "tests/support/temp_folder.h"
#include "tests/support/tiny_model.h"

namespace frugal::eval {
namespace {

class ScoreLabels : public testing::Test {
 protected:
  explicit ScoreLabels(std::vector<std::string> names = {"kind:a", "kind:b", "size:1", "size:2",
                                                         "size:3"})
      : model_(load(names)), engine_(model_, {.threads = 1}) {}

  model::Model load(const std::vector<std::string>& names) {
    test::TinyModel tiny{.architecture = "bert"};
    tiny.add = {{"cls.output.weight", names.size(), 64}, {"cls.output.bias", 1, names.size()}};
    tiny.edit_metadata = [&](format::Metadata& metadata) {
      format::MetaArray array{.element_type = 8, .values = {}};
      for (const std::string& name : names) array.values.emplace_back(name);
      metadata.set("bert.classifier.output_labels", array);
    };
    return model::load(test::write_tiny_model(folder_ / "m.gguf", tiny));
  }

  // What the model says about a text, by its scores.
  std::pair<std::string, std::string> classes(const std::string& text) {
    const auto scores = engine_.classify(model_.tokenizer->encode(text, {.add_special = true}));
    std::size_t size = 2;
    for (std::size_t i = 3; i < 5; ++i) size = scores[i] > scores[size] ? i : size;
    return {scores[0] >= scores[1] ? "a" : "b", std::to_string(size - 1)};
  }

  ErrorKind kind_of(const std::string& lines) {
    try {
      (void)score_labels(engine_, lines, "file");
    } catch (const Error& error) {
      message_ = error.what();
      return error.kind();
    }
    return ErrorKind::kIo;
  }

  test::TempFolder folder_;
  model::Model model_;
  engine::Engine engine_;
  std::string message_;
};

TEST_F(ScoreLabels, CountsEachGroupByItself) {
  std::string lines;
  std::size_t sizes = 0;
  for (const std::string text : {"a cat", "the dog sat", "on it"}) {
    const auto [kind, size] = classes(text);
    sizes += size == "2" ? 1U : 0U;
    lines += to_line({{"text", text}, {"kind", kind}, {"size", 2}}) + "\n\n";
  }
  lines +=
      to_line({{"messages",
                {{{"role", "system"}, {"content", "x"}}, {{"role", "user"}, {"content", "a cat"}}}},
               {"kind", classes("a cat").first},
               {"size", "unheard of"}});
  const LabelScores scores = score_labels(engine_, lines, "file");
  EXPECT_EQ(scores.texts, 4U);
  ASSERT_EQ(scores.groups.size(), 2U);
  EXPECT_EQ(scores.groups[0].key, "kind");
  EXPECT_EQ(scores.groups[0].right, 4U);
  EXPECT_EQ(scores.groups[1].right, sizes);
  EXPECT_DOUBLE_EQ(scores.groups[0].accuracy.value, 1.0);
}

TEST_F(ScoreLabels, NamesTheLineThatIsNone) {
  const std::string good = R"({"text":"a","kind":"a","size":1})"
                           "\n";
  EXPECT_EQ(kind_of(good + "[1]\n"), ErrorKind::kCorrupt);
  EXPECT_NE(message_.find("file:2"), std::string::npos) << message_;
  EXPECT_EQ(kind_of(good + good + R"({"text":"a","kind":"a"})"), ErrorKind::kCorrupt);
  EXPECT_NE(message_.find("file:3: no \"size\""), std::string::npos) << message_;
  EXPECT_EQ(kind_of(R"({"kind":"a","size":1})"), ErrorKind::kCorrupt);
  EXPECT_EQ(kind_of(R"({"messages":[],"kind":"a","size":1})"), ErrorKind::kCorrupt);
}

TEST_F(ScoreLabels, NeedsNamedClasses) {
  model::Model plain =
      model::load(test::write_tiny_model(folder_ / "plain.gguf", {.architecture = "bert"}));
  engine::Engine engine(plain, {.threads = 1});
  EXPECT_THROW((void)score_labels(engine, "", "file"), Error);
}

}  // namespace
}  // namespace frugal::eval
