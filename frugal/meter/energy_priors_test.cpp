#include "frugal/meter/energy_priors.h"

#include <gtest/gtest.h>

#include "frugal/meter/fake_sysfs_for_test.h"

namespace frugal::meter {
namespace {

TEST(EnergyPriors, KnowsProcessorsByFamilyAndModel) {
  EXPECT_EQ(family_of({.vendor = "AuthenticAMD", .family = 25, .model = 1}).name, "AMD Zen 3");
  EXPECT_EQ(family_of({.vendor = "AuthenticAMD", .family = 25, .model = 0xa0}).node_nm, 5.0);
  EXPECT_EQ(family_of({.vendor = "GenuineIntel", .family = 6, .model = 0x8f}).name,
            "Intel Sapphire Rapids");
  const ProcessorFamily other = family_of({.vendor = "", .family = 0, .model = 0});
  EXPECT_FALSE(other.known);
}

TEST(EnergyPriors, ReadsTheFirstProcessorOfAnyFile) {
  const FakeSysfs tree;
  const auto file = tree.root() / "proc" / "cpuinfo";
  EXPECT_EQ(read_processor(tree.root()).vendor, "");
  tree.write(file,
             "processor\t: 0\nvendor_id\t: GenuineIntel\ncpu family\t: 6\nmodel\t\t: 143\n"
             "model name\t: Intel(R) Xeon(R)\n\nprocessor\t: 1\nmodel\t\t: 7\n");
  const ProcessorId id = read_processor(tree.root());
  EXPECT_EQ(id.vendor, "GenuineIntel");
  EXPECT_EQ(id.family, 6);
  EXPECT_EQ(id.model, 143);
  for (const std::string_view text : {"", "\x01\xff", "vendor_id", "model : tea\nmodel : 1e99\n"}) {
    tree.write(file, text);
    EXPECT_FALSE(family_of(read_processor(tree.root())).known) << text;
  }
}

TEST(EnergyPriors, EveryFigureHasADeviationAndASource) {
  for (const CircuitPrior& prior : circuit_priors()) {
    EXPECT_GT(prior.at_7nm, 0.0);
    EXPECT_LE(prior.at_7nm, prior.at_45nm);  // no circuit grew dearer
    EXPECT_GT(prior.relative_std, 0.0);
    EXPECT_GT(prior.source.size(), 10U);
  }
  for (const PowerPrior& prior : power_priors()) {
    EXPECT_GT(prior.busy_std, 0.0);
    EXPECT_GT(prior.idle_std, 0.0);
    EXPECT_GT(prior.source.size(), 10U);
  }
}

TEST(EnergyPriors, PassesThroughBothNodes) {
  const auto price = [](int model, Term term) {
    return prior_model({.vendor = "AuthenticAMD", .family = 25, .model = model})[term]->value;
  };
  EXPECT_NEAR(price(1, Term::kFloat), 0.845e-12, 1e-18);              // Zen 3: 7 nm
  EXPECT_LT(price(0x11, Term::kFloat), 0.845e-12);                    // Zen 4: 5 nm
  EXPECT_DOUBLE_EQ(price(0x11, Term::kDram), price(1, Term::kDram));  // not the processor's
  EXPECT_LT(price(1, Term::kInt8), price(1, Term::kFloat));
}

TEST(EnergyPriors, ANetworkHasNoPriceAndAnUnknownProcessorHasOne) {
  const EnergyModel model = prior_model({});
  EXPECT_FALSE(model[Term::kNetwork]);
  EXPECT_DOUBLE_EQ(model[Term::kCpu]->value, 6.0);
  EXPECT_NE(model.name.find("unknown"), std::string::npos);
  EXPECT_EQ(price_of({.time = Seconds(1.0), .cpu = Seconds(1.0)}, model).quality,
            Quality::kModelled);
}

}  // namespace
}  // namespace frugal::meter
