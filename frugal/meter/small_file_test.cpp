#include "frugal/meter/small_file.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cerrno>

#include "frugal/meter/fake_sysfs_for_test.h"

namespace frugal::meter {
namespace {

class SmallFileTest : public testing::Test {
 protected:
  [[nodiscard]] std::filesystem::path with(std::string_view text) const {
    const std::filesystem::path file = tree_.root() / "value";
    tree_.write(file, text);
    return file;
  }

  FakeSysfs tree_;
};

TEST_F(SmallFileTest, ReadsNoMoreThanItWasAllowed) {
  EXPECT_EQ(read_prefix(with("0123456789"), 4).text, "0123");
  EXPECT_EQ(read_prefix(with("0123456789"), 40).text, "0123456789");
  EXPECT_EQ(read_prefix(with(""), 40).text, "");
}

TEST_F(SmallFileTest, SeesEachNewValueOfTheSameFile) {
  EXPECT_EQ(read_number(with("17\n")).value, 17U);
  EXPECT_EQ(read_number(with("18\n")).value, 18U);
}

TEST_F(SmallFileTest, TellsAMissingFileFromAnEmptyOne) {
  EXPECT_EQ(read_number(tree_.root() / "nothing").code, ENOENT);
  const SmallNumber empty = read_number(with(""));
  EXPECT_EQ(empty.code, 0);
  EXPECT_FALSE(empty.value);
  EXPECT_NE(empty.problem.find("expected a count"), std::string::npos);
}

TEST_F(SmallFileTest, RefusesWhatIsNotOneNonNegativeNumber) {
  for (const std::string_view text :
       {"-1", "1.5", "12 13", "0x10", "seven", "99999999999999999999", "1e3", "\xff\xfe\x01"}) {
    EXPECT_FALSE(read_number(with(text)).value) << text;
  }
  EXPECT_FALSE(read_number(with(std::string(5000, '1'))).value);
  EXPECT_FALSE(read_number(with(std::string(63, '0') + "123")).value);  // cut, so another number
  EXPECT_FALSE(read_number(with(std::string_view("12\0003", 4))).value);
}

TEST_F(SmallFileTest, ReadsTheLargestSignedNumber) {
  EXPECT_EQ(read_number(with(" 9223372036854775807\n")).value, 9223372036854775807U);
}

TEST_F(SmallFileTest, DoesNotWaitOnPipesNorReadFoldersOrLoops) {
  const std::filesystem::path pipe = tree_.root() / "pipe";
  ASSERT_EQ(mkfifo(pipe.c_str(), 0600), 0);
  EXPECT_EQ(read_number(pipe).code, EINVAL);
  EXPECT_EQ(read_number(tree_.root()).code, EISDIR);
  std::filesystem::create_symlink("loop", tree_.root() / "loop");
  EXPECT_EQ(read_number(tree_.root() / "loop").code, ELOOP);
  EXPECT_EQ(read_number("/dev/zero").code, EINVAL);
}

TEST(NumberFile, FollowsAFileThatChangesGoesAndComesBack) {
  const test::TempFolder folder;
  const std::filesystem::path path = folder / "energy_uj";
  NumberFile file(path);
  EXPECT_EQ(file.read().code, ENOENT);
  std::ofstream(path) << "5\n";
  EXPECT_EQ(file.read().value, 5U);
  std::ofstream(path) << "123456\n";  // the same file
  EXPECT_EQ(file.read().value, 123'456U);
  std::filesystem::remove(path);
  EXPECT_EQ(file.read().code, ENOENT);
  std::ofstream(path) << "7\n";  // another one
  EXPECT_EQ(file.read().value, 7U);
  std::filesystem::remove(path);
  std::filesystem::create_directory(path);
  EXPECT_EQ(file.read().code, EISDIR);
}

}  // namespace
}  // namespace frugal::meter
