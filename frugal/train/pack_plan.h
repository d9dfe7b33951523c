#pragma once

/// Which documents lie in which row, for one epoch.

#include <cstdint>
#include <span>
#include <vector>

#include "frugal/base/random.h"
#include "frugal/train/token_store.h"

namespace frugal::train {

enum class Packing {
  kCausal,  ///< several documents a row, each sees itself and the row's shared prefix
  kPadded,  ///< one document a row, whole, with both directions to see; for classifiers
};

struct PackerOptions {
  Packing packing = Packing::kCausal;
  std::uint32_t length = 1024;  ///< tokens of a row
  std::uint32_t rows = 8;       ///< of a batch, on this rank
  std::uint32_t window = 4096;  ///< shuffled documents that are packed together
  std::uint64_t seed = 0;
  std::uint32_t rank = 0;
  std::uint32_t ranks = 1;
  std::int64_t padding = 0;  ///< token id where there is no token
};

/// A document in a row, or a part of one: its tokens from `begin` on.
struct PackUnit {
  std::uint32_t document = 0;
  std::uint32_t begin = 0;

  bool operator==(const PackUnit&) const = default;
};

/// Documents that are in no row.
struct SkippedDocuments {
  std::uint64_t too_long = 0;   ///< for a row
  std::uint64_t too_short = 0;  ///< a single token, which has neither input nor target

  bool operator==(const SkippedDocuments&) const = default;
};

/// Leading tokens of a document that its row holds once for all: the prefix without its last token.
/// That one predicts each document's own first token, so every document repeats it.
[[nodiscard]] std::uint32_t shared_tokens(const StoredDocument& document, Packing packing);

/// Tokens that the unit takes in its row besides the shared ones.  In causal rows the last token of
/// a document is a target only and takes no place.
[[nodiscard]] std::uint32_t unit_tokens(const StoredDocument& document, const PackUnit& unit,
                                        const PackerOptions& options);

/// The rows of one epoch, made from the store, the options and the epoch alone.
///
/// All units are shuffled.  Each window of them is packed: per group those above half a row, the
/// longest first, then the others as they come, each into the first row that has room (first fit).
/// The window's rows are shuffled, the groups spread evenly among them.  Padded rows are sorted by
/// length instead, and blocks of rows · ranks of them shuffled.
///
/// `store` must outlive the plan.
///
/// Numbers: 8 bytes a unit and a row; time in O(units · rows of a window).
/// Errors:  kInvalidArgument when no document fits into a row.
/// Threads: const after construction; safe from all.
class PackPlan {
 public:
  PackPlan(const TokenStore& store, const PackerOptions& options, std::uint64_t epoch);

  [[nodiscard]] std::uint64_t rows() const { return starts_.size() - 1; }
  [[nodiscard]] std::span<const PackUnit> row(std::uint64_t index) const;
  [[nodiscard]] const SkippedDocuments& skipped() const { return skipped_; }

 private:
  using Rows = std::vector<std::vector<PackUnit>>;

  [[nodiscard]] std::vector<PackUnit> collect_units();
  [[nodiscard]] Rows pack_window(std::span<const PackUnit> window, Random& random) const;
  [[nodiscard]] Rows pack_group(std::vector<PackUnit> units) const;
  void append(const Rows& rows);

  const TokenStore& store_;
  PackerOptions options_;
  std::vector<PackUnit> units_;
  std::vector<std::uint64_t> starts_ = {0};
  SkippedDocuments skipped_;
};

}  // namespace frugal::train
