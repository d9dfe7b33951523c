#include "frugal/meter/fake.h"

#include <algorithm>

#include "frugal/base/error.h"
#include "frugal/base/str.h"

namespace frugal::meter {

FakeMeter::FakeMeter(Watts power, ClockFn clock) : power_(power), clock_(std::move(clock)) {}

FakeMeter::FakeMeter(std::vector<std::vector<Reading>> answers)
    : answers_(answers.begin(), answers.end()) {
  FRUGAL_CHECK(!answers_.empty());
  for (const std::vector<Reading>& answer : answers_) FRUGAL_CHECK(!answer.empty());
}

std::string FakeMeter::description() const {
  return answers_.empty() ? str("a constant {:g} W", power_.value()) : "prepared readings";
}

void FakeMeter::start() {
  ++starts_;
  running_ = true;
  if (clock_) started_ = clock_();
}

void FakeMeter::sample() {
  FRUGAL_CHECK(running_);
  ++samples_;
}

std::vector<Reading> FakeMeter::stop() {
  FRUGAL_CHECK(running_);
  running_ = false;
  ++stops_;
  if (!answers_.empty()) {
    std::vector<Reading> answer = answers_.front();
    if (answers_.size() > 1) answers_.pop_front();
    return answer;
  }
  const Seconds time = std::max(clock_() - started_, Seconds(0.0));
  return {{.domain = "fake",
           .boundary = Boundary::kDevice,
           .quality = Quality::kMeasured,
           .energy = power_ * time,
           .uncertainty = Joules(0.0),
           .time = time,
           .note = {}}};
}

}  // namespace frugal::meter
