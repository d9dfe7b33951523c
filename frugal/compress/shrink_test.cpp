#include "frugal/compress/shrink.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>

#include "frugal/base/atomic_file.h"
#include "frugal/base/error.h"
#include "frugal/format/gguf.h"
#include "tests/support/tiny_model.h"

namespace frugal::compress {
namespace {

std::vector<text::TokenId> tokens(std::size_t count) {
  std::vector<text::TokenId> ids;
  for (std::size_t i = 0; i < count; ++i) {
    ids.push_back(static_cast<text::TokenId>(3 + ((i * i) % (test::kTinyVocabulary - 3))));
  }
  return ids;
}

class Shrink : public ::testing::Test {
 protected:
  std::shared_ptr<const format::TensorFile> file(const test::TinyModel& tiny = {}) {
    return format::TensorFile::open(test::write_tiny_model(folder_ / "m.gguf", tiny));
  }
  std::string bytes_of(const Shrunk& shrunk) {
    format::copy_gguf(*shrunk.file, folder_ / "out.gguf");
    return read_text_file(folder_ / "out.gguf");
  }
  // A file of scores by which element i of each vector is worth worth(i, length).
  std::shared_ptr<const format::TensorFile> scores(
      std::size_t channels, const std::function<float(std::size_t, std::size_t)>& worth) {
    std::vector<format::TensorSource> sources;
    for (std::size_t l = 0; l < 2; ++l) {
      for (const auto& [part, length] :
           {std::pair{"channels", channels}, std::pair{"heads", 4UL}}) {
        sources.push_back({.name = "blk." + std::to_string(l) + "." + part + ".score",
                           .dims = {length},
                           .produce = [length = length, &worth](const auto& sink) {
                             for (std::size_t i = 0; i < length; ++i) {
                               const float value = worth(i, length);
                               sink(std::as_bytes(std::span(&value, 1)));
                             }
                           }});
      }
    }
    format::write_gguf(folder_ / "scores.gguf", {}, sources);
    return format::TensorFile::open(folder_ / "scores.gguf");
  }
  static ErrorKind kind_of(const std::function<void()>& body) {
    try {
      body();
    } catch (const Error& error) {
      return error.kind();
    }
    ADD_FAILURE() << "nothing was thrown";
    return ErrorKind::kIo;
  }

