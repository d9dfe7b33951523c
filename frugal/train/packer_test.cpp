#include "frugal/train/packer.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
#include <map>
#include <set>

#include "frugal/base/error.h"
#include "frugal/base/random.h"
#include "frugal/base/statistics.h"
#include "tests/support/tiny_model.h"

namespace frugal::train {
namespace {

using Ids = std::vector<text::TokenId>;

class PackerTest : public ::testing::Test {
 protected:
  // Documents of `least` to `most` own tokens; with groups, `prefix` shared tokens before them.
  void write(std::size_t count, std::uint32_t groups, std::uint32_t prefix, std::uint64_t least,
             std::uint64_t most) {
    Random random(count + groups);
    TokenStoreWriter writer(folder_ / "a.tokens", 5000);
    for (std::size_t i = 0; i < count; ++i) {
      const auto group = groups == 0 ? 0 : static_cast<std::uint32_t>(random.below(groups)) + 1;
      Ids ids;
      for (std::uint32_t at = 0; at < (groups == 0 ? 0 : prefix); ++at) {
        ids.push_back(static_cast<text::TokenId>((group * 100) + (at % 90)));
      }
      std::vector<std::uint8_t> mask(ids.size(), 0);
      for (std::uint64_t own = least + random.below(most - least + 1); own > 0; --own) {
        ids.push_back(static_cast<text::TokenId>(random.below(5000)));
        mask.push_back(random.below(3) > 0 ? 1 : 0);
      }
      const std::vector<std::int32_t> labels = {static_cast<std::int32_t>(i), -1};
      writer.add({ids, mask, groups == 0 ? 0 : prefix, group, labels});
    }
    writer.commit();
    store_ = TokenStore::open(folder_ / "a.tokens");
  }

