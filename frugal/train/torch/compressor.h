#pragma once

/// Private to this folder: sums over ranks that move fewer bytes than they should.

#include <memory>

#include "frugal/train/recipe.h"
#include "frugal/train/torch/bucket.h"
#include "frugal/train/torch/communicator.h"

namespace frugal::train {

/// Replaces the numbers of one bucket by their sum over ranks, or what comes near it.  With x_r the
/// numbers of rank r, e_r what it has not sent so far (at first 0), v_r = x_r + e_r:
///
///   none      Σ x_r
///   fp16      Σ half(s x_r) / s, s a power of two that makes the largest number of the sum before
///             about 16; what would overflow is cut off
///   int8      Σ q_r d_r of blocks of 256: d_r = max |v_r| / 127, q_r = round(v_r / d_r);
///             e_r = v_r - q_r d_r
///   topk      Σ t_r, t_r the share of v_r's numbers that are largest without their signs, 0 for
///             the rest; e_r = v_r - t_r
///   powersgd  see power_sgd.h
///
/// Numbers: all ranks get the same bits; a number that is none stays none.  Over many steps
///          everything is sent: what an error-feeding rule leaves out now it adds later.
///          Between n ranks they move 2 (n - 1) b bytes where b is the size of what is sent, but
///          int8 and topk n (n - 1) b: what they send cannot be added on its way.
/// Errors:  LostRanks.
/// Threads: one at a time.
/// Source:  Micikevicius et al. 2017, arXiv:1710.03740 (scaling); Dettmers 2015, arXiv:1511.04561
///          (8 bits); Stich et al. 2018, arXiv:1809.07599 (topk); Karimireddy et al. 2019,
///          arXiv:1901.09847 (error feedback).
class Compressor {
 public:
  Compressor() = default;
  virtual ~Compressor() = default;
  Compressor(const Compressor&) = delete;
  Compressor& operator=(const Compressor&) = delete;

  /// Sends what the bucket holds, which must not be touched from now on.
  virtual void begin() = 0;
  /// Waits for what is on its way.  True: the bucket holds the sum.  False: more was sent.
  [[nodiscard]] virtual bool advance() = 0;
};

/// By `recipe.compress`.  Bucket and communicator must live as long as it.
[[nodiscard]] std::unique_ptr<Compressor> make_compressor(const ParallelRecipe& recipe,
                                                          Communicator& communicator,
                                                          const Bucket& bucket);

}  // namespace frugal::train
