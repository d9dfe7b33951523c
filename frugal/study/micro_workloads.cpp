#include "frugal/study/micro_workloads.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <memory>
#include <thread>

#include "frugal/base/clock.h"
#include "frugal/base/thread_pool.h"
#include "frugal/kernels/elementwise.h"
#include "frugal/kernels/matmul.h"
#include "frugal/kernels/quantize.h"
#include "frugal/kernels/softmax.h"
#include "frugal/meter/cpu_time.h"
#include "frugal/tensor/codec.h"

// A price is visible where its operations or bytes come many to the CPU second, and those of the
// others few.  The loops differ in that mixture only; that every busy loop also takes CPU seconds
// is what `spin` is for: it takes nothing else.

namespace frugal::study {

namespace {

constexpr std::size_t kCols = 256;
constexpr std::size_t kNearBytes = 8192;                   // a quarter of the nearest cache
constexpr std::size_t kFarBytes = std::size_t{64} << 20U;  // beyond a thread's share of any cache
constexpr std::size_t kMostBatch = 16;
constexpr std::size_t kSoftmaxCols = 1024;
constexpr std::size_t kSumCols = 16384;  // two rows of 64 KiB
constexpr std::size_t kRowsOfPiece = 512;

/// Stored rows, all of them the same numbers.
struct Rows {
  std::vector<std::byte> bytes;
  kernels::StoredMatrix matrix;
  std::size_t next = 0;  ///< where the next piece begins

  Rows(DType type, std::size_t size) {
    const std::size_t row_size = row_bytes(type, kCols).value();
    std::vector<float> row(kCols);
    for (std::size_t c = 0; c < kCols; ++c) row[c] = 0.01F * static_cast<float>(c % 17) - 0.08F;
    const std::size_t rows = size / row_size;
    bytes.resize(rows * row_size);
    for (std::size_t r = 0; r < rows; ++r) encode_row(type, row, bytes.data() + (r * row_size));
    matrix = {
        .type = type, .data = bytes.data(), .rows = rows, .cols = kCols, .row_bytes = row_size};
  }
};

/// What one thread works on.
struct Bench {
  const kernels::Kernels& kernels;
  std::vector<float> x = std::vector<float>(kMostBatch * kCols, 0.5F);
  kernels::QuantizedRows quantized = {};
  std::vector<float> out = {};
  Rows near_q8{DType::kQ8_0, kNearBytes};
  Rows near_f32{DType::kF32, kNearBytes};
  Rows far_q8{DType::kQ8_0, kFarBytes};
  Rows far_f32{DType::kF32, kFarBytes};
  std::vector<float> scores = std::vector<float>(kSoftmaxCols, 0.1F);
  std::vector<float> sum = std::vector<float>(kSumCols, 1.0F);
  std::vector<float> zeros = std::vector<float>(kSumCols, 0.0F);
  std::uint64_t state = 88172645463325252;

  explicit Bench(const kernels::Kernels& table) : kernels(table) {
    quantized.resize(kMostBatch, kCols);
    kernels::quantize(kernels, {x.data(), kMostBatch, kCols, kCols}, quantized);
  }

  /// The product of `count` rows from where the last one ended.
  Cost multiply(Rows& rows, std::size_t count, std::size_t batch) {
    const std::size_t all = rows.matrix.rows;
    count = std::min(count, all);
    if (rows.next + count > all) rows.next = 0;
    out.resize(batch * all);
    kernels::matmul(kernels, rows.matrix,
                    {.x = {x.data(), batch, kCols, kCols}, .quantized = quantized.view()},
                    rows.next, rows.next + count, {out.data(), batch, all, all});
    rows.next += count;
    return kernels::matmul_cost(rows.matrix.type, count, kCols, batch);
  }

  Cost softmax_some(std::size_t times) {
    for (std::size_t i = 0; i < times; ++i) {
      kernels::softmax(kernels, {scores.data(), 1, kSoftmaxCols, kSoftmaxCols});
    }
    return times * kernels::softmax_cost(1, kSoftmaxCols);
  }

