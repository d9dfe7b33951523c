/// The idea.
///
/// A causal row that holds three documents of one group, of prefix P P p and own tokens a…, b…, c…:
///
///   tokens     P P | p a a a | p b b | p c c c c | .
///   segments   0 0 | 1 1 1 1 | 2 2 2 | 3 3 3 3 3 | -1
///   positions  0 1 | 2 3 4 5 | 2 3 4 | 2 3 4 5 6 | 0
///
/// Each document sees the shared tokens and itself, at the positions it would have alone, so it
/// learns what it would learn alone, and the prefix is computed once.  The last token p of the
/// prefix has another target in each document and is therefore repeated.  The last token of a
/// document is only a target: as an input it would have none itself.

#include "frugal/train/packer.h"

#include <algorithm>
#include <utility>

#include "frugal/base/error.h"
#include "frugal/base/str.h"

namespace frugal::train {
namespace {

void check(const PackerOptions& options) {
  const auto positive = [](const char* name, std::uint32_t value) {
    if (value == 0) throw Error(ErrorKind::kInvalidArgument, str("packer: {} is 0", name));
  };
  positive("length", options.length);
  positive("rows", options.rows);
  positive("window", options.window);
  positive("ranks", options.ranks);
  if (options.rank >= options.ranks) {
    throw Error(ErrorKind::kInvalidArgument,
                str("packer: rank {}, expected 0 to {}", options.rank, options.ranks - 1));
  }
}

// Writes one row of a batch.
class RowWriter {
 public:
  RowWriter(const TokenStore& store, const PackerOptions& options, Batch& batch)
      : store_(store), options_(options), batch_(batch) {}

  void write(std::uint32_t row, std::span<const PackUnit> units) {
    row_ = row;
    at_ = 0;
    if (!units.empty()) write_shared(store_.document(units.front().document));
    for (const PackUnit& unit : units) write_unit(unit);
    batch_.token_count += at_;
  }

 private:
  void put(std::int64_t token, std::int64_t target, std::int64_t position, std::int32_t segment) {
    const std::size_t cell = (std::size_t{row_} * batch_.length) + at_++;
    batch_.tokens[cell] = token;
    batch_.targets[cell] = target;
    batch_.positions[cell] = position;
    batch_.segments[cell] = segment;
    if (target != kNoTarget) ++batch_.target_count;
  }

  void write_shared(const StoredDocument& document) {
    const std::uint32_t shared = shared_tokens(document, options_.packing);
    for (std::uint32_t i = 0; i < shared; ++i) put(document.id(i), kNoTarget, i, kSharedSegment);
    segment_ = kSharedSegment;
  }

  void write_unit(const PackUnit& unit) {
    const StoredDocument document = store_.document(unit.document);
    const std::uint32_t length = unit_tokens(document, unit, options_);
    note(document, unit, length);
    const bool causal = options_.packing == Packing::kCausal;
    // The parts of a cut text start at position 0, each on its own.
    const std::uint32_t start = shared_tokens(document, options_.packing);
    for (std::uint32_t i = 0; i < length; ++i) {
      const std::uint32_t place = unit.begin + i;
      const bool counts = causal && document.counts(place + 1);
      put(document.id(place), counts ? document.id(place + 1) : kNoTarget, start + i, segment_);
    }
  }

  void note(const StoredDocument& document, const PackUnit& unit, std::uint32_t length) {
    PlacedDocument placed;
    placed.document = unit.document;
    placed.first = unit.begin;
    placed.row = row_;
    placed.segment = ++segment_;
    placed.begin = at_;
    placed.length = length;
    placed.first_label = static_cast<std::uint32_t>(batch_.labels.size());
    placed.label_count = document.label_count();
    for (std::uint32_t i = 0; i < placed.label_count; ++i) {
      batch_.labels.push_back(document.label(i));
    }
    batch_.documents.push_back(placed);
  }

  const TokenStore& store_;
  const PackerOptions& options_;
  Batch& batch_;
  std::uint32_t row_ = 0;
  std::uint32_t at_ = 0;
  std::int32_t segment_ = 0;
};

}  // namespace

Packer::Packer(std::shared_ptr<const TokenStore> store, const PackerOptions& options)
    : store_(std::move(store)), options_(options) {
  check(options_);
  plan_epoch(0);
}

void Packer::plan_epoch(std::uint64_t epoch) {
  plan_ = std::make_unique<const PackPlan>(*store_, options_, epoch);
  state_ = {.epoch = epoch, .row = 0};
}

void Packer::seek(const PackerState& state) {
  if (state.epoch != state_.epoch) plan_epoch(state.epoch);
  if (state.row >= plan_->rows()) {
    throw Error(ErrorKind::kInvalidArgument,
                str("packer: row {} of epoch {}, expected one below {}: other data or options?",
                    state.row, state.epoch, plan_->rows()));
  }
  state_ = state;
}

std::uint64_t Packer::batches_in_epoch() const {
  const std::uint64_t step = std::uint64_t{options_.rows} * options_.ranks;
  return (plan_->rows() + step - 1) / step;
}

// Padded rows are as long as the longest of the batch, on all ranks alike.
std::uint32_t Packer::batch_length(std::uint64_t first, std::uint64_t count) const {
  if (options_.packing == Packing::kCausal) return options_.length;
  std::uint32_t longest = 0;
  for (std::uint64_t row = first; row < first + count; ++row) {
    for (const PackUnit& unit : plan_->row(row)) {
      longest = std::max(longest, store_->document(unit.document).length());
    }
  }
  return longest;
}

Batch Packer::next() {
  const std::uint64_t first = state_.row;
  const std::uint64_t count =
      std::min<std::uint64_t>(std::uint64_t{options_.rows} * options_.ranks, plan_->rows() - first);
  Batch batch;
  batch.epoch = state_.epoch;
  batch.rows = (count + options_.ranks - 1) / options_.ranks;
  batch.length = batch_length(first, count);
  const auto cells = static_cast<std::size_t>(batch.rows * batch.length);
  batch.tokens.assign(cells, options_.padding);
  batch.targets.assign(cells, kNoTarget);
  batch.positions.assign(cells, 0);
  batch.segments.assign(cells, kPaddingSegment);
  RowWriter writer(*store_, options_, batch);
  for (std::uint32_t row = 0; row < batch.rows; ++row) {
    const std::uint64_t taken = (std::uint64_t{row} * options_.ranks) + options_.rank;
    if (taken < count) writer.write(row, plan_->row(first + taken));
  }
  state_.row += count;
  if (state_.row == plan_->rows()) plan_epoch(state_.epoch + 1);
  return batch;
}

}  // namespace frugal::train
