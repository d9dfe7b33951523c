#pragma once

/// Small loops that each make one price of the energy model visible.

#include <functional>
#include <string>
#include <vector>

#include "frugal/kernels/kernels.h"
#include "frugal/meter/energy_model.h"

namespace frugal::study {

struct MicroWorkload {
  std::string name;
  bool held_out = false;  ///< a mixture, kept to judge the fit
  /// Goes on for about that long, and says what it did.
  std::function<meter::Activity(Seconds target)> run;
};

/// Loops over the engine's own kernels, counted by their own cost functions:
///
///   idle      nothing                         special   softmax of a row in the nearest cache
///   spin      a chain of shifts in registers  cache     sums of rows in the second cache
///   int8      Q8_0 products in a near cache   dram      float32 products of rows from memory
///   float     float32 products there          decode, prefill (held out): Q8_0 products of rows
///                                             from memory, one and sixteen at a time, with softmax
///
/// Each thread has its own data, 64 MiB of it for the loops that read memory; it is made on the
/// first call.  Bytes that a loop keeps in caches count as such, whatever the cost function
/// expects. Errors:  those of ThreadPool. Threads: `run` of one workload at a time; it uses
/// `threads` of them.
[[nodiscard]] std::vector<MicroWorkload> micro_workloads(const kernels::Kernels& kernels,
                                                         std::size_t threads);

}  // namespace frugal::study
