#include "frugal/cli/progress_bar.h"

#include <gtest/gtest.h>

namespace frugal::cli {
namespace {

TEST(ProgressText, ShowsShareAndTimeLeft) {
  const std::string text =
      progress_text({.stage = "quantise", .done = 25, .total = 100}, Seconds(10.0));
  EXPECT_NE(text.find("quantise"), std::string::npos);
  EXPECT_NE(text.find("25 %"), std::string::npos);
  EXPECT_NE(text.find("ETA 0:30"), std::string::npos) << text;
  EXPECT_NE(text.find("#######....."), std::string::npos) << text;
}

TEST(ProgressText, GuessesNoTimeWhenNothingIsKnown) {
  EXPECT_EQ(progress_text({.stage = "x", .done = 0, .total = 9}, Seconds(5.0)).find("ETA"),
            std::string::npos);
  EXPECT_NE(progress_text({.stage = "x", .done = 3, .total = 0}, Seconds(65.0)).find("1:05"),
            std::string::npos);
}

TEST(ProgressText, NeverPassesTheEnd) {
  const std::string text = progress_text({.stage = "x", .done = 12, .total = 9}, Seconds(1.0));
  EXPECT_NE(text.find("100 %"), std::string::npos);
}

TEST(ProgressText, CountsTheTimeOfAResumedJobFromWhereItWentOn) {
  const std::string text =
      progress_text({.stage = "x", .done = 60, .total = 100}, Seconds(10.0), 50);
  EXPECT_NE(text.find("ETA 0:40"), std::string::npos) << text;
  EXPECT_EQ(progress_text({.stage = "x", .done = 50, .total = 100}, Seconds(10.0), 50).find("ETA"),
            std::string::npos);
}

TEST(ProgressText, ShowsWhatElseIsKnown) {
  const ProgressUpdate update{.stage = "x", .done = 1, .total = 2, .detail = "loss 0.5"};
  EXPECT_TRUE(progress_text(update, Seconds(1.0)).ends_with("loss 0.5"));
}

TEST(ProgressText, LongTimesHaveHours) {
  const std::string text = progress_text({.stage = "x", .done = 1, .total = 11}, Seconds(400.0));
  EXPECT_NE(text.find("ETA 1:06:40"), std::string::npos) << text;
}

}  // namespace
}  // namespace frugal::cli
