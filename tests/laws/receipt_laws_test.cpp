/// Law of receipts: the parts are the whole, to the last bit.

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <limits>
#include <random>
#include <vector>

#include "frugal/account/receipt.h"

namespace frugal::account {
namespace {

meter::Reading reading(double energy_j, double deviation_j, double time_s) {
  return {.domain = "package-0",
          .boundary = meter::Boundary::kDevice,
          .quality = meter::Quality::kMeasured,
          .energy = Joules(energy_j),
          .uncertainty = Joules(deviation_j),
          .time = Seconds(time_s),
          .note = {}};
}

Work random_work(std::mt19937_64& random) {
  std::uniform_real_distribution<double> unit(0.0, 1.0);
  Work work;
  for (const Phase phase : kAllPhases) {
    if (random() % 4 != 0) work[phase].time = Seconds(std::exp(20.0 * (unit(random) - 0.7)));
  }
  return work;
}

double random_energy(std::mt19937_64& random) {
  std::uniform_real_distribution<double> unit(0.0, 1.0);
  return std::exp(60.0 * (unit(random) - 0.5));
}

TEST(ReceiptLaws, PhasesAndIdleAreTheTotalExactlyInAnyOrder) {
  std::mt19937_64 random(1);
  for (int trial = 0; trial < 20'000; ++trial) {
    const double energy_j = random_energy(random);
    const double time_s = trial % 10 == 0 ? 0.0 : random_energy(random);
    const Receipt receipt =
        attribute({reading(energy_j, 0.1 * energy_j, time_s)}, random_work(random));
    std::array<Share, kPhases> parts = receipt.phases;
    std::shuffle(parts.begin(), parts.end(), random);
    Joules sum;
    for (const Share& part : parts) sum += part.energy;
    ASSERT_EQ(sum.value(), receipt.total.energy.value()) << "trial " << trial;
  }
}

TEST(ReceiptLaws, NoPartIsNegativeOrGreaterThanTheTotal) {
  std::mt19937_64 random(2);
  for (int trial = 0; trial < 20'000; ++trial) {
    const double energy_j = random_energy(random);
    const Receipt receipt =
        attribute({reading(energy_j, 0.1 * energy_j, random_energy(random))}, random_work(random));
    for (const Share& part : receipt.phases) {
      ASSERT_GE(part.energy, Joules(0.0)) << "trial " << trial;
      ASSERT_LE(part.energy, receipt.total.energy) << "trial " << trial;
      ASSERT_GE(part.uncertainty, Joules(0.0)) << "trial " << trial;
      ASSERT_LE(part.uncertainty.value(), receipt.total.uncertainty.value() * (1.0 + 1e-12));
    }
  }
}

TEST(ReceiptLaws, HoldAtTheEndsOfTheNumberLine) {
  Work work;
  work[Phase::kPrefill].time = Seconds(1.0);
  work[Phase::kDecode].time = Seconds(2.0);
  for (const double energy_j :
       {0.0, std::numeric_limits<double>::denorm_min(), std::numeric_limits<double>::min(), 1.0,
        std::nextafter(1.0, 0.0), 1e300}) {
    const Receipt receipt = attribute({reading(energy_j, 0.0, 3.0)}, work);
    Joules sum;
    for (const Share& part : receipt.phases) {
      EXPECT_GE(part.energy, Joules(0.0));
      sum += part.energy;
    }
    EXPECT_EQ(sum.value(), energy_j);
  }
}

TEST(ReceiptLaws, SharesAreTheSharesOfTime) {
  std::mt19937_64 random(3);
  for (int trial = 0; trial < 2'000; ++trial) {
    const Work work = random_work(random);
    double busy_s = 0.0;
    for (const Phase phase : kAllPhases) {
      if (phase != Phase::kIdle) busy_s += work[phase].time.value();
    }
    const double span_s = std::max(busy_s, random_energy(random));
    const double energy_j = random_energy(random);
    const Receipt receipt = attribute({reading(energy_j, 1.0, span_s)}, work);
    for (const Phase phase : kAllPhases) {
      if (phase == Phase::kIdle) continue;
      const double share = work[phase].time.value() / span_s;
      ASSERT_NEAR(receipt[phase].energy.value(), energy_j * share, 1e-14 * energy_j);
      ASSERT_NEAR(receipt[phase].uncertainty.value(), share, 1e-12);
    }
  }
}

// A batch as a server has it: up to 40 requests, some of which end before they begin.
TEST(ReceiptLaws, RequestsAndIdleAreTheMeterInAThousandBatches) {
  std::mt19937_64 random(5);
  for (int trial = 0; trial < 1'000; ++trial) {
    std::vector<Work> requests(random() % 41);
    for (Work& work : requests) {
      if (random() % 8 != 0) work = random_work(random);
    }
    const double energy_j = random_energy(random);
    const double time_s = trial % 10 == 0 ? 0.0 : random_energy(random);
    const Bill bill = share_out({reading(energy_j, 0.1 * energy_j, time_s)}, requests);
    ASSERT_EQ(bill.receipts.size(), requests.size());
    std::vector<Joules> parts = {bill.idle.energy};
    for (const Receipt& receipt : bill.receipts) {
      Joules sum;
      for (const Share& part : receipt.phases) sum += part.energy;
      ASSERT_EQ(sum.value(), receipt.total.energy.value()) << "trial " << trial;
      ASSERT_EQ(receipt[Phase::kIdle].energy, Joules(0.0));
      parts.push_back(receipt.total.energy);
    }
    std::shuffle(parts.begin(), parts.end(), random);
    Joules sum;
    for (const Joules part : parts) sum += part;
    ASSERT_EQ(sum.value(), energy_j) << "trial " << trial;
    ASSERT_EQ(bill.total.energy.value(), energy_j);
  }
}

TEST(ReceiptLaws, TwoRequestsPayInTheRatioOfTheirSeconds) {
  std::mt19937_64 random(6);
  for (int trial = 0; trial < 1'000; ++trial) {
    std::vector<Work> two(2);
    const double unequal = std::exp(static_cast<double>(random() % 1000) / 100.0);
    two[0][Phase::kDecode].time = Seconds(1.0);
    two[1][Phase::kDecode].time = Seconds(unequal);
    const Bill bill = share_out({reading(random_energy(random), 0.0, 1.0)}, two);
    ASSERT_NEAR(bill.receipts[1].total.energy / bill.receipts[0].total.energy, unequal,
                1e-9 * unequal);
  }
}

TEST(ReceiptLaws, TwiceTheEnergyIsTwiceEachPart) {
  std::mt19937_64 random(4);
  for (int trial = 0; trial < 2'000; ++trial) {
    const Work work = random_work(random);
    const double energy_j = random_energy(random);
    const double time_s = random_energy(random);
    const Receipt once = attribute({reading(energy_j, 1.0, time_s)}, work);
    const Receipt twice = attribute({reading(2.0 * energy_j, 1.0, time_s)}, work);
    for (const Phase phase : kAllPhases) {
      ASSERT_EQ(2.0 * once[phase].energy.value(), twice[phase].energy.value());
    }
  }
}

}  // namespace
}  // namespace frugal::account
