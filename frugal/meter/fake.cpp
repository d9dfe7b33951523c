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

struct FakeMeter::Moment final : Mark {
  explicit Moment(Seconds time) : at(time) {}
  Seconds at;
};

void FakeMeter::start() {
  ++starts_;
  running_ = true;
  if (clock_) started_ = latest_ = clock_();
}

void FakeMeter::sample() {
  FRUGAL_CHECK(running_);
  ++samples_;
  if (clock_) latest_ = clock_();
}

std::shared_ptr<const Mark> FakeMeter::mark() const {
  return std::make_shared<Moment>(latest_);
}

std::vector<Reading> FakeMeter::since(const Mark& from) const {
  if (!answers_.empty()) return answers_.front();
  const auto* moment = dynamic_cast<const Moment*>(&from);
  FRUGAL_CHECK(moment != nullptr);
  const Seconds time = std::max(latest_ - moment->at, Seconds(0.0));
  return {{.domain = "fake",
           .boundary = Boundary::kDevice,
           .quality = Quality::kMeasured,
           .energy = power_ * time,
           .uncertainty = Joules(0.0),
           .time = time,
           .note = {}}};
}

std::vector<Reading> FakeMeter::stop() {
  FRUGAL_CHECK(running_);
  running_ = false;
  ++stops_;
  if (clock_) latest_ = clock_();
  std::vector<Reading> answer = since(Moment(started_));
  if (answers_.size() > 1) answers_.pop_front();
  return answer;
}

}  // namespace frugal::meter
