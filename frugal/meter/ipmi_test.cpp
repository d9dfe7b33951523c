#include "frugal/meter/ipmi.h"

#include <gtest/gtest.h>

#include "frugal/base/error.h"
#include "frugal/meter/fake_sysfs_for_test.h"

namespace frugal::meter {
namespace {

bool contains(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

/// An answer as in the DCMI specification's table: current, minimum, maximum and average power,
/// then time stamp, period and state.
IpmiReply answer(unsigned power_w, std::uint8_t state = 0x40) {
  const auto low = static_cast<std::uint8_t>(power_w % 256U);
  const auto high = static_cast<std::uint8_t>(power_w / 256U);
  return {.bytes = {0x00, 0xDC, low, high, 0x0A, 0x00, 0xF4, 0x01, 0x96, 0x00, 0x78, 0x56, 0x34,
                    0x12, 0xE8, 0x03, 0x00, 0x00, state}};
}

TEST(DcmiPower, IsTheFirstOfTheFourPowers) {
  EXPECT_EQ(decode_dcmi_power(answer(306)).micro, 306'000'000U);
  EXPECT_EQ(decode_dcmi_power(answer(65'535)).micro, 65'535'000'000U);
}

TEST(DcmiPower, IsNoneWhereNothingIsMeasured) {
  EXPECT_TRUE(contains(decode_dcmi_power(answer(0)).problem, "0 W"));
  EXPECT_TRUE(contains(decode_dcmi_power(answer(306, 0x00)).problem, "switched off"));
  EXPECT_TRUE(contains(decode_dcmi_power({.bytes = {0xC1}}).problem, "does not know DCMI"));
  EXPECT_TRUE(contains(decode_dcmi_power({.bytes = {0xC0}}).problem, "code 0xc0"));
  EXPECT_TRUE(contains(decode_dcmi_power({.problem = "gave no answer"}).problem, "gave no answer"));
}

TEST(DcmiPower, IsNoneInAnAnswerOfAnotherShape) {
  const IpmiReply whole = answer(306);
  for (std::size_t size = 0; size < whole.bytes.size(); ++size) {
    const IpmiReply cut{
        .bytes = {whole.bytes.begin(), whole.bytes.begin() + static_cast<long>(size)}};
    EXPECT_FALSE(decode_dcmi_power(cut).micro) << size;
  }
  IpmiReply other = whole;
  other.bytes[1] = 0xDD;
  EXPECT_FALSE(decode_dcmi_power(other).micro);
}

TEST(Ipmi, IntegratesThePowerOfTheNode) {
  FakeClock clock;
  unsigned power_w = 300;
  IpmiOptions options;
  options.ask = [&power_w] { return answer(power_w); };
  options.clock = clock.function();
  const auto ipmi = open_ipmi(options);
  ipmi->start();
  for (int i = 0; i < 60; ++i) {
    clock.advance(1.0);
    ipmi->sample();
  }
  const Reading reading = ipmi->stop().front();
  EXPECT_EQ(reading.boundary, Boundary::kWall);
  EXPECT_EQ(reading.quality, Quality::kDerived);
  EXPECT_NEAR(reading.energy.value(), 18'000.0, 1e-3);
  EXPECT_GE(reading.uncertainty.value(), 0.05 * 18'000.0);
}

TEST(Ipmi, SaysWhatIsMissing) {
  const FakeSysfs tree;
  const auto refusal = [&tree] {
    try {
      IpmiOptions options;
      options.root = tree.root();
      (void)open_ipmi(options);
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::kUnsupported);
      return std::string(error.what());
    }
    ADD_FAILURE() << "nothing was thrown";
    return std::string();
  };
  EXPECT_TRUE(contains(refusal(), "sudo modprobe -a ipmi_si ipmi_devintf")) << refusal();
  tree.write(tree.root() / "dev/ipmi0", "306");  // a file laid in its place
  EXPECT_TRUE(contains(refusal(), "is no device")) << refusal();
}

}  // namespace
}  // namespace frugal::meter
