#include "frugal/cli/common.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <optional>
#include <sstream>

#include "frugal/base/error.h"
#include "frugal/base/json.h"
#include "frugal/base/thread_pool.h"
#include "tests/support/temp_folder.h"

namespace frugal::cli {
namespace {

CommonOptions parsed(const std::string& line, const CommonSet& set) {
  CLI::App verb("verb");
  CommonOptions options;
  add_common(verb, options, set);
  verb.parse(line);
  return options;
}

constexpr CommonSet kAll = {.ledger = true, .meter = true, .compute = true, .seed = true};

TEST(CommonOptions, MeanTheSameInEveryVerb) {
  const CommonOptions options = parsed(
      "-t 3 --isa scalar --seed 9 --meter model --cpu-watts 12.5 --sysfs /x --ledger l -q --json",
      kAll);
  EXPECT_EQ(options.threads, 3U);
  EXPECT_EQ(options.isa, "scalar");
  EXPECT_EQ(options.seed, 9U);
  EXPECT_EQ(options.meter, "model");
  EXPECT_EQ(options.cpu_watts, 12.5);
  EXPECT_EQ(options.sysfs, "/x");
  EXPECT_EQ(options.ledger, "l");
  EXPECT_TRUE(options.quiet);
  EXPECT_TRUE(options.json);
}

TEST(CommonOptions, AVerbTakesOnlyThoseOfItsSet) {
  for (const char* line : {"--threads 1", "--isa scalar", "--seed 1", "--meter model", "--sysfs /",
                           "--ledger l", "--json"}) {
    EXPECT_THROW((void)parsed(line, {.json = false}), CLI::ParseError) << line;
    EXPECT_NO_THROW((void)parsed(line, kAll)) << line;
  }
  EXPECT_TRUE(parsed("--quiet", {.json = false}).quiet);
}

TEST(CommonOptions, RefusesThreadsAndWattsThatCannotBe) {
  for (const char* line :
       {"--threads 0", "--threads 1025", "--threads x", "--cpu-watts 0", "--cpu-watts -5"}) {
    EXPECT_THROW((void)parsed(line, kAll), CLI::ParseError) << line;
  }
}

TEST(CommonOptions, AVerbThatGeneratesMayChooseItsThreadsByItself) {
  const CommonSet generates = {.compute = true, .generate = true};
  EXPECT_TRUE(parsed("-t auto", generates).auto_threads);
  const CommonOptions both = parsed("-t 3 --threads-batch 4", generates);
  EXPECT_FALSE(both.auto_threads);
  EXPECT_EQ(both.threads, 3U);
  EXPECT_EQ(both.prompt_threads, 4U);
  for (const char* line : {"-t 0", "-t 1025", "-t all", "--threads-batch auto"}) {
    EXPECT_THROW((void)parsed(line, generates), CLI::ParseError) << line;
  }
  EXPECT_THROW((void)parsed("-t auto", kAll), CLI::ParseError);
  EXPECT_THROW((void)parsed("--threads-batch 2", kAll), CLI::ParseError);
}

TEST(CommonOptions, WithoutThreadsThereAreAsManyAsCpus) {
  EXPECT_EQ(threads_of({}), usable_cpus());
  EXPECT_EQ(threads_of(parsed("-t 3", kAll)), 3U);
}

TEST(CommonOptions, TheMeterIsToldWhatWasSaid) {
  const meter::MeterOptions said = meter_options_of(parsed("--meter model --sysfs /x", kAll));
  EXPECT_EQ(said.name, "model");
  EXPECT_EQ(said.root, "/x");
  EXPECT_FALSE(said.cpu_power);
  EXPECT_TRUE(said.machine.empty());
  EXPECT_EQ(meter_options_of(parsed("--machine m.json", kAll)).machine, "m.json");
  EXPECT_EQ(meter_options_of(parsed("--cpu-watts 12.5", kAll)).cpu_power, Watts(12.5));
}

TEST(CommonOptions, AnInstructionSetIsForcedByOptionOrElseByTheEnvironment) {
  const char* before = std::getenv("FRUGAL_ISA");
  const std::string kept = before == nullptr ? "" : before;
  ::setenv("FRUGAL_ISA", "scalar", 1);
  EXPECT_EQ(kernels_of({}).isa, kernels::Isa::kScalar);
  ::setenv("FRUGAL_ISA", "abacus", 1);
  EXPECT_THROW((void)kernels_of({}), Error);
  EXPECT_EQ(kernels_of(parsed("--isa scalar", kAll)).isa, kernels::Isa::kScalar)
      << "the option goes first";
  ::setenv("FRUGAL_ISA", kept.c_str(), 1);
}

TEST(RunInfo, NamesTheModelByItsFileOrFolder) {
  const auto name = [](const char* path) {
    return run_info("run", "frugal run", path, "{}").model;
  };
  EXPECT_EQ(name("a/b/tiny.gguf"), "tiny.gguf");
  EXPECT_EQ(name("models/qwen"), "qwen");
  EXPECT_EQ(name("models/qwen/"), "qwen");
  EXPECT_EQ(name(""), "");
}

TEST(RunInfo, SaysWhoRanWhatAndWhere) {
  const ledger::RunInfo info = run_info("bench", "frugal bench m.gguf", "m.gguf", R"({"seed":1})");
  EXPECT_EQ(info.verb, "bench");
  EXPECT_EQ(info.command, "frugal bench m.gguf");
  EXPECT_EQ(info.settings, R"({"seed":1})");
  EXPECT_EQ(info.plan, "");
  EXPECT_TRUE(parse_json(info.machine, "machine").is_object());
  EXPECT_EQ(info.version.rfind("frugal ", 0), 0U);
}

TEST(PrintOut, AFullDiskIsAnError) {
  const int full = ::open("/dev/full", O_WRONLY | O_CLOEXEC);
  if (full < 0) GTEST_SKIP() << "this machine has no /dev/full";
  const int kept = ::dup(STDOUT_FILENO);
  ::dup2(full, STDOUT_FILENO);
  std::optional<ErrorKind> kind;
  try {
    print_out("a line\n");
  } catch (const Error& error) {
    kind = error.kind();
  }
  ::dup2(kept, STDOUT_FILENO);
  std::clearerr(stdout);
  ::close(full);
  ::close(kept);
  EXPECT_EQ(kind, ErrorKind::kIo);
}

TEST(PrintOut, PrintsTheTextAsItIs) {
  testing::internal::CaptureStdout();
  print_out("{\"a\":\"100 %s\"}\n");
  EXPECT_EQ(testing::internal::GetCapturedStdout(), "{\"a\":\"100 %s\"}\n");
}

TEST(ReadInput, ADashIsStandardInput) {
  const test::TempFolder folder;
  std::ofstream(folder / "t.txt") << "from a file\n";
  EXPECT_EQ(read_input((folder / "t.txt").string()), "from a file\n");
  std::istringstream typed("two\nlines\n");
  std::streambuf* kept = std::cin.rdbuf(typed.rdbuf());
  EXPECT_EQ(read_input("-"), "two\nlines\n");
  std::cin.rdbuf(kept);
  EXPECT_THROW((void)read_input((folder / "none.txt").string()), Error);
}

}  // namespace
}  // namespace frugal::cli
