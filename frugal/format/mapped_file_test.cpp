#include "frugal/format/mapped_file.h"

#include <sys/stat.h>
#include <unistd.h>

#include "frugal/format/gguf_for_test.h"

namespace frugal::format {
namespace {

ErrorKind kind_of_mapping(const std::filesystem::path& path) {
  return kind_of([&] { const MappedFile file(path); });
}

TEST(MappedFile, ShowsTheBytesOfAFile) {
  const TempFolder folder;
  write_bytes(folder / "f", "some bytes");
  const MappedFile file(folder / "f");
  EXPECT_EQ(text_of(file.bytes()), "some bytes");
}

TEST(MappedFile, OutlivesTheNameOfItsFile) {
  const TempFolder folder;
  write_bytes(folder / "f", "old");
  write_bytes(folder / "new", "new");
  const MappedFile file(folder / "f");
  std::filesystem::rename(folder / "new", folder / "f");
  EXPECT_EQ(text_of(file.bytes()), "old");
}

TEST(MappedFile, ShowsNothingForAnEmptyFile) {
  const TempFolder folder;
  write_bytes(folder / "f", "");
  EXPECT_TRUE(MappedFile(folder / "f").bytes().empty());
}

TEST(MappedFile, SaysThatAFileIsMissing) {
  const TempFolder folder;
  EXPECT_EQ(kind_of_mapping(folder / "absent"), ErrorKind::kNotFound);
}

TEST(MappedFile, RefusesWhatIsNoFile) {
  const TempFolder folder;
  EXPECT_EQ(kind_of_mapping(folder.path()), ErrorKind::kInvalidArgument);
  EXPECT_EQ(kind_of_mapping("/dev/null"), ErrorKind::kInvalidArgument);
  ASSERT_EQ(::mkfifo((folder / "pipe").c_str(), 0600), 0);
  EXPECT_EQ(kind_of_mapping(folder / "pipe"), ErrorKind::kInvalidArgument);
}

TEST(MappedFile, RefusesAnUnreadableFile) {
  if (::geteuid() == 0) GTEST_SKIP() << "root may read every file";
  const TempFolder folder;
  write_bytes(folder / "f", "secret");
  ASSERT_EQ(::chmod((folder / "f").c_str(), 0), 0);
  EXPECT_EQ(kind_of_mapping(folder / "f"), ErrorKind::kPermission);
}

}  // namespace
}  // namespace frugal::format
