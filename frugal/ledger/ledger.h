#pragma once

/// The record of what was run and what it took: append-only, in SQLite.

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "frugal/account/receipt.h"
#include "frugal/base/units.h"
#include "frugal/base/work.h"
#include "frugal/meter/meter.h"

namespace frugal::ledger {

using RunId = std::int64_t;

/// Who ran what where.  Written once, when the run begins.
struct RunInfo {
  std::string verb;      ///< "run", "bench", "optimize"
  std::string command;   ///< the command line
  std::string model;     ///< file name
  std::string plan;      ///< "" outside a study, else the plan's label, e.g. "Q8_0, 2 threads"
  std::string settings;  ///< JSON: isa, threads, seed, workload …
  std::string machine;   ///< JSON: processor, CPUs, memory, kernel
  std::string version;   ///< of frugal
};

/// A named figure with its interval: "nll", "kld", "joules_per_token".
struct Metric {
  std::string name;
  double value = 0.0;
  std::optional<double> std_err = std::nullopt;
  std::optional<double> low = std::nullopt;   ///< 95 %
  std::optional<double> high = std::nullopt;  ///< 95 %
  std::int64_t count = 0;                     ///< samples behind it
};

/// A fact in words: "verdict", "decision", "chosen".
struct Note {
  std::string key;
  std::string text;
};

/// Mean power of one domain over the time since the sample before, or since the run began.
struct PowerSample {
  std::string domain;
  Seconds at;  ///< its end, since the run began
  Watts power;
};

struct Run {
  RunId id = 0;
  std::optional<RunId> parent;  ///< the study this run belongs to
  std::string started_at;       ///< UTC
  std::string finished_at;      ///< empty: it never finished
  RunInfo info;
  std::vector<meter::Reading> readings;
  std::optional<account::Receipt> receipt;
  std::vector<Metric> metrics;
  std::vector<Note> notes;
  std::vector<PowerSample> power;  ///< in the order they were taken

  [[nodiscard]] const Metric* metric(std::string_view name) const;  ///< the latest of that name
  [[nodiscard]] std::string_view note(std::string_view key) const;  ///< the latest, or empty
};

/// A ledger file.
///
/// Durability: every `add_…` and `finish` is one committed transaction (WAL, synchronous = FULL);
///             a process killed at any moment loses at most the call in progress.
/// Errors: kNotFound, kPermission, kIo (full disk); kCorrupt for a file that is no ledger;
///         kUnsupported for a ledger written by a newer version.  Older ones are migrated on open.
/// Threads: one at a time per object; several processes may append to one file.
class Ledger {
 public:
  enum class Mode { kReadOnly, kAppend };

  static constexpr int kSchemaVersion = 2;

  /// kAppend creates the file when there is none, and brings an older one up to date.  kReadOnly
  /// needs no right to write and checks the whole file for damage first.
  explicit Ledger(const std::filesystem::path& path, Mode mode = Mode::kAppend);
  ~Ledger();
  Ledger(Ledger&&) noexcept;
  Ledger& operator=(Ledger&&) noexcept;

  [[nodiscard]] RunId begin(const RunInfo& info, std::optional<RunId> parent = std::nullopt);
  void add_readings(RunId run, const std::vector<meter::Reading>& readings);
  void add_receipt(RunId run, const account::Receipt& receipt);
  void add_metric(RunId run, const Metric& metric);
  void add_note(RunId run, const Note& note);
  void add_power(RunId run, const std::vector<PowerSample>& samples);
  void finish(RunId run);

  /// All runs in order, with everything recorded of them.
  [[nodiscard]] std::vector<Run> runs() const;
  [[nodiscard]] std::optional<Run> run(RunId id) const;
  [[nodiscard]] std::vector<Run> children(RunId parent) const;

 private:
  struct Database;
  std::unique_ptr<Database> database_;
};

}  // namespace frugal::ledger
