#include "frugal/agent/environment.h"

#include <gtest/gtest.h>

namespace frugal::agent {
namespace {

TEST(CanonicalHash, IsTheSha256OfTheLineWithSortedKeys) {
  // sha256sum of {}, and of {"a":[1,"x"],"b":2.5}.
  EXPECT_EQ(canonical_hash(Json::object()),
            "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a");
  EXPECT_EQ(canonical_hash({{"b", 2.5}, {"a", {1, "x"}}}),
            "e1f5f82d0c3c16ed6df6081afcb1f94fa40bf8c3d6d12917ff5c97d700ea895e");
}

TEST(CanonicalHash, DoesNotDependOnTheOrderOfKeysButOnEveryValue) {
  const Json one = {{"x", {{"p", 1}, {"q", 2}}}, {"y", 3}};
  const Json same = {{"y", 3}, {"x", {{"q", 2}, {"p", 1}}}};
  const Json other = {{"y", 3}, {"x", {{"q", 2}, {"p", 2}}}};
  EXPECT_EQ(canonical_hash(one), canonical_hash(same));
  EXPECT_NE(canonical_hash(one), canonical_hash(other));
  EXPECT_NE(canonical_hash({1, 2}), canonical_hash({2, 1}));
}

}  // namespace
}  // namespace frugal::agent
