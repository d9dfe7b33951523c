#pragma once

/// Batches of rows from a token store, the same ones for the same seed.

#include <cstdint>
#include <memory>
#include <vector>

#include "frugal/train/pack_plan.h"
#include "frugal/train/token_store.h"

namespace frugal::train {

/// A target that counts for nothing.
inline constexpr std::int64_t kNoTarget = -100;
/// Segments of a row: its shared prefix; then come the documents, 1, 2, …
inline constexpr std::int32_t kSharedSegment = 0;
inline constexpr std::int32_t kPaddingSegment = -1;

/// Where a document, or a part of it, lies in a batch.
struct PlacedDocument {
  std::uint64_t document = 0;  ///< its number in the store
  std::uint32_t first = 0;     ///< the document's token that stands first here
  std::uint32_t row = 0;
  std::int32_t segment = 0;       ///< from 1 on
  std::uint32_t begin = 0;        ///< in the row
  std::uint32_t length = 0;       ///< tokens
  std::uint32_t first_label = 0;  ///< in Batch::labels
  std::uint32_t label_count = 0;
};

/// What a step of training reads.  Token i of a row may see token j when
///   segment[j] == segment[i] or segment[j] == 0, and in causal rows j <= i.
/// Padding so sees padding: no token is left without one to see.
///
/// Shapes: tokens, targets, positions, segments: [rows, length], rows after one another.
struct Batch {
  std::uint64_t rows = 0;
  std::uint64_t length = 0;
  std::vector<std::int64_t> tokens;
  std::vector<std::int64_t> targets;    ///< the next token of the document, or kNoTarget
  std::vector<std::int64_t> positions;  ///< in the document, from 0; a part starts anew; padding 0
  std::vector<std::int32_t> segments;
  std::vector<PlacedDocument> documents;
  std::vector<std::int32_t> labels;  ///< of the documents, one after another
  std::uint64_t target_count = 0;
  std::uint64_t token_count = 0;  ///< without padding
  std::uint64_t epoch = 0;        ///< that these rows belong to
};

/// Where a packer stands: the next row of all ranks together.
struct PackerState {
  std::uint64_t epoch = 0;
  std::uint64_t row = 0;

  bool operator==(const PackerState&) const = default;
};

/// Walks through a store, epoch after epoch, each in an order of its own.
///
/// A batch takes rows · ranks rows of the epoch; rank r takes each ranks-th of them from the r-th
/// on. At the end of an epoch batches are short: all ranks get equally many rows, of which the last
/// may be all padding on some.  Over an epoch every target of the store counts exactly once, but
/// for those of the skipped documents.
///
/// Numbers: equal seed, epoch and options give equal batches on every machine; `rows` and `ranks`
/// do
///          not change causal rows, so that a run may go on with others.
/// Errors:  kInvalidArgument for options without meaning, a document count of 0 that fits, and a
/// state
///          outside the epoch.
/// Threads: one at a time; the store may be shared.
class Packer {
 public:
  Packer(std::shared_ptr<const TokenStore> store, const PackerOptions& options);

  /// Goes on to the next epoch by itself.
  [[nodiscard]] Batch next();

  [[nodiscard]] PackerState state() const { return state_; }
  /// The next batch is the one that came next when `state` was taken.
  void seek(const PackerState& state);

  /// Of the epoch that the next batch belongs to, all ranks together.
  [[nodiscard]] std::uint64_t rows_in_epoch() const { return plan_->rows(); }
  /// Batches of each rank in that epoch.
  [[nodiscard]] std::uint64_t batches_in_epoch() const;
  [[nodiscard]] const SkippedDocuments& skipped() const { return plan_->skipped(); }
  [[nodiscard]] const TokenStore& store() const { return *store_; }

 private:
  void plan_epoch(std::uint64_t epoch);
  [[nodiscard]] std::uint32_t batch_length(std::uint64_t first, std::uint64_t count) const;

  std::shared_ptr<const TokenStore> store_;
  PackerOptions options_;
  PackerState state_;
  std::unique_ptr<const PackPlan> plan_;
};

}  // namespace frugal::train
