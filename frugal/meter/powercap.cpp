#include "frugal/meter/powercap.h"

#include <algorithm>
#include <cerrno>
#include <cmath>

#include "frugal/base/error.h"
#include "frugal/base/str.h"
#include "frugal/meter/small_file.h"

// One clock value and one read of every counted zone make a sample; the traces judge the steps.
//
// Mirrored dies.  Some processors list two packages that show one counter; adding them doubles the
// energy.  Two domains of a kind whose counters agree at every sample, and move, are one.  The
// counter may tick between the two reads, so unequal values get a second look: read the first
// again, and if the second lies between the two values of the first, they still agree.  Two
// different 32-bit counters do not pass that by chance, and one sample that differs parts them for
// the rest of the span.

namespace frugal::meter {

namespace {

constexpr Seconds kUpdatePeriod{0.001};
constexpr double kShortSpanPeriods = 5.0;
constexpr Watts kShortSpanPower{20.0};  // assumed where the span is too short to show a power
constexpr Seconds kStandstill{1.0};     // no package draws less than one count in this time
constexpr double kBridgeDoubt = 0.01;   // of energy across failed samples: a reset may hide there
constexpr std::uint64_t kTwinWindowUj = 150'000'000;  // most a counter moves between two reads
constexpr double kUniform = 3.4641016151377544;       // sqrt(12): width over standard deviation

std::string permission_help(const std::filesystem::path& file) {
  return str(
      "{}: may be read by root only, since fast readers can spy on other programs "
      "(PLATYPUS, CVE-2020-8694); on a machine you trust, until the next boot: "
      "`sudo chmod -R a+r /sys/class/powercap/intel-rapl`",
      file.string());
}

void append_note(std::string& note, const std::string& more) {
  if (!note.empty()) note += "; ";
  note += more;
}

/// (to − from) modulo the counter's range; nothing where a step back cannot be a wrap.
std::optional<std::uint64_t> distance(std::uint64_t from, std::uint64_t to,
                                      const CounterLimits& limits) {
  if (to >= from) return to - from;
  if (!limits.modulus_uj || from >= *limits.modulus_uj) return std::nullopt;
  return to + (*limits.modulus_uj - from);
}

Joules deviation(const CounterSummary& sum, const CounterLimits& limits) {
  const double covered_s = sum.covered.value();
  const double energy_j = sum.energy().value();
  double power_w = covered_s > 0.0 ? energy_j / covered_s : 0.0;
  const double loss_j = power_w * sum.lost.value();
  if (covered_s < kShortSpanPeriods * kUpdatePeriod.value()) {
    power_w = std::min(std::max(power_w, kShortSpanPower.value()), limits.max_power.value());
  }
  const double count_j = limits.quantum().value() / kUniform;
  const double edge_j = power_w * kUpdatePeriod.value();
  const double bridge_j = kBridgeDoubt * 1e-6 * static_cast<double>(sum.bridged_uj);
  return Joules(std::sqrt((2.0 * count_j * count_j) + (2.0 * edge_j * edge_j) +
                          (bridge_j * bridge_j) + (loss_j * loss_j)));
}

std::string trace_note(const CounterSummary& sum, const CounterLimits& limits,
                       const std::string& problem) {
  std::string note;
  if (sum.failures > 0) {
    append_note(note, str("{} of {} samples failed: energy_uj {}", sum.failures,
                          sum.failures + sum.values, problem));
  }
  if (sum.resets > 0) append_note(note, str("the counter was reset {} time(s)", sum.resets));
  if (sum.late > 0) {
    append_note(note, str("{} sample(s) came later than the {:.0f} s in which the counter can wrap",
                          sum.late, limits.wrap_time().value()));
  }
  if (sum.lost > Seconds(0.0)) {
    append_note(note, str("{:.3g} s without known energy", sum.lost.value()));
  }
  return note;
}

}  // namespace

PowercapMeter::PowercapMeter(const std::filesystem::path& root, ClockFn clock)
    : root_(root), clock_(std::move(clock)), tree_(scan_powercap(root)) {
  open_domains();
}

void PowercapMeter::open_domains() {
  for (const std::size_t index : tree_.counted) {
    const Zone& zone = tree_.zones[index];
    const std::filesystem::path counter = zone.folder / "energy_uj";
    const SmallNumber first = read_number(counter);
    if (!first.value && (first.code == EACCES || first.code == EPERM)) {
      throw Error(ErrorKind::kPermission, permission_help(counter));
    }
    if (!first.value && zone.kind != ZoneKind::kDram) {
      throw Error(ErrorKind::kUnsupported, str("{}: {}", counter.string(), first.problem));
    }
    if (!first.value) {
      left_out_.push_back(str("{}: energy_uj {}", zone.domain, first.problem));
      continue;
    }
    domains_.push_back({.zone = index,
                        .counter = counter,
                        .trace = CounterTrace(zone.limits),
                        .first = std::nullopt,
                        .latest = std::nullopt,
                        .moved = false,
                        .problem = {}});
  }
}

std::string PowercapMeter::description() const {
  std::string added;
  std::string others;
  std::vector<bool> is_counted(tree_.zones.size(), false);
  for (const Domain& domain : domains_) {
    const Zone& zone = zone_of(domain);
    is_counted[domain.zone] = true;
    added += str("{}{}{}", added.empty() ? "" : " + ", zone.domain,
                 zone.disabled ? " (its limit is disabled)" : "");
  }
  for (std::size_t i = 0; i < tree_.zones.size(); ++i) {
    if (!is_counted[i]) others += (others.empty() ? "" : ", ") + tree_.zones[i].domain;
  }
  std::string text =
      str("RAPL counters of {}: {}", (root_ / "sys" / "class" / "powercap").string(), added);
  if (!others.empty()) text += str("; not added: {}", others);
  for (const std::string& reason : left_out_) text += str("; left out: {}", reason);
  return text;
}

std::optional<Seconds> PowercapMeter::max_sample_period() const {
  Seconds shortest = domains_.front().trace.limits().wrap_time();
  for (const Domain& domain : domains_) {
    shortest = std::min(shortest, domain.trace.limits().wrap_time());
  }
  return 0.5 * shortest;
}

std::optional<std::uint64_t> PowercapMeter::read(Domain& domain) {
  SmallNumber number = read_number(domain.counter);
  if (!number.value) {
    domain.problem = std::move(number.problem);
    return std::nullopt;
  }
  if (!domain.first) domain.first = number.value;
  domain.moved = domain.moved || *domain.first != *number.value;
  return number.value;
}

Seconds PowercapMeter::read_all(bool begin) {
  const Seconds now = clock_();
  for (Domain& domain : domains_) {
    domain.latest = read(domain);
    if (begin) {
      domain.trace.begin(now, domain.latest);
    } else {
      domain.trace.add(now, domain.latest);
    }
  }
  std::erase_if(twins_, [this](Twins& twins) { return !agree(twins); });
  return now;
}

void PowercapMeter::list_twins() {
  twins_.clear();
  for (std::size_t i = 0; i < domains_.size(); ++i) {
    for (std::size_t j = i + 1; j < domains_.size(); ++j) {
      if (zone_of(domains_[i]).kind == zone_of(domains_[j]).kind) {
        twins_.push_back({.first = i, .second = j, .agreements = 0});
      }
    }
  }
}

bool PowercapMeter::agree(Twins& twins) {
  Domain& first = domains_[twins.first];
  const Domain& second = domains_[twins.second];
  if (!first.latest || !second.latest) return true;  // nothing learnt
  if (*first.latest == *second.latest) {
    ++twins.agreements;
    return true;
  }
  const CounterLimits& limits = first.trace.limits();
  const auto apart = distance(*first.latest, *second.latest, limits);
  if (!apart || *apart > kTwinWindowUj) return false;
  const std::optional<std::uint64_t> again = read(first);
  const auto window = again ? distance(*first.latest, *again, limits) : std::nullopt;
  if (!window || *window > kTwinWindowUj || *apart > *window) return false;
  ++twins.agreements;
  return true;
}

std::vector<std::optional<std::size_t>> PowercapMeter::mirrored() const {
  std::vector<std::optional<std::size_t>> original(domains_.size());
  for (const Twins& twins : twins_) {
    const bool both_moved = domains_[twins.first].moved && domains_[twins.second].moved;
    const bool sure = both_moved && twins.agreements >= 2;
    if (sure && !original[twins.first]) original[twins.second] = twins.first;
  }
  return original;
}

void PowercapMeter::start() {
  list_twins();
  for (Domain& domain : domains_) {
    domain.first.reset();
    domain.moved = false;
    domain.problem.clear();
  }
  started_ = read_all(true);
  running_ = true;
}

void PowercapMeter::sample() {
  FRUGAL_CHECK(running_);
  read_all(false);
}

std::vector<Reading> PowercapMeter::stop() {
  FRUGAL_CHECK(running_);
  const Seconds now = read_all(false);
  running_ = false;
  const std::vector<std::optional<std::size_t>> original = mirrored();
  std::vector<Reading> readings(domains_.size());
  for (std::size_t i = 0; i < domains_.size(); ++i) readings[i] = reading(domains_[i], now);

  std::vector<Reading> kept;
  for (std::size_t i = 0; i < domains_.size(); ++i) {
    const bool still = !domains_[i].moved && domains_[i].trace.summary(now).covered >= kStandstill;
    const bool unfitted = still && zone_of(domains_[i]).kind == ZoneKind::kDram;
    if (original[i] || unfitted) continue;
    for (std::size_t j = i + 1; j < domains_.size(); ++j) {
      if (original[j] != i) continue;
      append_note(readings[i].note, str("{} shows the same counter and is counted once",
                                        zone_of(domains_[j]).domain));
    }
    kept.push_back(std::move(readings[i]));
  }
  return kept;
}

Reading PowercapMeter::reading(const Domain& domain, Seconds now) const {
  const CounterLimits& limits = domain.trace.limits();
  const CounterSummary sum = domain.trace.summary(now);
  Reading result{.domain = zone_of(domain).domain,
                 .boundary = Boundary::kDevice,
                 .quality = Quality::kMeasured,
                 .energy = sum.energy(),
                 .uncertainty = deviation(sum, limits),
                 .time = std::max(now - started_, Seconds(0.0)),
                 .note = trace_note(sum, limits, domain.problem)};
  const bool still = !domain.moved && sum.covered >= kStandstill;
  if (still) {
    append_note(result.note, str("the counter stood still for {:.3g} s{}", sum.covered.value(),
                                 zone_of(domain).disabled ? " and the zone is disabled" : ""));
  }
  const bool unknown = sum.values < 2 || sum.lost > sum.covered;
  if (still || unknown) {
    result.quality = Quality::kUnavailable;
    result.energy = Joules(0.0);
    result.uncertainty = Joules(0.0);
  }
  return result;
}

}  // namespace frugal::meter
