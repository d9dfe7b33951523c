#include "frugal/cli/carbon_options.h"

#include <gtest/gtest.h>

#include <CLI/CLI.hpp>
#include <fstream>

#include "frugal/base/error.h"
#include "tests/support/temp_folder.h"

namespace frugal::cli {
namespace {

carbon::FactorSet parsed(const std::string& line) {
  CLI::App verb("verb");
  CarbonOptions options;
  add_carbon(verb, options);
  verb.parse(line);
  return factor_set_of(options);
}

// The kind of what `line` is refused with.
ErrorKind refusal(const std::string& line) {
  try {
    (void)parsed(line);
  } catch (const Error& fault) {
    return fault.kind();
  }
  ADD_FAILURE() << "nothing was thrown: " << line;
  return ErrorKind::kIo;
}

TEST(CarbonOptions, NothingGivenIsNothingCounted) {
  EXPECT_TRUE(parsed("").empty());
}

TEST(CarbonOptions, AZoneIsFoundInTheTables) {
  EXPECT_EQ(parsed("--zone germany").intensity->g_per_kwh.value, 381.0);
  EXPECT_EQ(parsed("--zone DEU --year 2021").intensity->year, 2021);
  EXPECT_EQ(parsed("--zone US --scope direct").intensity->g_per_kwh.value, 390.0);
  EXPECT_EQ(refusal("--zone Gremany"), ErrorKind::kNotFound);
  EXPECT_EQ(refusal("--zone DE --basis marginal"), ErrorKind::kNotFound);
}

TEST(CarbonOptions, StatedFactorsKeepTheirSource) {
  const carbon::FactorSet set = parsed(
      "--g-per-kwh 33 --g-per-kwh-std 3 --pue 1.2 --tariff '0.32 eur' --embodied-kg 300 "
      "--lifetime-years 5 --embodied-share 0.5 --source 'my bill'");
  EXPECT_EQ(set.intensity->g_per_kwh.value, 33.0);
  EXPECT_EQ(set.intensity->g_per_kwh.std, 3.0);
  EXPECT_EQ(set.pue->factor.value, 1.2);
  EXPECT_EQ(set.tariff->per_kwh, 0.32);
  EXPECT_EQ(set.tariff->currency, "EUR");
  EXPECT_EQ(set.embodied->total_g.value, 300'000.0);
  EXPECT_EQ(set.embodied->lifetime.value(), 5 * 365 * 86400.0);
  EXPECT_EQ(set.embodied->share, 0.5);
  for (const std::string& source : {set.intensity->source, set.pue->source, set.tariff->source}) {
    EXPECT_EQ(source, "my bill");
  }
}

TEST(CarbonOptions, AMixOfFuels) {
  EXPECT_NEAR(parsed("--mix coal=0.25,petroleum=0.35,gas=0.26,nuclear=0.14 --fuels codecarbon")
                  .intensity->g_per_kwh.value,
              731.59, 1e-9);
  for (const char* mix :
       {"coal", "coal=x", "=1", "coal=0.5,coal=0.5", "coal=0.4", "coal=-1,gas=2"}) {
    EXPECT_EQ(refusal(std::string("--mix ") + mix), ErrorKind::kInvalidArgument) << mix;
  }
  EXPECT_EQ(refusal("--mix hope=1"), ErrorKind::kNotFound);
}

TEST(CarbonOptions, OneWayToNameTheElectricity) {
  EXPECT_EQ(refusal("--zone DE --g-per-kwh 3"), ErrorKind::kInvalidArgument);
  EXPECT_EQ(refusal("--zone DE --mix coal=1"), ErrorKind::kInvalidArgument);
}

TEST(CarbonOptions, RefusesNegativeValuesAndAPueBelowOne) {
  for (const char* line :
       {"--pue 0.9", "--pue -1", "--g-per-kwh -3", "--embodied-kg -1", "--embodied-share 1.5",
        "--lifetime-years 0", "--year 26", "--basis best", "--fuels mine", "--pue x"}) {
    EXPECT_THROW((void)parsed(line), CLI::ParseError) << line;
  }
}

TEST(CarbonOptions, ATariffIsAPriceAndACurrency) {
  EXPECT_EQ(tariff_of("0.32EUR", "bill").per_kwh, 0.32);
  EXPECT_EQ(tariff_of(" 12 jpy ", "bill").currency, "JPY");
  for (const char* text : {"", "0.32", "EUR", "-0.1 EUR", "0.32 E", "nan EUR", "inf EUR",
                           "1e99 EUR", "0.32 €", "0,32 EUR"}) {
    EXPECT_THROW((void)tariff_of(text, "bill"), Error) << text;
  }
}

TEST(CarbonOptions, AFileIsReadAndAnOptionComesBeforeIt) {
  const test::TempFolder folder;
  const std::string path = (folder / "office.toml").string();
  std::ofstream(path) << "name = \"office\"\nsource = \"grid operator\"\n"
                         "[[zone]]\ncode = \"OFFICE\"\ng_per_kwh = 120\n[pue]\nvalue = 1.3\n";
  EXPECT_EQ(parsed("--factors " + path).intensity->zone, "OFFICE") << "its only zone";
  EXPECT_EQ(parsed("--factors " + path).pue->factor.value, 1.3);
  const carbon::FactorSet both = parsed("--pue 1.1 --zone FR --factors " + path);
  EXPECT_EQ(both.pue->factor.value, 1.1);
  EXPECT_EQ(both.intensity->zone, "FR");
  EXPECT_EQ(parsed("--zone office --factors " + path).intensity->g_per_kwh.value, 120.0);
  EXPECT_EQ(refusal("--factors " + path + ".none"), ErrorKind::kNotFound);
  std::ofstream(path) << "name = \"office\nsource";
  EXPECT_EQ(refusal("--factors " + path), ErrorKind::kCorrupt);
}

}  // namespace
}  // namespace frugal::cli
