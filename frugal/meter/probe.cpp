#include "frugal/meter/probe.h"

#include <algorithm>

#include "frugal/base/error.h"
#include "frugal/base/str.h"
#include "frugal/meter/probe_reading.h"

// One clock value and one read of every probe make a sample; the traces judge the steps.  A span
// is the difference of two summaries, so spans may nest, overlap and follow each other, and those
// that follow each other add up exactly.
//
// Twins.  Some processors list two packages that show one counter; adding them doubles the energy.
// Two counters of a group that agree at every sample, and move, are one.  A counter may tick
// between the two reads, so unequal values get a second look: read the first again, and if the
// second lies between the two values of the first, they still agree.  Two different 32-bit counters
// do not pass that by chance, and one sample that differs parts them for the rest of the run.

namespace frugal::meter {

namespace {

constexpr std::uint64_t kTwinWindowUj = 150'000'000;  // most a counter moves between two reads
constexpr double kGapSamples = 10.0;
constexpr Seconds kEndlessPeriod{10.0};  // a reset loses no more than this

/// (to − from) modulo the counter's range; nothing where a step back cannot be a wrap.
std::optional<std::uint64_t> distance(std::uint64_t from, std::uint64_t to,
                                      const CounterLimits& limits) {
  if (to >= from) return to - from;
  if (!limits.modulus_uj || from >= *limits.modulus_uj) return std::nullopt;
  return to + (*limits.modulus_uj - from);
}

std::variant<CounterTrace, PowerTrace> trace_of(const Probe& probe) {
  using Trace = std::variant<CounterTrace, PowerTrace>;
  if (probe.kind == ProbeKind::kEnergy) {
    return Trace(std::in_place_type<CounterTrace>, probe.limits);
  }
  return Trace(std::in_place_type<PowerTrace>, kGapSamples * probe.sample_period);
}

}  // namespace

/// The summaries at one sample.
struct ProbeMeter::Moment final : Mark {
  Seconds at;
  std::vector<CounterSummary> sums;
  std::vector<bool> valued;  ///< whether the sample had a value
};

ProbeMeter::ProbeMeter(std::string name, std::string description, std::vector<Probe> probes,
                       ClockFn clock)
    : name_(std::move(name)), description_(std::move(description)), clock_(std::move(clock)) {
  FRUGAL_CHECK(!probes.empty());
  channels_.reserve(probes.size());
  for (const Probe& probe : probes) channels_.emplace_back(probe, trace_of(probe));
}

std::optional<Seconds> ProbeMeter::max_sample_period() const {
  const auto period = [](const Probe& probe) {
    if (probe.kind == ProbeKind::kPower) return probe.sample_period;
    return probe.limits.endless ? kEndlessPeriod : 0.5 * probe.limits.wrap_time();
  };
  Seconds shortest = period(channels_.front().probe);
  for (const Channel& channel : channels_) shortest = std::min(shortest, period(channel.probe));
  return shortest;
}

std::optional<std::uint64_t> ProbeMeter::read(Channel& channel) {
  ProbeValue value = channel.probe.read();
  const Probe& probe = channel.probe;
  const double most_uw = 1e6 * probe.limits.max_power.value();
  if (value.micro && probe.kind == ProbeKind::kPower &&
      static_cast<double>(*value.micro) > most_uw) {
    value = {.micro = std::nullopt,
             .problem = str("{:.4g} W, expected at most {:.4g} W",
                            1e-6 * static_cast<double>(*value.micro), 1e-6 * most_uw)};
  }
  if (!value.micro) channel.problem = std::move(value.problem);
  return value.micro;
}

void ProbeMeter::read_all(bool begin) {
  now_ = clock_();
  for (Channel& channel : channels_) {
    channel.latest = read(channel);
    const auto feed = [&](auto& trace) {
      if (begin) {
        trace.begin(now_, channel.latest);
      } else {
        (void)trace.add(now_, channel.latest);
      }
    };
    std::visit(feed, channel.trace);
  }
  std::erase_if(twins_, [this](Twins& twins) { return !agree(twins); });
}

void ProbeMeter::list_twins() {
  twins_.clear();
  for (std::size_t i = 0; i < channels_.size(); ++i) {
    const std::string& group = channels_[i].probe.twin_group;
    for (std::size_t j = i + 1; j < channels_.size() && !group.empty(); ++j) {
      if (channels_[j].probe.twin_group == group) {
        twins_.push_back({.first = i, .second = j, .agreements = 0});
      }
    }
  }
}

bool ProbeMeter::agree(Twins& twins) {
  Channel& first = channels_[twins.first];
  const Channel& second = channels_[twins.second];
  if (!first.latest || !second.latest) return true;  // nothing learnt
  if (*first.latest == *second.latest) {
    ++twins.agreements;
    return true;
  }
  const CounterLimits& limits = first.probe.limits;
  const auto apart = distance(*first.latest, *second.latest, limits);
  if (!apart || *apart > kTwinWindowUj) return false;
  const std::optional<std::uint64_t> again = read(first);
  const auto window = again ? distance(*first.latest, *again, limits) : std::nullopt;
  if (!window || *window > kTwinWindowUj || *apart > *window) return false;
  ++twins.agreements;
  return true;
}

bool ProbeMeter::has_moved(std::size_t index) const {
  const CounterSummary sum = summary(channels_[index]);
  return sum.energy_uj > 0 || sum.resets > 0 || sum.late > 0;
}

std::vector<std::optional<std::size_t>> ProbeMeter::mirrored() const {
  std::vector<std::optional<std::size_t>> original(channels_.size());
  for (const Twins& twins : twins_) {
    const bool sure = twins.agreements >= 2 && has_moved(twins.first) && has_moved(twins.second);
    if (sure && !original[twins.first]) original[twins.second] = twins.first;
  }
  return original;
}

CounterSummary ProbeMeter::summary(const Channel& channel) const {
  return std::visit([this](const auto& trace) { return trace.summary(now_); }, channel.trace);
}

void ProbeMeter::start() {
  list_twins();
  for (Channel& channel : channels_) channel.problem.clear();
  read_all(true);
  started_ = mark();
}

void ProbeMeter::sample() {
  FRUGAL_CHECK(started_ != nullptr);
  read_all(false);
}

std::shared_ptr<const Mark> ProbeMeter::mark() const {
  auto moment = std::make_shared<Moment>();
  moment->at = now_;
  for (const Channel& channel : channels_) {
    moment->sums.push_back(summary(channel));
    moment->valued.push_back(channel.latest.has_value());
  }
  return moment;
}

std::vector<Reading> ProbeMeter::since(const Mark& from) const {
  const auto* moment = dynamic_cast<const Moment*>(&from);
  FRUGAL_CHECK(moment != nullptr && moment->sums.size() == channels_.size());
  const std::vector<std::optional<std::size_t>> original = mirrored();
  std::vector<Reading> kept;
  for (std::size_t i = 0; i < channels_.size(); ++i) {
    const Probe& probe = channels_[i].probe;
    const CounterSummary whole = summary(channels_[i]);
    CounterSummary sum = between(moment->sums[i], whole);
    ++(moment->valued[i] ? sum.values : sum.failures);  // the sample it begins with
    const bool still = stood_still(probe, sum) || stood_still(probe, whole);
    const bool unfitted = probe.standstill == Standstill::kUnfitted && still;
    if (original[i] || unfitted) continue;
    Reading reading = probe_reading(
        probe,
        {.sum = sum, .time = now_ - moment->at, .problem = channels_[i].problem, .still = still});
    for (std::size_t j = i + 1; j < channels_.size(); ++j) {
      if (original[j] != i) continue;
      append_note(reading.note,
                  str("{} shows the same counter and is counted once", channels_[j].probe.domain));
    }
    kept.push_back(std::move(reading));
  }
  return kept;
}

std::vector<Reading> ProbeMeter::stop() {
  FRUGAL_CHECK(started_ != nullptr);
  read_all(false);
  const std::shared_ptr<const Mark> started = std::move(started_);
  started_ = nullptr;
  return since(*started);
}

}  // namespace frugal::meter
