#include "frugal/train/exits.h"

#include <gtest/gtest.h>

#include <vector>

#include "frugal/base/error.h"
#include "frugal/model/model.h"
#include "tests/support/tiny_model.h"

namespace frugal::train {
namespace {

class Exits : public testing::Test {
 protected:
  std::shared_ptr<const format::TensorFile> open(const test::TinyModel& tiny) {
    return format::TensorFile::open(test::write_tiny_model(folder_ / "m.gguf", tiny));
  }
  static model::Model with(const std::shared_ptr<const format::TensorFile>& file,
                           const std::vector<std::size_t>& layers) {
    return model::describe(with_exits(file, layers));
  }
  test::TempFolder folder_;
};

TEST_F(Exits, BeginAsTheOutputNorm) {
  for (const char* architecture : {"llama", "gpt2"}) {
    const model::Model model = with(open({.architecture = architecture, .layers = 4}), {0, 2});
    EXPECT_EQ(model.exits(), (std::vector<std::size_t>{0, 2}));
    EXPECT_EQ(model.layers[2].exit_norm.gain, model.output_norm.gain);
    EXPECT_EQ(model.layers[2].exit_norm.bias, model.output_norm.bias);
  }
}

TEST_F(Exits, ThatWereTrainedGoOnAndOthersGo) {
  const auto file = open({.layers = 4, .exits = {0, 1}});
  const model::Model model = with(file, {1, 2});
  EXPECT_EQ(model.exits(), (std::vector<std::size_t>{1, 2}));
  EXPECT_EQ(model.layers[1].exit_norm.gain, model::describe(file).layers[1].exit_norm.gain);
  EXPECT_EQ(model.file->find("blk.0.exit_norm.weight"), nullptr);
  const model::Model none = with(file, {});
  EXPECT_TRUE(none.exits().empty());
  EXPECT_EQ(none.file->metadata().find("frugal.exit.layers"), nullptr);
}

TEST_F(Exits, AFileWithoutAnyStaysAsItIs) {
  const auto file = open({});
  EXPECT_EQ(with_exits(file, {}), file);
}

TEST_F(Exits, AfterTheLastLayerAreRefused) {
  const auto file = open({.layers = 3});
  EXPECT_NO_THROW((void)with(file, {1}));
  EXPECT_THROW((void)with(file, {2}), Error);
  EXPECT_THROW((void)with(file, {7}), Error);
}

}  // namespace
}  // namespace frugal::train
