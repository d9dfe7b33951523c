#include "frugal/base/machine.h"

#include <gtest/gtest.h>

#include <fstream>

#include "frugal/base/thread_pool.h"
#include "tests/support/temp_folder.h"

namespace frugal {
namespace {

namespace fs = std::filesystem;

class MachineTest : public ::testing::Test {
 protected:
  MachineTest() { fs::create_directory(folder_ / "proc"); }

  void put(const std::string& name, const std::string& text) const {
    std::ofstream(folder_ / "proc" / name) << text;
  }

  test::TempFolder folder_;
};

TEST_F(MachineTest, ReadsProcessorAndMemory) {
  put("cpuinfo", "processor\t: 0\nmodel name\t: Fake CPU: 3 GHz \nmodel name\t: Second\n");
  put("meminfo", "MemFree:  1 kB\nMemTotal:       16384 kB\n");
  const Machine machine = this_machine(folder_.path());
  EXPECT_EQ(machine.processor, "Fake CPU: 3 GHz");
  EXPECT_EQ(machine.memory_bytes, 16384U * 1024U);
  EXPECT_EQ(machine.cpus, usable_cpus());
  EXPECT_NE(machine.kernel.find(' '), std::string::npos);
}

TEST_F(MachineTest, WhatIsMissingStaysUnknown) {
  const Machine machine = this_machine(folder_.path());
  EXPECT_EQ(machine.processor, "");
  EXPECT_EQ(machine.memory_bytes, 0U);
}

TEST_F(MachineTest, NonsenseStaysUnknownAndHarmless) {
  put("cpuinfo", "model name\t: \x1b[31mred\n");
  for (const char* text : {"MemTotal: many kB\n", "MemTotal: -5 kB\n", "MemTotal:\n", "MemTotal"}) {
    put("meminfo", text);
    EXPECT_EQ(this_machine(folder_.path()).memory_bytes, 0U) << text;
  }
  EXPECT_EQ(this_machine(folder_.path()).processor, "\\x1b[31mred");
}

}  // namespace
}  // namespace frugal
