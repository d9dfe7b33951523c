#include "frugal/cli/progress_bar.h"

#include <algorithm>
#include <cstdio>

#include "frugal/base/clock.h"
#include "frugal/base/str.h"

namespace frugal::cli {

namespace {
constexpr int kBarWidth = 28;
constexpr double kRedrawSeconds = 0.1;
constexpr double kLineSeconds = 10.0;
constexpr double kStageLineSeconds = 1.0;  // between the first lines of short stages

std::string minutes(double seconds) {
  const auto whole = static_cast<std::int64_t>(seconds + 0.5);
  if (whole >= 3600) {
    return str("{}:{:02}:{:02}", whole / 3600, whole / 60 % 60, whole % 60);
  }
  return str("{}:{:02}", whole / 60, whole % 60);
}
}  // namespace

std::string progress_text(const ProgressUpdate& update, Seconds elapsed, std::uint64_t first) {
  const std::string detail = update.detail.empty() ? "" : str("  {}", update.detail);
  if (update.total == 0) return str("{}  {}{}", update.stage, minutes(elapsed.value()), detail);
  const double share =
      std::min(1.0, static_cast<double>(update.done) / static_cast<double>(update.total));
  const auto filled = static_cast<std::size_t>(share * kBarWidth);
  const std::string bar = std::string(filled, '#') + std::string(kBarWidth - filled, '.');
  const bool known = update.done > first && elapsed.value() > 0.2;
  const double each = known ? elapsed.value() / static_cast<double>(update.done - first) : 0.0;
  const double left = static_cast<double>(update.total - std::min(update.done, update.total));
  const std::string eta = known ? str("  ETA {}", minutes(each * left)) : "";
  return str("{:<20} [{}] {:3.0f} %{}{}", update.stage, bar, 100.0 * share, eta, detail);
}

ProgressBar::ProgressBar(bool terminal) : terminal_(terminal) {}

ProgressBar::~ProgressBar() {
  if (drawn_) std::fputs("\r\x1b[K", stderr);
}

void ProgressBar::update(const ProgressUpdate& update) {
  const Seconds now = monotonic_now();
  const bool new_stage = update.stage != stage_;
  if (new_stage) {
    stage_ = update.stage;
    stage_start_ = now;
    stage_first_ = update.done;
  }
  const double line_due = new_stage ? kStageLineSeconds : kLineSeconds;
  if ((now - last_).value() < (terminal_ ? kRedrawSeconds : line_due)) return;
  last_ = now;
  if (terminal_) {
    draw(update, now - stage_start_);
  } else {
    print_line(update, now - stage_start_);
  }
}

void ProgressBar::draw(const ProgressUpdate& update, Seconds elapsed) {
  std::fprintf(stderr, "\r\x1b[K%s", progress_text(update, elapsed, stage_first_).c_str());
  std::fflush(stderr);
  drawn_ = true;
}

void ProgressBar::print_line(const ProgressUpdate& update, Seconds elapsed) const {
  std::fprintf(stderr, "%s\n", progress_text(update, elapsed, stage_first_).c_str());
}

}  // namespace frugal::cli
