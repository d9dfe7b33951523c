#include "frugal/train/torch/parallel.h"

#include <cstring>
#include <string_view>
#include <utility>

#include "frugal/base/error.h"
#include "frugal/base/str.h"

namespace frugal::train {

namespace {

Tensor numbers(const std::vector<double>& values) {
  const Tensor out = at::empty({static_cast<std::int64_t>(values.size())}, at::kDouble);
  std::memcpy(out.data_ptr<double>(), values.data(), values.size() * sizeof(double));
  return out;
}

Tensor bytes(const std::string& text) {
  const Tensor out = at::empty({static_cast<std::int64_t>(text.size())}, at::kByte);
  std::memcpy(out.data_ptr<std::uint8_t>(), text.data(), text.size());
  return out;
}

// The state as numbers: counts are below 2^53.
std::vector<double> packed(const RunState& s, std::uint64_t optimizer_steps, bool resumed) {
  const auto number = [](std::uint64_t count) { return static_cast<double>(count); };
  return {number(s.step),
          number(s.tokens),
          s.seconds,
          s.loss,
          s.validation,
          number(s.data.epoch),
          number(s.data.row),
          s.schedule.factor,
          s.schedule.best,
          number(s.schedule.waited),
          number(optimizer_steps),
          resumed ? 1.0 : 0.0};
}

void unpack(const double* at, RunState& s, Optimizer& optimizer, bool& resumed) {
  const auto count = [&at] { return static_cast<std::uint64_t>(*at++); };
  const auto number = [&at] { return *at++; };
  s.step = count();
  s.tokens = count();
  s.seconds = number();
  s.loss = number();
  s.validation = number();
  s.data.epoch = count();
  s.data.row = count();
  s.schedule.factor = number();
  s.schedule.best = number();
  s.schedule.waited = static_cast<std::uint32_t>(count());
  optimizer.resume(count());
  resumed = number() != 0.0;
}

void check_same(Communicator& communicator, const std::string& run) {
  const Tensor length = numbers({static_cast<double>(run.size())});
  communicator.broadcast(length, 0);
  std::string first = run;
  first.resize(static_cast<std::size_t>(length.item<double>()));
  const Tensor text = bytes(first);
  communicator.broadcast(text, 0);
  first.assign(reinterpret_cast<const char*>(text.data_ptr<std::uint8_t>()), first.size());
  if (first == run) return;
  throw Error(ErrorKind::kInvalidArgument,
              str("rank {} of {}: is to train '{}', rank 0 '{}', expected the same recipe and data",
                  communicator.rank(), communicator.ranks(), printable(run), printable(first)));
}

}  // namespace

Parallel::Parallel(const ParallelRecipe& recipe, const Ranks& ranks)
    : recipe_(recipe), communicator_(connect(ranks)) {}

std::string Parallel::name() const {
  return str("rank {} of {}", rank(), ranks());
}

void Parallel::leader_first(const std::function<void()>& work) {
  if (leads()) work();
  if (!alone()) communicator_->meet();
  if (!leads()) work();
}

void Parallel::attach(Optimizer& optimizer) {
  optimizer_ = &optimizer;
  if (alone()) return;
  if (recipe_.every > 1) {
    outer_ = std::make_unique<OuterStep>(*communicator_, recipe_, optimizer.slots());
  } else {
    gradients_ = std::make_unique<GradientSync>(*communicator_, recipe_, optimizer.slots());
  }
}

std::vector<Parameter> Parallel::memory() const {
  return outer_ ? outer_->memory() : std::vector<Parameter>();
}

bool Parallel::start(Network& network, Optimizer& optimizer, RunState& state, bool resumed,
                     const std::string& run) {
  if (alone()) return resumed;
  check_same(*communicator_, run);
  const Tensor shared = numbers(packed(state, optimizer.steps(), resumed));
  communicator_->broadcast(shared, 0);
  unpack(shared.data_ptr<double>(), state, optimizer, resumed);
  for (const Parameter& p : network.parameters()) communicator_->broadcast(p.value.detach(), 0);
  if (resumed) {
    for (const Slot& slot : optimizer.slots()) {
      for (const Tensor& one : slot.state) communicator_->broadcast(one, 0);
    }
    for (const Parameter& p : memory()) communicator_->broadcast(p.value, 0);
  }
  if (outer_) outer_->start();
  if (recipe_.shard_optimizer) shards_.emplace(*communicator_, optimizer);
  return resumed;
}

std::vector<double> Parallel::sums(const std::vector<double>& own) {
  if (alone()) return own;
  const Tensor shared = numbers(own);
  communicator_->sum(shared);
  const double* first = shared.data_ptr<double>();
  return {first, first + own.size()};
}

Parallel::Counts Parallel::counts(const Counts& own) {
  if (alone()) return own;
  if (outer_) {
    own_tokens_ += static_cast<std::int64_t>(own.tokens);
    return {.targets = own.targets, .tokens = own.tokens * ranks()};
  }
  const auto all = sums({static_cast<double>(own.targets), static_cast<double>(own.tokens)});
  return {.targets = static_cast<std::uint64_t>(all[0]),
          .tokens = static_cast<std::uint64_t>(all[1])};
}

void Parallel::before_last_backward() {
  if (gradients_) gradients_->arm();
}

double Parallel::after_backward(double loss) {
  if (!gradients_) return loss;
  gradients_->finish();
  return sums({loss})[0];
}

std::int64_t Parallel::finish_step(std::uint64_t step, bool last) {
  if (shards_) shards_->share_values();
  if (!outer_) return 0;
  met_ = step % recipe_.every == 0 || last;
  if (!met_) return 0;
  outer_->step();
  const std::int64_t counted = std::exchange(own_tokens_, 0);
  const double all = sums({static_cast<double>(counted)})[0];
  return static_cast<std::int64_t>(all) - (counted * static_cast<std::int64_t>(ranks()));
}

void Parallel::before_checkpoint() {
  if (shards_) shards_->gather();
}

void Parallel::after_checkpoint() {
  if (shards_) shards_->drop();
}

void Parallel::restore() {
  if (outer_) outer_->restore();
}

std::optional<Communication> Parallel::so_far() const {
  if (alone()) return std::nullopt;
  return communicator_->so_far();
}

}  // namespace frugal::train