  test::TempFolder folder_;
  std::vector<text::TokenId> text_ = tokens(200);
  CalibrateOptions reading_{.context = 48};
};

TEST_F(Shrink, EverythingAtOnceGivesAModelThatRuns) {
  for (const char* name : {"llama", "qwen3", "gemma3", "phi3", "gpt2"}) {
    const bool alone = std::string(name) == "gpt2";  // no heads share keys
    const Shrunk found =
        shrink(file({.architecture = name, .layers = 3, .kv_heads = alone ? 4UL : 2UL}), text_,
               {.layers = 1, .channels = 0.4, .groups = 1, .calibration = reading_});
    EXPECT_EQ(found.dropped_layers.size(), 1U) << name;
    EXPECT_EQ(found.influence.size(), 3U) << name;
    EXPECT_EQ(found.compensated, 4U) << name;
    const model::Model small = model::describe(found.file);
    EXPECT_EQ(small.layers.size(), 2U) << name;
    EXPECT_EQ(small.config.feed_forward, 64U) << name;
    EXPECT_EQ(small.config.heads, found.heads_after) << name;
    EXPECT_EQ(watch_text(small, text_, reading_, [](auto, auto) {}).count, 4U) << name;
  }
}

TEST_F(Shrink, ChannelsStayInWholeBlocks) {
  const Shrunk found =
      shrink(file(), text_, {.channels = 0.5, .groups = 1, .calibration = reading_});
  EXPECT_EQ(found.channels_after, 64U);
  EXPECT_EQ(found.heads_before, 4U);
  EXPECT_EQ(found.heads_after, 2U);
  EXPECT_EQ(found.compensated, 4U);
  EXPECT_EQ(found.uncompensated, 0U);
  const model::Model small = model::describe(found.file);
  EXPECT_EQ(small.config.feed_forward, 64U);
  EXPECT_EQ(small.config.heads, 2U);
  const Shrunk odd =
      shrink(file({.feed_forward = 50}), text_, {.channels = 0.5, .calibration = reading_});
  EXPECT_EQ(odd.channels_after, 25U);
}

TEST_F(Shrink, TheBytesDependNeitherOnThreadsNorOnMemory) {
  ShrinkOptions options{.layers = 1, .channels = 0.4, .groups = 1, .calibration = reading_};
  const test::TinyModel tiny{.layers = 3};
  options.sums_bytes = std::uint64_t{1} << 30U;
  const std::string want = bytes_of(shrink(file(tiny), text_, options));
  options.sums_bytes = 0;
  options.calibration.threads = 3;
  EXPECT_EQ(bytes_of(shrink(file(tiny), text_, options)), want);
}

// Channels 10 to 19 say nothing: without them the model is the same.
TEST_F(Shrink, IdleChannelsGoFirst) {
  const auto whole = file({.feed_forward = 50, .edit = [](const std::string& name, auto values) {
                             if (name.find("ffn_down.weight") == std::string::npos) return;
                             for (std::size_t i = 0; i < values.size(); ++i) {
                               if (i % 50 >= 10 && i % 50 < 20) values[i] = 0.0F;
                             }
                           }});
  const Shrunk found = shrink(whole, text_, {.channels = 0.2, .calibration = reading_});
  ASSERT_EQ(found.channels_after, 40U);
  const format::TensorInfo* small = found.file->find("blk.1.ffn_gate.weight");
  const format::TensorInfo* all = whole->find("blk.1.ffn_gate.weight");
  const std::size_t row = all->bytes / 50;
  EXPECT_TRUE(std::equal(small->data, small->data + (10 * row), all->data));
  EXPECT_TRUE(
      std::equal(small->data + (10 * row), small->data + (40 * row), all->data + (20 * row)));
}

TEST_F(Shrink, ScoresOfAFileDecide) {
  const auto worth = [](std::size_t i, std::size_t length) {
    if (length == 4) return i < 2 ? 0.0F : 1.0F;  // the second group is worth more
    return i % 3 == 0 ? 0.0F : 1.0F;
  };
  const auto model = file();
  const ShrinkOptions options{
      .channels = 0.33334, .groups = 1, .scores = scores(96, worth), .calibration = reading_};
  for (const bool with_text : {false, true}) {
    const Shrunk found = shrink(
        model, with_text ? std::span<const text::TokenId>(text_) : std::span<const text::TokenId>(),
        options);
    EXPECT_EQ(found.channels_after, 64U);
    EXPECT_EQ(found.compensated, with_text ? 4U : 0U);
    EXPECT_EQ(found.uncompensated, with_text ? 0U : 4U);
    const format::TensorInfo* small = found.file->find("blk.0.ffn_up.weight");
    const format::TensorInfo* whole = model->find("blk.0.ffn_up.weight");
    const std::size_t row = whole->bytes / 96;  // the first rows that stay are 1 and 2
    EXPECT_TRUE(std::equal(small->data, small->data + (2 * row), whole->data + row));
    const format::TensorInfo* key = found.file->find("blk.1.attn_k.weight");
    const format::TensorInfo* keys = model->find("blk.1.attn_k.weight");
    EXPECT_TRUE(std::equal(key->data, key->data + key->bytes, keys->data + key->bytes));
  }
}

TEST_F(Shrink, RefusesWhatItCannotDo) {
  const auto model = file();
  const std::span<const text::TokenId> none;
  const auto refused = [&](std::span<const text::TokenId> text, const ShrinkOptions& options) {
    return kind_of([&] { (void)shrink(model, text, options); }) == ErrorKind::kInvalidArgument;
  };
  EXPECT_TRUE(refused(text_, {.calibration = reading_}));
  EXPECT_TRUE(refused(text_, {.layers = 2, .calibration = reading_}));
  EXPECT_TRUE(refused(text_, {.groups = 2, .calibration = reading_}));
  EXPECT_TRUE(refused(text_, {.channels = 0.01, .calibration = reading_})) << "none would go";
  EXPECT_TRUE(refused(none, {.channels = 0.5}));
  EXPECT_TRUE(refused(none, {.layers = 1}));
  const auto flat = [](std::size_t, std::size_t) { return 1.0F; };
  EXPECT_TRUE(refused(none, {.channels = 0.5, .scores = scores(95, flat)}));
  EXPECT_TRUE(refused(text_, {.layers = 1, .channels = 0.5, .scores = scores(96, flat)}));
  const auto bad = [](std::size_t i, std::size_t) { return i == 3 ? -1.0F : 1.0F; };
  EXPECT_EQ(
      kind_of([&] { (void)shrink(model, none, {.channels = 0.5, .scores = scores(96, bad)}); }),
      ErrorKind::kCorrupt);
}

}  // namespace
}  // namespace frugal::compress
