#include "frugal/train/torch/compressor.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <utility>

#include "frugal/base/error.h"
#include "frugal/train/torch/power_sgd.h"

namespace frugal::train {

namespace {

class Plain final : public Compressor {
 public:
  Plain(Communicator& communicator, Tensor flat)
      : communicator_(communicator), flat_(std::move(flat)) {}

  void begin() override { transfer_ = communicator_.begin_sum(flat_); }
  bool advance() override {
    transfer_->wait();
    return true;
  }

 private:
  Communicator& communicator_;
  Tensor flat_;
  std::unique_ptr<Transfer> transfer_;
};

class Half final : public Compressor {
 public:
  Half(Communicator& communicator, Tensor flat)
      : communicator_(communicator), flat_(std::move(flat)) {}

  void begin() override {
    const double limit = kLargest / static_cast<double>(communicator_.ranks());
    // x - x is 0, but NaN for an infinite x, which must not become a large number.
    const Tensor scaled = (flat_ * scale_).clamp_(-limit, limit).add_(flat_ - flat_);
    sent_ = scaled.to(at::kHalf);
    transfer_ = communicator_.begin_sum(sent_);
  }
  bool advance() override {
    transfer_->wait();
    flat_.copy_(sent_).div_(scale_);
    const double largest = flat_.abs().max().item<double>();
    if (std::isfinite(largest) && largest > 0.0) {
      scale_ = std::exp2(std::clamp(std::floor(std::log2(kAim / largest)), -60.0, 60.0));
    }
    return true;
  }

 private:
  static constexpr double kLargest = 65504.0;
  static constexpr double kAim = 16.0;  // 2^12 below overflow, 2^28 above the smallest number

  Communicator& communicator_;
  Tensor flat_;
  Tensor sent_;
  double scale_ = 1.0;  ///< of all ranks alike: from a sum that is
  std::unique_ptr<Transfer> transfer_;
};

class Bytes final : public Compressor {
 public:
  Bytes(Communicator& communicator, Tensor flat)
      : communicator_(communicator),
        flat_(std::move(flat)),
        blocks_((flat_.numel() + kBlock - 1) / kBlock),
        values_(at::zeros({blocks_ * kBlock}, flat_.options())) {}

  void begin() override {
    values_.narrow(0, 0, flat_.numel()).add_(flat_);
    Tensor rows = values_.view({blocks_, kBlock});
    const Tensor unit = std::get<0>(rows.abs().max(1, true)) / 127.0;
    const Tensor divisor = unit.masked_fill(unit.eq(0.0), 1.0);
    const Tensor steps = (rows / divisor).nan_to_num(0.0).round_().to(at::kChar);
    rows.sub_(steps * unit);
    const Tensor sent =
        at::cat({steps.view(-1).view(at::kByte), unit.view(-1).view(at::kByte)}).contiguous();
    transfer_ = communicator_.begin_gather(sent, all_);
  }
  bool advance() override {
    transfer_->wait();
    flat_.zero_();
    for (const Tensor& one : all_) {
      const Tensor steps = one.narrow(0, 0, blocks_ * kBlock).view(at::kChar);
      const Tensor unit = one.narrow(0, blocks_ * kBlock, blocks_ * 4).view(at::kFloat);
      const Tensor sum = steps.view({blocks_, kBlock}) * unit.view({blocks_, 1});
      flat_.add_(sum.view(-1).narrow(0, 0, flat_.numel()));
    }
    all_.clear();
    return true;
  }

 private:
  static constexpr std::int64_t kBlock = 256;

  Communicator& communicator_;
  Tensor flat_;
  std::int64_t blocks_;
  Tensor values_;  ///< between steps: what was not sent
  std::vector<Tensor> all_;
  std::unique_ptr<Transfer> transfer_;
};

class TopShare final : public Compressor {
 public:
  TopShare(Communicator& communicator, Tensor flat, double share)
      : communicator_(communicator), flat_(std::move(flat)), values_(at::zeros_like(flat_)) {
    FRUGAL_CHECK(flat_.numel() <= std::numeric_limits<std::int32_t>::max());
    const double exact = share * static_cast<double>(flat_.numel());
    count_ = std::clamp<std::int64_t>(std::llround(exact), 1, flat_.numel());
  }

  void begin() override {
    values_.add_(flat_);
    const Tensor at = std::get<1>(values_.abs().topk(count_, 0, true, false));
    const Tensor sent = at::cat({at.to(at::kInt), values_.index_select(0, at).view(at::kInt)});
    values_.index_fill_(0, at, 0.0);
    transfer_ = communicator_.begin_gather(sent, all_);
  }
  bool advance() override {
    transfer_->wait();
    flat_.zero_();
    for (const Tensor& one : all_) {
      flat_.index_add_(0, one.narrow(0, 0, count_).to(at::kLong),
                       one.narrow(0, count_, count_).view(at::kFloat));
    }
    all_.clear();
    return true;
  }

 private:
  Communicator& communicator_;
  Tensor flat_;
  Tensor values_;  ///< between steps: what was not sent
  std::int64_t count_ = 0;
  std::vector<Tensor> all_;
  std::unique_ptr<Transfer> transfer_;
};

}  // namespace

std::unique_ptr<Compressor> make_compressor(const ParallelRecipe& recipe,
                                            Communicator& communicator, const Bucket& bucket) {
  if (recipe.compress == "fp16") return std::make_unique<Half>(communicator, bucket.flat);
  if (recipe.compress == "int8") return std::make_unique<Bytes>(communicator, bucket.flat);
  if (recipe.compress == "topk") {
    return std::make_unique<TopShare>(communicator, bucket.flat, recipe.top_share);
  }
  if (recipe.compress == "powersgd") {
    return make_power_sgd(communicator, bucket, static_cast<std::int64_t>(recipe.rank));
  }
  FRUGAL_CHECK(recipe.compress == "none");
  return std::make_unique<Plain>(communicator, bucket.flat);
}

}  // namespace frugal::train
