#include "frugal/train/torch/communicator.h"

#ifndef USE_C10D_GLOO
#define USE_C10D_GLOO  // without it the header below is empty
#endif
#include <chrono>
#include <exception>
#include <string>
#include <string_view>
#include <thread>
#include <torch/csrc/distributed/c10d/ProcessGroupGloo.hpp>
#include <torch/csrc/distributed/c10d/TCPStore.hpp>
#include <utility>

#include "frugal/base/clock.h"
#include "frugal/base/error.h"
#include "frugal/base/str.h"

namespace frugal::train {

namespace {

constexpr auto kPoll = std::chrono::milliseconds(20);

// Gloo's messages begin with "[file:line] " and end in advice.
std::string reason_in(std::string_view text) {
  text = text.substr(0, text.find('\n'));
  if (text.starts_with('[')) {
    const std::size_t end = text.find("] ");
    if (end != std::string_view::npos) text.remove_prefix(end + 2);
  }
  return printable(text.substr(0, text.find(". This may indicate")));
}

[[noreturn]] void lost(std::size_t rank, std::size_t ranks, std::string_view why) {
  throw LostRanks(str("rank {} of {}: lost another rank ({}), expected all to go on", rank, ranks,
                      reason_in(why)));
}

/// Nothing to wait for.
class Arrived final : public Transfer {
 public:
  void wait() override {}
};

class Alone final : public Communicator {
 public:
  Alone() : Communicator(0, 1) {}

 protected:
  std::unique_ptr<Transfer> do_sum(const Tensor& /*x*/) override {
    return std::make_unique<Arrived>();
  }
  std::unique_ptr<Transfer> do_gather(const Tensor& own, std::vector<Tensor>& all) override {
    all = {own};
    return std::make_unique<Arrived>();
  }
  std::unique_ptr<Transfer> do_broadcast(const Tensor& /*x*/, std::size_t /*from*/) override {
    return std::make_unique<Arrived>();
  }
};

/// Gloo moves tensors of the CPU; those of a GPU go through copies.
class Gloo final : public Communicator {
 public:
  explicit Gloo(const Ranks& ranks);

 protected:
  std::unique_ptr<Transfer> do_sum(const Tensor& x) override;
  std::unique_ptr<Transfer> do_gather(const Tensor& own, std::vector<Tensor>& all) override;
  std::unique_ptr<Transfer> do_broadcast(const Tensor& x, std::size_t from) override;

 private:
  class Underway;

  void await_others(const Ranks& ranks) const;
  /// What `call` gives, c10d's faults as LostRanks.
  template <class Call>
  auto guarded(const Call& call) const {
    try {
      return call();
    } catch (const Error&) {
      throw;
    } catch (const std::exception& fault) {
      lost(rank(), this->ranks(), fault.what());
    }
  }

  c10::intrusive_ptr<c10d::TCPStore> store_;
  c10::intrusive_ptr<c10d::ProcessGroupGloo> group_;
};

class Gloo::Underway final : public Transfer {
 public:
  /// Afterwards each of `from` is copied to its `to`, where they differ.
  Underway(const Gloo& group, c10::intrusive_ptr<c10d::Work> work, std::vector<Tensor> from,
           std::vector<Tensor> to)
      : group_(group), work_(std::move(work)), from_(std::move(from)), to_(std::move(to)) {}

  void wait() override {
    group_.guarded([&] { return work_->wait(); });
    for (std::size_t i = 0; i < to_.size(); ++i) {
      if (!to_[i].is_same(from_[i])) to_[i].copy_(from_[i]);
    }
  }

