#include "frugal/carbon/estimators/ecologits.h"

#include <gtest/gtest.h>

#include <cmath>

#include "frugal/carbon/carbon_for_test.h"

namespace frugal::carbon::estimators {
namespace {

constexpr EcologitsFactors kGrid = {.gwp_kg_per_kwh = 0.590478,
                                    .adpe_kgsb_per_kwh = 7.37708e-08,
                                    .pe_mj_per_kwh = 9.988,
                                    .wue_on_site = 0.37,
                                    .wue_off_site = 5.04};

void expect_close(double got, double want) {
  EXPECT_NEAR(got, want, 1e-12 * std::abs(want));
}

TEST(Ecologits, GoldenCaseOfADenseModel) {
  const EcologitsImpact got = ecologits({.active_billions = 7.3,
                                         .total_billions = 7.3,
                                         .output_tokens = 200,
                                         .latency = Seconds(5.0),
                                         .pue = 1.26,
                                         .grid = kGrid});
  EXPECT_EQ(got.gpus, 1.0);
  expect_close(got.gpu_kwh_each, 8.93720056859519e-06);
  expect_close(got.latency_s, 5.0);
  expect_close(got.server_kwh, 3.2552083333333335e-06);
  expect_close(got.request_kwh, 1.536243521642994e-05);
  expect_close(got.gwp_use_kg, 9.071180021727118e-06);
  expect_close(got.adpe_use_kgsb, 1.1332991358642099e-12);
  expect_close(got.pe_use_mj, 0.00015344000294170224);
  expect_close(got.water_as_coded_l, 0.00010324170962849579);
  expect_close(got.water_l, 8.193786478452047e-05);
  expect_close(got.gwp_embodied_kg, 7.237925175460848e-07);
  expect_close(got.adpe_embodied_kgsb, 4.2403589019956024e-11);
  expect_close(got.pe_embodied_mj, 8.735056760527651e-06);
}

TEST(Ecologits, GoldenCaseOfAMixtureOfExperts) {
  const EcologitsImpact got = ecologits({.active_billions = 12.9,
                                         .total_billions = 46.7,
                                         .output_tokens = 200,
                                         .latency = Seconds(10.0),
                                         .pue = 1.26,
                                         .grid = kGrid});
  EXPECT_EQ(got.gpus, 2.0);
  expect_close(got.gpu_kwh_each, 9.574944122117412e-06);
  expect_close(got.latency_s, 9.638013443198895);
  expect_close(got.server_kwh, 1.2549496670831895e-05);
  expect_close(got.request_kwh, 3.994122499298407e-05);
  expect_close(got.gwp_use_kg, 2.3584414651407248e-05);
  expect_close(got.adpe_use_kgsb, 2.946496120712429e-12);
  expect_close(got.pe_use_mj, 0.0003989329552299249);
  expect_close(got.water_as_coded_l, 0.0002684210084428502);
  expect_close(got.water_l, 0.0002130325463832144);
  expect_close(got.gwp_embodied_kg, 2.7903688056783754e-06);
  expect_close(got.adpe_embodied_kgsb, 1.6347454440568692e-10);
  expect_close(got.pe_embodied_mj, 3.367543779402836e-05);
}

TEST(Ecologits, AModelWithoutParametersStillCosts) {
  EXPECT_NEAR(ecologits_joules_per_token(8.0).value(), 0.162, 0.0005);
  EXPECT_NEAR(ecologits_joules_per_token(0.0).value(), 0.146, 0.0005);
  // 400 tokens of a model of 24 billion: published as 0.022 Wh of one GPU.
  EXPECT_NEAR(400.0 * ecologits_joules_per_token(24.0).value() / 3600.0, 0.021678, 1e-6);
}

TEST(Ecologits, RefusesNumbersThatCannotBe) {
  const auto ask = [](const EcologitsRequest& request) {
    return fault_of([&] { (void)ecologits(request); });
  };
  const std::string refused = kind(ErrorKind::kInvalidArgument);
  EXPECT_TRUE(ask({.active_billions = -1.0}).starts_with(refused));
  EXPECT_TRUE(ask({.total_billions = std::nan("")}).starts_with(refused));
  EXPECT_TRUE(ask({.output_tokens = 1.0 / 0.0}).starts_with(refused));
  EXPECT_TRUE(ask({.batch = 0.0}).starts_with(refused));
  EXPECT_EQ(ask({}), "");
}

}  // namespace
}  // namespace frugal::carbon::estimators
