#include "frugal/base/atomic_file.h"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <fstream>
#include <functional>
#include <string>
#include <vector>

#include "frugal/base/error.h"
#include "tests/support/temp_folder.h"

namespace frugal {
namespace {

namespace fs = std::filesystem;

class AtomicFileTest : public ::testing::Test {
 protected:
  [[nodiscard]] fs::path at(const std::string& name) const { return folder_ / name; }

  void put(const std::string& name, const std::string& text) const {
    AtomicFile file(at(name));
    file.write(text);
    file.commit();
  }

  test::TempFolder folder_;
};

// The exit status of a child process that runs `body` and leaves without unwinding.
int in_child(const std::function<int()>& body) {
  const pid_t child = ::fork();
  if (child == 0) {
    int status = 99;
    try {
      status = body();
    } catch (const Error& fault) {
      status = 50 + static_cast<int>(fault.kind());
    }
    ::_exit(status);
  }
  int status = 0;
  if (::waitpid(child, &status, 0) != child || !WIFEXITED(status)) return -1;
  return WEXITSTATUS(status);
}

int code_of(ErrorKind kind) {
  return 50 + static_cast<int>(kind);
}

ErrorKind kind_of(const std::function<void()>& body) {
  try {
    body();
  } catch (const Error& fault) {
    return fault.kind();
  }
  ADD_FAILURE() << "nothing was thrown";
  return ErrorKind::kIo;
}

TEST_F(AtomicFileTest, CommitReplacesWhatWasThere) {
  put("a.txt", "old and longer");
  put("a.txt", "new");
  EXPECT_EQ(read_text_file(at("a.txt")), "new");
  EXPECT_EQ(folder_.entries(), 1U);
}

TEST_F(AtomicFileTest, NothingAppearsBeforeCommit) {
  AtomicFile file(at("a.txt"));
  file.write("text");
  EXPECT_EQ(file.size(), 4U);
  EXPECT_FALSE(fs::exists(at("a.txt")));
  file.commit();
  EXPECT_EQ(read_text_file(at("a.txt")), "text");
}

TEST_F(AtomicFileTest, LeavesTheOldFileWhenDroppedWithoutCommit) {
  put("a.txt", "old");
  {
    AtomicFile file(at("a.txt"));
    file.write("new");
  }
  EXPECT_EQ(read_text_file(at("a.txt")), "old");
  EXPECT_EQ(folder_.entries(), 1U);
}

TEST_F(AtomicFileTest, AnEmptyFileCanBeCommitted) {
  put("a.txt", "");
  EXPECT_EQ(fs::file_size(at("a.txt")), 0U);
}

TEST_F(AtomicFileTest, AProcessThatDiesBeforeCommitLeavesTheOldFileAndNothingElse) {
  put("a.txt", "old");
  const int status = in_child([&] {
    auto* file = new AtomicFile(at("a.txt"));
    file->write(std::string(3U << 20U, 'x'));
    ::_exit(7);
    return 0;
  });
  EXPECT_EQ(status, 7);
  EXPECT_EQ(read_text_file(at("a.txt")), "old");
  EXPECT_EQ(folder_.entries(), 1U);
}

TEST_F(AtomicFileTest, KeepsTheOrderOfSmallAndLargeWrites) {
  std::string want;
  AtomicFile file(at("big.bin"));
  for (const std::size_t length : {std::size_t{10}, (std::size_t{1} << 20U) - 5,
                                   std::size_t{1} << 20U, std::size_t{3}, std::size_t{3} << 20U}) {
    std::string part(length, '\0');
    for (std::size_t i = 0; i < length; ++i) part[i] = static_cast<char>((i * 7) + want.size());
    file.write(part);
    want += part;
    EXPECT_EQ(file.size(), want.size());
  }
  file.commit();
  EXPECT_TRUE(read_text_file(at("big.bin")) == want);
}

TEST_F(AtomicFileTest, WritesInTheCurrentFolderWhenTheNameHasNone) {
  const int status = in_child([&] {
    if (::chdir(folder_.path().c_str()) != 0) return 1;
    AtomicFile file("plain.txt");
    file.write("x");
    file.commit();
    return 0;
  });
  EXPECT_EQ(status, 0);
  EXPECT_TRUE(fs::exists(at("plain.txt")));
}

TEST_F(AtomicFileTest, AMissingFolderIsNotFound) {
  EXPECT_EQ(kind_of([&] { const AtomicFile file(at("missing/a.txt")); }), ErrorKind::kNotFound);
  put("plain", "");
  EXPECT_EQ(kind_of([&] { const AtomicFile file(at("plain/a.txt")); }), ErrorKind::kNotFound);
}

TEST_F(AtomicFileTest, AFolderOrADeviceIsNeverReplaced) {
  EXPECT_EQ(kind_of([&] { const AtomicFile file(folder_.path()); }), ErrorKind::kInvalidArgument);
  EXPECT_EQ(kind_of([&] { const AtomicFile file("/dev/null"); }), ErrorKind::kInvalidArgument);
}

TEST_F(AtomicFileTest, AnUnreadableOrOverlongNameIsAnError) {
  EXPECT_EQ(kind_of([&] {
              AtomicFile file(at(std::string(5000, 'n')));
              file.commit();
            }),
            ErrorKind::kIo);
  EXPECT_EQ(folder_.entries(), 0U);
}

TEST_F(AtomicFileTest, AnUnwritableFolderIsAPermissionError) {
  fs::permissions(folder_.path(), fs::perms(0555));
  const int status = in_child([&] {
    if (::geteuid() == 0 && ::setuid(65534) != 0) return 77;  // root may write anywhere
    const AtomicFile file(at("a.txt"));
    return 0;
  });
  if (status == 77) GTEST_SKIP() << "running as root and not allowed to become another user";
  EXPECT_EQ(status, code_of(ErrorKind::kPermission));
}

TEST_F(AtomicFileTest, AFullDiskIsAnIoErrorAndTheOldFileStays) {
  put("a.txt", "old");
  const int status = in_child([&] {
    std::signal(SIGXFSZ, SIG_IGN);
    const rlimit limit{.rlim_cur = 1U << 16U, .rlim_max = 1U << 16U};
    if (::setrlimit(RLIMIT_FSIZE, &limit) != 0) return 1;
    AtomicFile file(at("a.txt"));
    file.write(std::string(1U << 17U, 'x'));
    file.commit();
    return 0;
  });
  EXPECT_EQ(status, code_of(ErrorKind::kIo));
  EXPECT_EQ(read_text_file(at("a.txt")), "old");
  EXPECT_EQ(folder_.entries(), 1U);
}

TEST_F(AtomicFileTest, TheModeFollowsTheUmask) {
  const int status = in_child([&] {
    ::umask(027);
    put("a.txt", "x");
    return ::umask(0) == 027 ? 0 : 1;
  });
  EXPECT_EQ(status, 0);
  EXPECT_EQ(fs::status(at("a.txt")).permissions(), fs::perms(0640));
}

TEST_F(AtomicFileTest, ReadsAWholeFileUpToTheLimit) {
  const std::string text(200'000, 'y');
  put("a.txt", text);
  EXPECT_EQ(read_text_file(at("a.txt"), 200'000), text);
  EXPECT_EQ(kind_of([&] { (void)read_text_file(at("a.txt"), 199'999); }),
            ErrorKind::kInvalidArgument);
}

TEST_F(AtomicFileTest, ReadingSaysWhatIsWrong) {
  EXPECT_EQ(kind_of([&] { (void)read_text_file(at("none")); }), ErrorKind::kNotFound);
  EXPECT_EQ(kind_of([&] { (void)read_text_file(folder_.path()); }), ErrorKind::kIo);
}

TEST(SystemError, SortsCodesIntoKindsAndNamesThePath) {
  EXPECT_EQ(system_error(ENOENT, "p", "w").kind(), ErrorKind::kNotFound);
  EXPECT_EQ(system_error(ENOTDIR, "p", "w").kind(), ErrorKind::kNotFound);
  EXPECT_EQ(system_error(EACCES, "p", "w").kind(), ErrorKind::kPermission);
  EXPECT_EQ(system_error(EROFS, "p", "w").kind(), ErrorKind::kPermission);
  EXPECT_EQ(system_error(ENOSPC, "p", "w").kind(), ErrorKind::kIo);
  EXPECT_STREQ(system_error(ENOSPC, "a/b", "cannot write").what(),
               "a/b: cannot write: No space left on device");
}

}  // namespace
}  // namespace frugal
