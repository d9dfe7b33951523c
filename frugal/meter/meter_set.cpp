#include "frugal/meter/meter_set.h"

#include <algorithm>

#include "frugal/base/error.h"

namespace frugal::meter {

namespace {

void append(std::vector<Reading>& all, std::vector<Reading> more) {
  all.insert(all.end(), std::make_move_iterator(more.begin()), std::make_move_iterator(more.end()));
}

}  // namespace

/// One moment of each part.
struct MeterSet::Moment final : Mark {
  std::vector<std::shared_ptr<const Mark>> parts;
};

MeterSet::MeterSet(std::vector<std::unique_ptr<Meter>> parts, std::string why)
    : parts_(std::move(parts)), why_(std::move(why)) {
  FRUGAL_CHECK(!parts_.empty());
  for (const auto& part : parts_) {
    if (!name_.empty()) name_ += "+";
    name_ += part->name();
  }
}

std::string MeterSet::description() const {
  std::string text;
  for (const auto& part : parts_) text += part->description() + "; ";
  return text + why_;
}

std::optional<Seconds> MeterSet::max_sample_period() const {
  std::optional<Seconds> shortest;
  for (const auto& part : parts_) {
    const auto period = part->max_sample_period();
    if (period) shortest = std::min(shortest.value_or(*period), *period);
  }
  return shortest;
}

void MeterSet::start() {
  for (const auto& part : parts_) part->start();
}

void MeterSet::sample() {
  for (const auto& part : parts_) part->sample();
}

std::shared_ptr<const Mark> MeterSet::mark() const {
  auto moment = std::make_shared<Moment>();
  for (const auto& part : parts_) moment->parts.push_back(part->mark());
  return moment;
}

std::vector<Reading> MeterSet::since(const Mark& from) const {
  const auto* moment = dynamic_cast<const Moment*>(&from);
  FRUGAL_CHECK(moment != nullptr && moment->parts.size() == parts_.size());
  std::vector<Reading> readings;
  for (std::size_t i = 0; i < parts_.size(); ++i) {
    append(readings, parts_[i]->since(*moment->parts[i]));
  }
  return readings;
}

std::vector<Reading> MeterSet::stop() {
  std::vector<Reading> readings;
  for (const auto& part : parts_) append(readings, part->stop());
  return readings;
}

}  // namespace frugal::meter
