#include "frugal/train/pack_plan.h"

#include <algorithm>
#include <map>
#include <utility>

#include "frugal/base/error.h"
#include "frugal/base/random.h"
#include "frugal/base/str.h"

namespace frugal::train {
namespace {

// The shuffle's stream; the rows of a window are shuffled by streams of their own.
constexpr std::uint64_t kUnitStream = 0;

using Rows = std::vector<std::vector<PackUnit>>;

void shuffle_blocks(Rows& rows, std::size_t block, Random& random) {
  std::vector<std::size_t> order((rows.size() + block - 1) / block);
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
  random.shuffle(order);
  Rows shuffled;
  shuffled.reserve(rows.size());
  for (const std::size_t number : order) {
    const std::size_t end = std::min(rows.size(), (number + 1) * block);
    for (std::size_t row = number * block; row < end; ++row) {
      shuffled.push_back(std::move(rows[row]));
    }
  }
  rows = std::move(shuffled);
}

// Each group's rows in random order, spread evenly: neighbours are of different groups, so that a
// step of few rows sees all of them.
Rows interleaved(std::vector<Rows> groups, Random& random) {
  struct Placed {
    double at = 0.0;
    std::vector<PackUnit> row;
  };
  std::vector<Placed> placed;
  for (Rows& rows : groups) {
    random.shuffle(rows);
    const double phase = random.uniform();
    const auto count = static_cast<double>(rows.size());
    for (std::size_t i = 0; i < rows.size(); ++i) {
      const double at = (static_cast<double>(i) + phase) / count;
      placed.push_back({.at = at, .row = std::move(rows[i])});
    }
  }
  std::stable_sort(placed.begin(), placed.end(),
                   [](const Placed& a, const Placed& b) { return a.at < b.at; });
  Rows out;
  for (Placed& p : placed) out.push_back(std::move(p.row));
  return out;
}

}  // namespace

std::uint32_t shared_tokens(const StoredDocument& document, Packing packing) {
  return packing == Packing::kCausal && document.prefix() > 0 ? document.prefix() - 1 : 0;
}

std::uint32_t unit_tokens(const StoredDocument& document, const PackUnit& unit,
                          const PackerOptions& options) {
  if (options.packing == Packing::kPadded) return document.length();
  const std::uint32_t left = document.length() - 1 - unit.begin;
  return document.prefix() > 0 ? left : std::min(left, options.length);
}

PackPlan::PackPlan(const TokenStore& store, const PackerOptions& options, std::uint64_t epoch)
    : store_(store), options_(options) {
  std::vector<PackUnit> units = collect_units();
  if (units.empty()) {
    throw Error(
        ErrorKind::kInvalidArgument,
        str("{}: none of {} documents fits into rows of {} tokens ({} too long, {} too short)",
            store.path(), store.documents(), options.length, skipped_.too_long,
            skipped_.too_short));
  }
  Random(options.seed).fork(epoch).fork(kUnitStream).shuffle(units);
  units_.reserve(units.size());
  const bool padded = options.packing == Packing::kPadded;
  const std::size_t block = padded ? std::size_t{options.rows} * options.ranks : 1;
  const std::size_t window = (options.window + block - 1) / block * block;
  for (std::size_t begin = 0; begin < units.size(); begin += window) {
    const std::size_t count = std::min(window, units.size() - begin);
    Random random = Random(options.seed).fork(epoch).fork(begin + 1);
    append(pack_window(std::span(units).subspan(begin, count), random));
  }
}

std::span<const PackUnit> PackPlan::row(std::uint64_t index) const {
  FRUGAL_CHECK(index < rows());
  return std::span(units_).subspan(starts_[index], starts_[index + 1] - starts_[index]);
}

std::vector<PackUnit> PackPlan::collect_units() {
  std::vector<PackUnit> units;
  for (std::uint64_t index = 0; index < store_.documents(); ++index) {
    const StoredDocument document = store_.document(index);
    const std::uint32_t shared = shared_tokens(document, options_.packing);
    const PackUnit whole = {.document = static_cast<std::uint32_t>(index), .begin = shared};
    const std::uint64_t own = unit_tokens(document, whole, options_);
    if (own == 0) {
      ++skipped_.too_short;
    } else if (shared + own > options_.length) {
      ++skipped_.too_long;
    } else {
      units.push_back(whole);
      // Only plain text has more than one part.
      for (std::uint64_t begin = shared + own;
           options_.packing == Packing::kCausal && begin + 1 < document.length(); begin += own) {
        units.push_back({whole.document, static_cast<std::uint32_t>(begin)});
      }
    }
  }
  return units;
}

PackPlan::Rows PackPlan::pack_window(std::span<const PackUnit> window, Random& random) const {
  std::map<std::uint32_t, std::vector<PackUnit>> groups;  // 0: those that share nothing
  for (const PackUnit& unit : window) {
    const StoredDocument document = store_.document(unit.document);
    const bool shares = shared_tokens(document, options_.packing) > 0;
    groups[shares ? document.group() : 0].push_back(unit);
  }
  std::vector<Rows> packed;
  for (auto& [group, units] : groups) packed.push_back(pack_group(std::move(units)));
  if (options_.packing == Packing::kCausal) return interleaved(std::move(packed), random);
  Rows rows = std::move(packed.front());  // padded rows share nothing: one group
  shuffle_blocks(rows, std::size_t{options_.rows} * options_.ranks, random);
  return rows;
}

// What takes more than half a row comes first, the longest before: it leaves the least room.  The
// rest is put in in shuffled order, for documents of one length tend to be of one kind and a step
// should see many.  A row without room for even one token is never looked at again.
PackPlan::Rows PackPlan::pack_group(std::vector<PackUnit> units) const {
  const auto size = [&](const PackUnit& unit) {
    return unit_tokens(store_.document(unit.document), unit, options_);
  };
  const StoredDocument first = store_.document(units.front().document);
  const std::uint32_t capacity = options_.length - shared_tokens(first, options_.packing);
  const bool alone = options_.packing == Packing::kPadded;
  const auto rank = [&](const PackUnit& unit) {
    return alone || size(unit) > capacity / 2 ? size(unit) : 0;
  };
  std::stable_sort(units.begin(), units.end(),
                   [&](const PackUnit& a, const PackUnit& b) { return rank(a) > rank(b); });
  Rows rows;
  std::vector<std::uint32_t> room;
  std::size_t first_open = 0;
  for (const PackUnit& unit : units) {
    const std::uint32_t need = size(unit);
    while (first_open < room.size() && (alone || room[first_open] == 0)) ++first_open;
    std::size_t row = first_open;
    while (row < room.size() && room[row] < need) ++row;
    if (row == room.size()) {
      room.push_back(capacity);
      rows.emplace_back();
    }
    room[row] -= need;
    rows[row].push_back(unit);
  }
  return rows;
}

void PackPlan::append(const Rows& rows) {
  for (const std::vector<PackUnit>& row : rows) {
    units_.insert(units_.end(), row.begin(), row.end());
    starts_.push_back(units_.size());
  }
}

}  // namespace frugal::train
