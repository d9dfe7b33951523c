#pragma once

/// Private to this folder: what ranks say to each other.  The only door to c10d.

#include <ATen/ATen.h>

#include <cstdint>
#include <memory>
#include <vector>

#include "frugal/train/ranks.h"

namespace frugal::train {

using at::Tensor;

/// Something on its way between ranks.
class Transfer {
 public:
  Transfer() = default;
  virtual ~Transfer() = default;
  Transfer(const Transfer&) = delete;
  Transfer& operator=(const Transfer&) = delete;

  /// Returns when the results are in place.
  /// Errors: LostRanks.
  virtual void wait() = 0;
};

/// A group of ranks.  Every rank makes the same calls in the same order, with tensors of equal
/// shapes and types; results have the same bits on every rank.
///
/// Shapes:  any; tensors are contiguous and stay untouched until the transfer was waited for.
/// Numbers: bytes are counted from the sizes, as the fewest that such an exchange between n ranks
///          moves: 2 (n - 1) b for a sum of b bytes, n (n - 1) b for a gathering, (n - 1) b for a
///          broadcast.
/// Errors:  LostRanks, naming this rank, for all that goes wrong with the others.
/// Threads: one at a time; transfers go on beside it.
/// Source:  Patarasuk and Yuan 2009, "Bandwidth optimal all-reduce algorithms", for the sum.
class Communicator {
 public:
  Communicator(std::size_t rank, std::size_t ranks) : rank_(rank), ranks_(ranks) {}
  virtual ~Communicator() = default;
  Communicator(const Communicator&) = delete;
  Communicator& operator=(const Communicator&) = delete;

  [[nodiscard]] std::size_t rank() const { return rank_; }
  [[nodiscard]] std::size_t ranks() const { return ranks_; }

  /// x = Σ over ranks of x
  [[nodiscard]] std::unique_ptr<Transfer> begin_sum(const Tensor& x);
  /// all[r] = own of rank r
  [[nodiscard]] std::unique_ptr<Transfer> begin_gather(const Tensor& own, std::vector<Tensor>& all);
  /// x = x of rank `from`
  [[nodiscard]] std::unique_ptr<Transfer> begin_broadcast(const Tensor& x, std::size_t from);
  void sum(const Tensor& x);
  void broadcast(const Tensor& x, std::size_t from);
  /// Returns when all ranks have called it.
  void meet();

  [[nodiscard]] const Communication& so_far() const { return so_far_; }

  /// While one lives, time counts as spent on communication.
  class Clock {
   public:
    explicit Clock(Communicator& communicator);
    ~Clock();
    Clock(const Clock&) = delete;
    Clock& operator=(const Clock&) = delete;

   private:
    Communicator& communicator_;
    Seconds start_;
  };

 protected:
  virtual std::unique_ptr<Transfer> do_sum(const Tensor& x) = 0;
  virtual std::unique_ptr<Transfer> do_gather(const Tensor& own, std::vector<Tensor>& all) = 0;
  virtual std::unique_ptr<Transfer> do_broadcast(const Tensor& x, std::size_t from) = 0;

 private:
  std::size_t rank_;
  std::size_t ranks_;
  Communication so_far_;
  int clocks_ = 0;
};

/// Meets the others; a group of one needs no network.
///
/// Rank 0 listens on all its interfaces, without secrets: for networks that are trusted.
/// Errors: LostRanks when the others do not come in time; what `ranks.waiting` throws.
/// Source: the rendezvous of torch.distributed: TCPStore, then Gloo over TCP between all pairs.
[[nodiscard]] std::unique_ptr<Communicator> connect(const Ranks& ranks);

}  // namespace frugal::train
