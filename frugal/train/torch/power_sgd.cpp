#include "frugal/train/torch/power_sgd.h"

#include <ATen/CPUGeneratorImpl.h>

#include <utility>
#include <vector>

namespace frugal::train {

namespace {

// Seeds that all ranks share: of the first Q, and of columns in place of those that vanished.
constexpr std::uint64_t kFirstSeed = 20'190'531;
constexpr std::uint64_t kColumnSeed = 13'727;

Tensor random_numbers(at::IntArrayRef shape, const Tensor& like, std::uint64_t seed) {
  return at::randn(shape, at::detail::createCPUGenerator(seed), at::TensorOptions(at::kFloat))
      .to(like.device());
}

class PowerSgd final : public Compressor {
 public:
  PowerSgd(Communicator& communicator, const Bucket& bucket, std::int64_t k);

  void begin() override;
  bool advance() override;

 private:
  struct Matrix {
    Tensor part;  ///< in the bucket
    Tensor left;  ///< M during a step, between steps what was not sent
    Tensor p;     ///< in first_
    Tensor q;     ///< in second_
  };
  void lay_out(std::int64_t k);
  void send_right_sides();

  Communicator& communicator_;
  std::vector<Matrix> matrices_;
  std::vector<Tensor> plain_;       ///< parts that are summed as they are
  std::vector<Tensor> plain_sent_;  ///< those in first_
  Tensor first_;                    ///< every P, then what is plain
  Tensor second_;                   ///< every Q
  bool right_sides_sent_ = false;
  std::unique_ptr<Transfer> transfer_;
};

PowerSgd::PowerSgd(Communicator& communicator, const Bucket& bucket, std::int64_t k)
    : communicator_(communicator) {
  for (const Tensor& part : bucket.parts) {
    const bool thin = part.dim() == 2 && part.size(0) >= k && part.size(1) >= k &&
                      (part.size(0) + part.size(1)) * k < part.numel();
    if (thin) {
      matrices_.push_back({part, at::zeros_like(part), {}, {}});
    } else {
      plain_.push_back(part);
    }
  }
  lay_out(k);
}

void PowerSgd::lay_out(std::int64_t k) {
  std::int64_t firsts = 0;
  std::int64_t seconds = 0;
  for (const Tensor& part : plain_) firsts += part.numel();
  for (const Matrix& m : matrices_) {
    firsts += m.part.size(0) * k;
    seconds += m.part.size(1) * k;
  }
  const Tensor& like = matrices_.empty() ? plain_.front() : matrices_.front().part;
  first_ = at::zeros({firsts}, like.options());
  second_ = random_numbers({seconds}, like, kFirstSeed);
  firsts = 0;
  seconds = 0;
  for (Matrix& m : matrices_) {
    const std::int64_t rows = m.part.size(0);
    const std::int64_t cols = m.part.size(1);
    m.p = first_.narrow(0, firsts, rows * k).view({rows, k});
    m.q = second_.narrow(0, seconds, cols * k).view({cols, k});
    firsts += rows * k;
    seconds += cols * k;
  }
  for (const Tensor& part : plain_) {
    plain_sent_.push_back(first_.narrow(0, firsts, part.numel()).view(part.sizes()));
    firsts += part.numel();
  }
}

void PowerSgd::begin() {
  for (const Matrix& m : matrices_) {
    m.left.add_(m.part);
    m.p.copy_(at::mm(m.left, m.q));
  }
  for (std::size_t i = 0; i < plain_.size(); ++i) plain_sent_[i].copy_(plain_[i]);
  right_sides_sent_ = false;
  transfer_ = communicator_.begin_sum(first_);
}

void PowerSgd::send_right_sides() {
  for (const Matrix& m : matrices_) {
    orthogonalise(m.p);
    m.q.copy_(at::mm(m.left.t(), m.p));
    m.left.sub_(at::mm(m.p, m.q.t()));
  }
  right_sides_sent_ = true;
  transfer_ = communicator_.begin_sum(second_);
}

bool PowerSgd::advance() {
  transfer_->wait();
  if (!right_sides_sent_) {
    for (std::size_t i = 0; i < plain_.size(); ++i) plain_[i].copy_(plain_sent_[i]);
    if (matrices_.empty()) return true;
    send_right_sides();
    return false;
  }
  for (const Matrix& m : matrices_) m.part.copy_(at::mm(m.p, m.q.t()));
  return true;
}

// Takes out of column `at` what lies along those before it; what is left of its norm.
double project_out(const Tensor& x, std::int64_t at) {
  Tensor column = x.select(1, at);
  for (std::int64_t before = 0; before < at; ++before) {
    const Tensor other = x.select(1, before);
    column.sub_(other * (other * column).sum());
  }
  return column.norm().item<double>();
}

}  // namespace

void orthogonalise(const Tensor& x) {
  constexpr double kVanished = 1e-5;  // of the column's norm: the rest is rounding
  for (std::int64_t at = 0; at < x.size(1); ++at) {
    Tensor column = x.select(1, at);
    const double before = column.norm().item<double>();
    double after = project_out(x, at);
    if (!(after > kVanished * before)) {
      column.copy_(random_numbers({x.size(0)}, x, kColumnSeed + static_cast<std::uint64_t>(at)));
      after = project_out(x, at);
    }
    column.div_(after);
  }
}

std::unique_ptr<Compressor> make_power_sgd(Communicator& communicator, const Bucket& bucket,
                                           std::int64_t k) {
  return std::make_unique<PowerSgd>(communicator, bucket, k);
}

}  // namespace frugal::train