  Cost spin() {
    constexpr int kSteps = 200'000;
    for (int i = 0; i < kSteps; ++i) {
      state ^= state << 13U;
      state ^= state >> 7U;
      state ^= state << 17U;
    }
    return {};
  }
};

/// The weights lay in a cache.
Cost near(Cost cost) {
  auto& dram = cost.bytes[static_cast<std::size_t>(Traffic::kDram)];
  cost.add(Traffic::kCache, dram);
  dram = 0;
  return cost;
}

Cost many(std::size_t times, const std::function<Cost()>& piece) {
  Cost cost;
  for (std::size_t i = 0; i < times; ++i) cost += piece();
  return cost;
}

using Piece = Cost (*)(Bench& bench);  // about a millisecond

Cost int8_piece(Bench& bench) {
  return near(many(100, [&] { return bench.multiply(bench.near_q8, kRowsOfPiece, 8); }));
}
Cost float_piece(Bench& bench) {
  return near(many(100, [&] { return bench.multiply(bench.near_f32, kRowsOfPiece, 8); }));
}
Cost special_piece(Bench& bench) {
  return bench.softmax_some(500);
}
Cost cache_piece(Bench& bench) {
  return many(50, [&bench] {
    kernels::add(bench.kernels, {bench.sum.data(), 1, kSumCols, kSumCols},
                 {bench.zeros.data(), 1, kSumCols, kSumCols});
    return kernels::add_cost(1, kSumCols);
  });
}
Cost dram_piece(Bench& bench) {
  return bench.multiply(bench.far_f32, kRowsOfPiece, 1);
}
Cost decode_piece(Bench& bench) {
  return bench.multiply(bench.far_q8, 4 * kRowsOfPiece, 1) + bench.softmax_some(4);
}
Cost prefill_piece(Bench& bench) {
  return bench.multiply(bench.far_q8, kRowsOfPiece, kMostBatch) + bench.softmax_some(16);
}
Cost spin_piece(Bench& bench) {
  return bench.spin();
}

/// The threads and what they work on, made when the first loop starts.
class Team {
 public:
  Team(const kernels::Kernels& kernels, std::size_t threads) : kernels_(kernels), pool_(threads) {}

  meter::Activity run(Piece piece, Seconds target) {
    make_benches();
    std::vector<Cost> costs(pool_.size());
    return timed(
        [&] {
          const Seconds started = monotonic_now();
          pool_.run([&](std::size_t member) {
            Cost done;
            do {
              done += piece(*benches_[member]);
            } while (monotonic_now() - started < target);
            costs[member] = done;
          });
        },
        costs);
  }

  static meter::Activity rest(Seconds target) {
    return timed(
        [&] { std::this_thread::sleep_for(std::chrono::duration<double>(target.value())); }, {});
  }

  void make_benches() {
    if (!benches_.empty()) return;
    benches_.resize(pool_.size());
    // By the thread that uses it, so that the memory is near its processor.
    pool_.run([&](std::size_t member) { benches_[member] = std::make_unique<Bench>(kernels_); });
  }

 private:
  template <class Function>
  static meter::Activity timed(Function&& work, const std::vector<Cost>& costs) {
    const meter::CpuTimeSource cpu = meter::process_cpu_time();
    const Seconds before = cpu.read().value_or(Seconds(0.0));
    const Seconds started = monotonic_now();
    work();
    meter::Activity activity{.time = monotonic_now() - started,
                             .cpu = cpu.read().value_or(Seconds(0.0)) - before};
    for (const Cost& cost : costs) activity.cost += cost;
    return activity;
  }

  const kernels::Kernels& kernels_;
  ThreadPool pool_;
  std::vector<std::unique_ptr<Bench>> benches_;
};

}  // namespace

std::vector<MicroWorkload> micro_workloads(const kernels::Kernels& kernels, std::size_t threads) {
  struct Row {
    const char* name;
    bool held_out;
    Piece piece;
  };
  constexpr std::array kRows = {
      Row{"spin", false, spin_piece},    Row{"int8", false, int8_piece},
      Row{"float", false, float_piece},  Row{"special", false, special_piece},
      Row{"cache", false, cache_piece},  Row{"dram", false, dram_piece},
      Row{"decode", true, decode_piece}, Row{"prefill", true, prefill_piece}};
  const auto team = std::make_shared<Team>(kernels, threads);
  std::vector<MicroWorkload> out;
  out.push_back({.name = "idle", .held_out = false, .run = [team](Seconds target) {
                   team->make_benches();
                   return Team::rest(target);
                 }});
  for (const Row& row : kRows) {
    out.push_back(
        {.name = row.name,
         .held_out = row.held_out,
         .run = [team, piece = row.piece](Seconds target) { return team->run(piece, target); }});
  }
  return out;
}

}  // namespace frugal::study