  test::TempFolder folder_;
  std::shared_ptr<const TokenStore> store_;
};

std::size_t cell(const Batch& batch, std::uint64_t row, std::uint64_t at) {
  return static_cast<std::size_t>((row * batch.length) + at);
}

// What the document's tokens see of the row: the shared tokens, then its own.
std::vector<std::size_t> visible(const Batch& batch, const PlacedDocument& placed) {
  std::vector<std::size_t> cells;
  for (std::uint64_t at = 0; at < batch.length; ++at) {
    const std::int32_t segment = batch.segments[cell(batch, placed.row, at)];
    if (segment == kSharedSegment || segment == placed.segment) {
      cells.push_back(cell(batch, placed.row, at));
    }
  }
  return cells;
}

// As if the document had been read alone.
void expect_whole(const Batch& batch, const PlacedDocument& placed, const TokenStore& store) {
  const StoredDocument document = store.document(placed.document);
  const std::vector<std::size_t> cells = visible(batch, placed);
  ASSERT_EQ(cells.size(), document.length() - 1);
  for (std::uint32_t at = 0; at < cells.size(); ++at) {
    ASSERT_EQ(batch.tokens[cells[at]], document.id(at));
    ASSERT_EQ(batch.positions[cells[at]], at);
    const bool counts = document.counts(at + 1);
    ASSERT_EQ(batch.targets[cells[at]], counts ? document.id(at + 1) : kNoTarget);
  }
  ASSERT_EQ(batch.labels.at(placed.first_label), static_cast<std::int32_t>(placed.document));
}

std::vector<Batch> epoch_of(Packer& packer) {
  std::vector<Batch> batches;
  const std::uint64_t epoch = packer.state().epoch;
  while (packer.state().epoch == epoch) batches.push_back(packer.next());
  return batches;
}

std::uint64_t targets_of(const std::vector<Batch>& batches) {
  std::uint64_t targets = 0;
  for (const Batch& batch : batches) targets += batch.target_count;
  return targets;
}

double efficiency(const std::vector<Batch>& batches) {
  std::uint64_t tokens = 0;
  std::uint64_t cells = 0;
  for (const Batch& batch : batches) {
    tokens += batch.token_count;
    cells += batch.rows * batch.length;
  }
  return static_cast<double>(tokens) / static_cast<double>(cells);
}

TEST_F(PackerTest, EveryDocumentOfAGroupSeesItselfAsIfItWereAlone) {
  for (const std::uint32_t prefix : {1U, 2U, 30U}) {
    write(300, 5, prefix, 1, 20);
    Packer packer(store_, {.length = 64, .rows = 3, .window = 100});
    std::multiset<std::uint64_t> seen;
    for (const Batch& batch : epoch_of(packer)) {
      for (const PlacedDocument& placed : batch.documents) {
        expect_whole(batch, placed, *store_);
        seen.insert(placed.document);
      }
    }
    EXPECT_EQ(seen.size(), 300U);
    EXPECT_EQ(std::set<std::uint64_t>(seen.begin(), seen.end()).size(), 300U);
    EXPECT_EQ(packer.skipped(), SkippedDocuments{});
  }
}

TEST_F(PackerTest, ARowHoldsOneGroup) {
  write(200, 4, 10, 1, 20);
  Packer packer(store_, {.length = 128, .rows = 2});
  for (const Batch& batch : epoch_of(packer)) {
    std::map<std::uint32_t, std::uint32_t> group_of;
    for (const PlacedDocument& placed : batch.documents) {
      const std::uint32_t group = store_->document(placed.document).group();
      EXPECT_EQ(group_of.try_emplace(placed.row, group).first->second, group);
    }
  }
}

TEST_F(PackerTest, CutsLongTextWithoutLosingATarget) {
  write(40, 0, 0, 2, 500);
  Packer packer(store_, {.length = 64, .rows = 4});
  const std::vector<Batch> batches = epoch_of(packer);
  EXPECT_EQ(targets_of(batches), store_->targets());
  EXPECT_EQ(packer.skipped(), SkippedDocuments{});
  for (const Batch& batch : batches) {
    for (const PlacedDocument& placed : batch.documents) {
      const StoredDocument document = store_->document(placed.document);
      for (std::uint32_t i = 0; i < placed.length; ++i) {
        const std::size_t at = cell(batch, placed.row, placed.begin + i);
        ASSERT_EQ(batch.tokens[at], document.id(placed.first + i));
        ASSERT_EQ(batch.positions[at], i);
        ASSERT_EQ(batch.segments[at], placed.segment);
      }
    }
  }
}

TEST_F(PackerTest, CountsWhatFitsNowhere) {
  TokenStoreWriter writer(folder_ / "a.tokens", 10);
  const Ids shared = {1, 2, 3, 4, 5, 6, 7, 8};
  writer.add({.ids = shared, .prefix = 2, .group = 1});  // 1 shared, 6 own
  writer.add({.ids = std::span(shared).first(7), .prefix = 2, .group = 1});
  writer.add({.ids = std::span(shared).first(1)});
  writer.commit();
  const auto store = TokenStore::open(folder_ / "a.tokens");
  Packer packer(store, {.length = 6, .rows = 1});
  EXPECT_EQ(packer.skipped(), (SkippedDocuments{.too_long = 1, .too_short = 1}));
  const Batch batch = packer.next();
  EXPECT_EQ(batch.tokens, (std::vector<std::int64_t>{1, 2, 3, 4, 5, 6}));
  EXPECT_EQ(batch.targets, (std::vector<std::int64_t>{-100, 3, 4, 5, 6, 7}));
  EXPECT_EQ(batch.segments, (std::vector<std::int32_t>{0, 1, 1, 1, 1, 1}));
  EXPECT_EQ(packer.state(), (PackerState{.epoch = 1, .row = 0}));
  try {
    const Packer none(store, {.length = 5});
    FAIL() << "accepted";
  } catch (const Error& fault) {
    EXPECT_EQ(fault.kind(), ErrorKind::kInvalidArgument);
  }
}

TEST_F(PackerTest, TheSeedAndTheEpochMakeTheOrder) {
  write(300, 3, 10, 1, 20);
  Packer first(store_, {.length = 64, .seed = 1});
  Packer same(store_, {.length = 64, .seed = 1});
  Packer other(store_, {.length = 64, .seed = 2});
  const std::vector<Batch> batches = epoch_of(first);
  const std::vector<Batch> again = epoch_of(same);
  ASSERT_EQ(batches.size(), again.size());
  for (std::size_t i = 0; i < batches.size(); ++i) EXPECT_EQ(batches[i].tokens, again[i].tokens);
  EXPECT_NE(batches.front().tokens, other.next().tokens);
  EXPECT_NE(batches.front().tokens, first.next().tokens);  // of the next epoch
}

TEST_F(PackerTest, GoesOnExactlyFromItsState) {
  write(200, 3, 10, 1, 20);
  const PackerOptions options = {.length = 64, .rows = 3, .window = 50};
  Packer packer(store_, options);
  for (int step = 0; step < 60; ++step) {
    const PackerState state = packer.state();
    Packer later(store_, options);
    later.seek(state);
    const Batch want = packer.next();
    const Batch found = later.next();
    ASSERT_EQ(found.tokens, want.tokens) << step;
    ASSERT_EQ(found.epoch, state.epoch);
    ASSERT_EQ(later.state(), packer.state());
  }
  EXPECT_GT(packer.state().epoch, 0U);
  EXPECT_THROW(packer.seek({.epoch = 0, .row = 1'000'000}), Error);
}

TEST_F(PackerTest, RanksShareTheRowsOfOne) {
  write(200, 3, 10, 1, 20);
  Packer alone(store_, {.length = 64, .rows = 1});
  const std::vector<Batch> rows = epoch_of(alone);
  std::vector<std::vector<Batch>> parts;
  for (std::uint32_t rank = 0; rank < 3; ++rank) {
    Packer packer(store_, {.length = 64, .rows = 2, .rank = rank, .ranks = 3});
    EXPECT_EQ(packer.rows_in_epoch(), rows.size());
    parts.push_back(epoch_of(packer));
  }
  std::size_t next = 0;
  for (std::size_t step = 0; step < parts[0].size(); ++step) {
    for (std::uint64_t row = 0; row < parts[0][step].rows; ++row) {
      for (const std::vector<Batch>& part : parts) {
        const Batch& batch = part.at(step);
        ASSERT_EQ(batch.rows, parts[0][step].rows);
        const auto begin = batch.tokens.begin() + static_cast<std::ptrdiff_t>(row * 64);
        const std::vector<std::int64_t> found(begin, begin + 64);
        const bool left = next < rows.size();
        ASSERT_EQ(found, left ? rows[next].tokens : std::vector<std::int64_t>(64, 0));
        ++next;
      }
    }
  }
  EXPECT_EQ(targets_of(parts[0]) + targets_of(parts[1]) + targets_of(parts[2]), store_->targets());
}

TEST_F(PackerTest, PaddingIsMarkedAndCountsForNothing) {
  write(50, 0, 0, 3, 9);
  Packer packer(store_, {.length = 20, .rows = 2, .padding = 7});
  for (const Batch& batch : epoch_of(packer)) {
    std::uint64_t tokens = 0;
    std::uint64_t targets = 0;
    for (std::size_t i = 0; i < batch.tokens.size(); ++i) {
      targets += batch.targets[i] == kNoTarget ? 0U : 1U;
      tokens += batch.segments[i] == kPaddingSegment ? 0U : 1U;
      if (batch.segments[i] != kPaddingSegment) continue;
      EXPECT_EQ(batch.tokens[i], 7);
      EXPECT_EQ(batch.targets[i], kNoTarget);
    }
    EXPECT_EQ(batch.token_count, tokens);
    EXPECT_EQ(batch.target_count, targets);
  }
}

TEST_F(PackerTest, PaddedRowsHoldOneWholeDocumentAndItsLabels) {
  write(101, 2, 4, 1, 60);
  Packer packer(store_, {.packing = Packing::kPadded, .length = 60, .rows = 8, .window = 64});
  std::uint64_t documents = 0;
  const std::vector<Batch> batches = epoch_of(packer);
  for (const Batch& batch : batches) {
    std::uint32_t longest = 0;
    for (const PlacedDocument& placed : batch.documents) {
      const StoredDocument document = store_->document(placed.document);
      longest = std::max(longest, document.length());
      ASSERT_EQ(placed.length, document.length());
      ASSERT_EQ(placed.segment, 1);
      for (std::uint32_t i = 0; i < placed.length; ++i) {
        ASSERT_EQ(batch.tokens[cell(batch, placed.row, i)], document.id(i));
        ASSERT_EQ(batch.positions[cell(batch, placed.row, i)], i);
      }
      ASSERT_EQ(batch.labels.at(placed.first_label), static_cast<std::int32_t>(placed.document));
      ASSERT_EQ(placed.label_count, 2U);
      ++documents;
    }
    EXPECT_EQ(batch.length, longest);
    EXPECT_EQ(batch.target_count, 0U);
  }
  EXPECT_EQ(documents + packer.skipped().too_long, 101U);
  EXPECT_GT(efficiency(batches), 0.8);
}

TEST_F(PackerTest, FillsRowsOfScenariosWellAbove95Percent) {
  write(20'000, 12, 300, 60, 200);
  Packer packer(store_, {.length = 1024, .rows = 8});
  const std::vector<Batch> batches = epoch_of(packer);
  const double share = efficiency(batches);
  std::printf("share of tokens that are not padding: %.2f %% in %llu rows\n", share * 100.0,
              static_cast<unsigned long long>(packer.rows_in_epoch()));
  EXPECT_EQ(targets_of(batches), store_->targets());
  EXPECT_GE(share, 0.95);
}

// Steps of one kind of document each would pull the weights to and fro.
TEST_F(PackerTest, RowsMixLengthsAndNeighboursMixGroups) {
  write(6'000, 3, 100, 20, 200);
  Packer packer(store_, {.length = 1024, .rows = 3});
  const std::vector<Batch> batches = epoch_of(packer);
  std::size_t all_groups = 0;
  std::vector<double> means;
  for (const Batch& batch : batches) {
    std::set<std::uint32_t> groups;
    std::vector<double> lengths;
    for (const PlacedDocument& placed : batch.documents) {
      groups.insert(store_->document(placed.document).group());
      if (placed.row == 0) lengths.push_back(placed.length);
    }
    all_groups += groups.size() == 3 ? 1 : 0;
    means.push_back(summarise(lengths).mean);
  }
  EXPECT_GT(all_groups * 10, batches.size() * 8);  // of rows in any order: 2 of 9
  EXPECT_LT(summarise(means).std_dev, 25.0);       // of rows sorted by length: 52
}

TEST_F(PackerTest, RefusesOptionsWithoutMeaning) {
  write(3, 0, 0, 5, 5);
  EXPECT_THROW(Packer(store_, {.length = 0}), Error);
  EXPECT_THROW(Packer(store_, {.rows = 0}), Error);
  EXPECT_THROW(Packer(store_, {.window = 0}), Error);
  EXPECT_THROW(Packer(store_, {.ranks = 0}), Error);
  EXPECT_THROW(Packer(store_, {.rank = 2, .ranks = 2}), Error);
}

}  // namespace
}  // namespace frugal::train
