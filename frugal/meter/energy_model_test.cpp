#include "frugal/meter/energy_model.h"

#include <gtest/gtest.h>

#include <cmath>

namespace frugal::meter {
namespace {

EnergyModel ten_terms() {
  EnergyModel model{.name = "a test", .relative_std = 0.0};
  for (std::size_t i = 0; i < kTerms; ++i) {
    model.prices[i] = Price{.value = static_cast<double>(i + 1), .std = 1.0};
  }
  return model;
}

TEST(EnergyModel, NamesOfTermsAreThoseOfTheCountsAndLeadBack) {
  EXPECT_EQ(term_name(Term::kIdle), "idle");
  EXPECT_EQ(term_name(Term::kInt8), op_name(Op::kInt8));
  EXPECT_EQ(term_name(Term::kSpecial), op_name(Op::kSpecial));
  EXPECT_EQ(term_name(Term::kDram), traffic_name(Traffic::kDram));
  EXPECT_EQ(term_name(Term::kStorage), traffic_name(Traffic::kStorage));
  for (std::size_t i = 0; i < kTerms; ++i) {
    EXPECT_EQ(term_from_name(term_name(static_cast<Term>(i))), static_cast<Term>(i));
  }
  EXPECT_FALSE(term_from_name("tea"));
  EXPECT_EQ(term_unit(Term::kCpu), "W");
  EXPECT_EQ(term_unit(Term::kCache), "J");
}

TEST(EnergyModel, SumsEachAmountTimesItsPrice) {
  const Cost cost = Cost{}
                        .add(Op::kInt8, 1)
                        .add(Op::kFloat, 10)
                        .add(Op::kSpecial, 100)
                        .add(Traffic::kDram, 1000)
                        .add(Traffic::kCache, 10'000);
  const Reading reading =
      price_of({.time = Seconds(2.0), .cpu = Seconds(3.0), .cost = cost}, ten_terms());
  EXPECT_EQ(reading.quality, Quality::kModelled);
  EXPECT_DOUBLE_EQ(reading.energy.value(),
                   2.0 + 3.0 * 2 + 1 * 3 + 10 * 4 + 100 * 5 + 1000 * 6 + 10'000.0 * 7);
  EXPECT_DOUBLE_EQ(reading.uncertainty.value(),
                   std::sqrt(4.0 + 9.0 + 1.0 + 100.0 + 1e4 + 1e6 + 1e8));
}

TEST(EnergyModel, JoinsItsOwnErrorInQuadrature) {
  EnergyModel model = ten_terms();
  model.relative_std = 0.5;
  const Reading reading = price_of({.time = Seconds(6.0), .cpu = Seconds(0.0)}, model);
  EXPECT_DOUBLE_EQ(reading.energy.value(), 6.0);
  EXPECT_DOUBLE_EQ(reading.uncertainty.value(), std::hypot(6.0, 3.0));
}

TEST(EnergyModel, WhatHasNoPriceIsUnknownNotFree) {
  EnergyModel model = ten_terms();
  model[Term::kNetwork].reset();
  const Activity silent{.time = Seconds(1.0), .cpu = Seconds(1.0)};
  EXPECT_EQ(price_of(silent, model).quality, Quality::kModelled);
  Activity talking = silent;
  talking.cost.add(Traffic::kNetwork, 1);
  const Reading reading = price_of(talking, model);
  EXPECT_EQ(reading.quality, Quality::kUnavailable);
  EXPECT_NE(reading.note.find("network"), std::string::npos);
}

}  // namespace
}  // namespace frugal::meter