 private:
  const Gloo& group_;
  c10::intrusive_ptr<c10d::Work> work_;
  std::vector<Tensor> from_;
  std::vector<Tensor> to_;
};

std::shared_ptr<gloo::transport::Device> device_of(const Ranks& ranks) {
  using c10d::ProcessGroupGloo;
  if (!ranks.interface.empty()) return ProcessGroupGloo::createDeviceForInterface(ranks.interface);
  // All on this machine: a host's name need not lead to an interface that works.
  const bool local = ranks.address == "localhost" || ranks.address.starts_with("127.");
  return local ? ProcessGroupGloo::createDeviceForHostname("127.0.0.1")
               : ProcessGroupGloo::createDefaultDevice();
}

// What `ranks` is told to call may throw errors of its own, which are none of c10d's.
Gloo::Gloo(const Ranks& ranks) : Communicator(ranks.rank, ranks.count) {
  const std::chrono::milliseconds patience(static_cast<std::int64_t>(1e3 * ranks.patience_s));
  c10d::TCPStoreOptions at;
  at.port = ranks.port;
  at.isServer = ranks.rank == 0;
  at.waitWorkers = false;  // `await_others` does, and can be told to give up
  at.timeout = patience;
  try {
    store_ = c10::make_intrusive<c10d::TCPStore>(ranks.address, at);
  } catch (const std::exception& fault) {
    throw LostRanks(str("rank {} of {}: cannot meet the others at {}:{} ({}), expected {} there",
                        ranks.rank, ranks.count, printable(ranks.address), ranks.port,
                        reason_in(fault.what()), ranks.rank == 0 ? "a free port" : "rank 0"));
  }
  if (ranks.rank == 0 && ranks.listening) ranks.listening(store_->getPort());
  await_others(ranks);
  group_ = guarded([&] {
    auto options = c10d::ProcessGroupGloo::Options::create(patience);
    options->devices.push_back(train::device_of(ranks));
    options->threads = 2;
    return c10::make_intrusive<c10d::ProcessGroupGloo>(store_, static_cast<int>(ranks.rank),
                                                       static_cast<int>(ranks.count), options);
  });
}

void Gloo::await_others(const Ranks& ranks) const {
  const auto wanted = static_cast<std::int64_t>(ranks.count);
  const auto add = [&](std::int64_t more) {
    return guarded([&] { return store_->add("frugal/here", more); });
  };
  const Seconds start = monotonic_now();
  for (std::int64_t here = add(1); here < wanted; here = add(0)) {
    if (ranks.waiting) ranks.waiting();
    if ((monotonic_now() - start).value() > ranks.patience_s) {
      throw LostRanks(str("rank {} of {}: {} came to {}:{} within {:.0f} s, expected all",
                          ranks.rank, ranks.count, here, ranks.address, ranks.port,
                          ranks.patience_s));
    }
    std::this_thread::sleep_for(kPoll);
  }
}

std::unique_ptr<Transfer> Gloo::do_sum(const Tensor& x) {
  std::vector<Tensor> moved = {x.is_cpu() ? x : x.cpu()};
  auto work = guarded([&] { return group_->allreduce(moved); });
  return std::make_unique<Underway>(*this, std::move(work), moved, std::vector{x});
}

std::unique_ptr<Transfer> Gloo::do_gather(const Tensor& own, std::vector<Tensor>& all) {
  std::vector<Tensor> moved = {own.is_cpu() ? own : own.cpu()};
  std::vector<std::vector<Tensor>> arriving(1);
  all.clear();
  for (std::size_t r = 0; r < ranks(); ++r) {
    arriving[0].push_back(at::empty_like(moved[0]));
    all.push_back(own.is_cpu() ? arriving[0].back() : at::empty_like(own));
  }
  auto work = guarded([&] { return group_->allgather(arriving, moved); });
  return std::make_unique<Underway>(*this, std::move(work), arriving[0], all);
}

std::unique_ptr<Transfer> Gloo::do_broadcast(const Tensor& x, std::size_t from) {
  std::vector<Tensor> moved = {x.is_cpu() ? x : x.cpu()};
  c10d::BroadcastOptions options;
  options.rootRank = static_cast<decltype(options.rootRank)>(from);
  auto work = guarded([&] { return group_->broadcast(moved, options); });
  return std::make_unique<Underway>(*this, std::move(work), moved, std::vector{x});
}

/// Counts the time that its user waits.
class Timed final : public Transfer {
 public:
  Timed(Communicator& communicator, std::unique_ptr<Transfer> inner)
      : communicator_(communicator), inner_(std::move(inner)) {}
  void wait() override {
    const Communicator::Clock clock(communicator_);
    inner_->wait();
  }

 private:
  Communicator& communicator_;
  std::unique_ptr<Transfer> inner_;
};

}  // namespace

Communicator::Clock::Clock(Communicator& communicator)
    : communicator_(communicator), start_(monotonic_now()) {
  ++communicator_.clocks_;
}

Communicator::Clock::~Clock() {
  if (--communicator_.clocks_ == 0) communicator_.so_far_.time += monotonic_now() - start_;
}

std::unique_ptr<Transfer> Communicator::begin_sum(const Tensor& x) {
  FRUGAL_CHECK(x.is_contiguous());
  const Clock clock(*this);
  so_far_.bytes += 2 * (ranks_ - 1) * x.nbytes();
  return std::make_unique<Timed>(*this, do_sum(x));
}

std::unique_ptr<Transfer> Communicator::begin_gather(const Tensor& own, std::vector<Tensor>& all) {
  FRUGAL_CHECK(own.is_contiguous());
  const Clock clock(*this);
  so_far_.bytes += ranks_ * (ranks_ - 1) * own.nbytes();
  return std::make_unique<Timed>(*this, do_gather(own, all));
}

void Communicator::sum(const Tensor& x) {
  begin_sum(x)->wait();
}

std::unique_ptr<Transfer> Communicator::begin_broadcast(const Tensor& x, std::size_t from) {
  FRUGAL_CHECK(x.is_contiguous());
  const Clock clock(*this);
  so_far_.bytes += (ranks_ - 1) * x.nbytes();
  return std::make_unique<Timed>(*this, do_broadcast(x, from));
}

void Communicator::broadcast(const Tensor& x, std::size_t from) {
  begin_broadcast(x, from)->wait();
}

void Communicator::meet() {
  sum(at::zeros({1}, at::kFloat));
}

std::unique_ptr<Communicator> connect(const Ranks& ranks) {
  FRUGAL_CHECK(ranks.rank < ranks.count);
  if (ranks.count == 1) return std::make_unique<Alone>();
  return std::make_unique<Gloo>(ranks);
}

}  // namespace frugal::train
