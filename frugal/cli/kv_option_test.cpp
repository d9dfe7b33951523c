#include "frugal/cli/kv_option.h"

#include <gtest/gtest.h>

#include <CLI/CLI.hpp>

namespace frugal::cli {
namespace {

std::string parsed(const std::string& line) {
  CLI::App verb("verb");
  std::string name = "f16";
  add_kv(verb, name);
  verb.parse(line);
  return name;
}

TEST(KvOption, KeepsItsDefaultWhenNothingIsSaid) {
  EXPECT_EQ(parsed(""), "f16");
}

TEST(KvOption, EachNameIsAType) {
  EXPECT_EQ(kv_type_of(parsed("--kv f32")), engine::KvType::kF32);
  EXPECT_EQ(kv_type_of(parsed("--kv f16")), engine::KvType::kF16);
  EXPECT_EQ(kv_type_of(parsed("--kv q8_0")), engine::KvType::kQ8_0);
}

TEST(KvOption, RefusesOtherTypesAndNamesThoseThereAre) {
  try {
    (void)parsed("--kv q4_0");
    FAIL() << "it was taken";
  } catch (const CLI::ParseError& fault) {
    for (const char* type : {"--kv", "f16", "f32", "q8_0"}) {
      EXPECT_NE(std::string(fault.what()).find(type), std::string::npos) << fault.what();
    }
  }
}

}  // namespace
}  // namespace frugal::cli
