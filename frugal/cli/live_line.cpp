#include "frugal/cli/live_line.h"

#include <unistd.h>

#include <algorithm>
#include <cstdio>

#include "frugal/base/str.h"
#include "frugal/cli/json_of.h"

namespace frugal::cli {

namespace {

void add(std::vector<meter::Reading>& sums, const meter::Reading& lap) {
  const auto found = std::find_if(sums.begin(), sums.end(), [&](const meter::Reading& sum) {
    return sum.domain == lap.domain;
  });
  if (found == sums.end()) return sums.push_back(lap);
  found->energy += lap.energy;
  found->time += lap.time;
  found->quality = std::max(found->quality, lap.quality);
}

}  // namespace

LiveLine::LiveLine() : LiveLine(isatty(STDERR_FILENO) != 0) {}

LiveLine::~LiveLine() {
  if (drawn_ && terminal_) std::fputs("\r\x1b[K", stderr);
}

void LiveLine::update(Seconds at, const std::vector<meter::Reading>& lap) {
  constexpr Seconds kOnTerminal{0.5};
  constexpr Seconds kElsewhere{10.0};
  for (const meter::Reading& reading : lap) add(sums_, reading);
  if (at - drawn_at_ < (terminal_ ? kOnTerminal : kElsewhere)) return;
  const std::string text = live_text(at, sums_);
  std::fputs((terminal_ ? str("\r\x1b[K{}", text) : text + "\n").c_str(), stderr);
  std::fflush(stderr);
  drawn_ = true;
  drawn_at_ = at;
  sums_.clear();
}

std::string live_text(Seconds at, const std::vector<meter::Reading>& sums) {
  std::string text = str("{:.1f} s", at.value());
  for (const meter::Reading& sum : sums) {
    const bool known = sum.quality != meter::Quality::kUnavailable && sum.time > Seconds(0.0);
    text += str("  {} {}", sum.domain, known ? power_text(sum.energy / sum.time) : "unknown");
  }
  return text;
}

}  // namespace frugal::cli
