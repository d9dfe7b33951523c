#pragma once

/// What every kind of study is told.

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "frugal/base/progress.h"
#include "frugal/kernels/kernels.h"
#include "frugal/ledger/ledger.h"
#include "frugal/meter/meter.h"

namespace frugal::study {

struct StudyOptions {
  std::filesystem::path model;
  std::filesystem::path out_dir;     ///< made if absent; results of an earlier run are replaced
  std::vector<std::size_t> threads;  ///< empty: 1, 2, 4 … up to the CPUs
  std::uint64_t seed = 1;
  const kernels::Kernels* kernels = nullptr;
  std::string command;
  std::string version;
  std::function<std::unique_ptr<meter::Meter>()> make_meter;
  std::function<void(const ledger::Ledger&, const std::filesystem::path&)> write_report;
  ProgressFn progress = {};
};

}  // namespace frugal::study
