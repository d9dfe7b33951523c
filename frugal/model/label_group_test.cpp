#include "frugal/model/label_group.h"

#include <gtest/gtest.h>

namespace frugal::model {
namespace {

TEST(LabelGroups, AreReadBackFromTheirNames) {
  const std::vector<LabelGroup> groups = {{"intent", {"a:b", "c"}}, {"size", {"1"}}};
  EXPECT_EQ(label_names(groups), (std::vector<std::string>{"intent:a:b", "intent:c", "size:1"}));
  EXPECT_EQ(groups_of(label_names(groups)), groups);
  EXPECT_EQ(groups_of({"no", "yes"}), (std::vector<LabelGroup>{{"", {"no", "yes"}}}));
}

TEST(LabelGroups, NamesWithoutAKeyAreAGroupToo) {
  const auto groups = groups_of({"yes", "no", "kind:a", "kind:b:c"});
  ASSERT_EQ(groups.size(), 2U);
  EXPECT_EQ(groups[0].key, "");
  EXPECT_EQ(groups[1].classes, (std::vector<std::string>{"a", "b:c"}));
}

}  // namespace
}  // namespace frugal::model
