#include "frugal/ledger/rows.h"

#include <algorithm>
#include <limits>
#include <string>

#include "frugal/base/error.h"
#include "frugal/base/str.h"

// Numbers come back bit by bit as they were given, with three stated exceptions: the energy of an
// unavailable reading is not kept (it means nothing, and a zero must never stand for it), -0 comes
// back as 0, and a NaN comes back as some NaN, because SQLite knows neither.

namespace frugal::ledger {

namespace {

constexpr double kNotANumber = std::numeric_limits<double>::quiet_NaN();

// Counts above 2^63 keep their bits and look negative in SQL.
std::int64_t stored(std::uint64_t count) {
  return static_cast<std::int64_t>(count);
}
std::uint64_t restored(std::int64_t count) {
  return static_cast<std::uint64_t>(count);
}

std::optional<double> known(const meter::Reading& reading, Joules energy) {
  if (reading.quality == meter::Quality::kUnavailable) return std::nullopt;
  return energy.value();
}

void insert_reading(sqlite::Statement& insert, RunId run, const meter::Reading& reading) {
  insert.run(run, std::string_view(reading.domain), meter::boundary_name(reading.boundary),
             meter::quality_name(reading.quality), known(reading, reading.energy),
             known(reading, reading.uncertainty), reading.time.value(),
             std::string_view(reading.note));
}

[[noreturn]] void unknown_word(const sqlite::Connection& connection, std::string_view what,
                               std::string_view word) {
  throw Error(ErrorKind::kCorrupt,
              str("{}: unknown {} '{}'", connection.name(), what, printable(word)));
}

// Reads domain, boundary, quality, energy_j, energy_j_std, time_s, note from column 0 on.
meter::Reading reading_of(const sqlite::Connection& connection, const sqlite::Statement& row) {
  meter::Reading reading;
  reading.domain = row.text(0);
  const std::string boundary = row.text(1);
  const std::string quality = row.text(2);
  const auto known_boundary = meter::boundary_from_name(boundary);
  const auto known_quality = meter::quality_from_name(quality);
  if (!known_boundary) unknown_word(connection, "boundary", boundary);
  if (!known_quality) unknown_word(connection, "quality", quality);
  reading.boundary = *known_boundary;
  reading.quality = *known_quality;
  if (reading.quality != meter::Quality::kUnavailable) {
    reading.energy = Joules(row.optional_real(3).value_or(kNotANumber));
    reading.uncertainty = Joules(row.optional_real(4).value_or(kNotANumber));
  }
  reading.time = Seconds(row.optional_real(5).value_or(kNotANumber));
  reading.note = row.text(6);
  return reading;
}

Phase phase_of(const sqlite::Connection& connection, std::string_view name) {
  const auto* found = std::find_if(kAllPhases.begin(), kAllPhases.end(),
                                   [name](Phase phase) { return phase_name(phase) == name; });
  if (found == kAllPhases.end()) unknown_word(connection, "phase", name);
  return *found;
}

// Reads the columns of `phase` after its name, in the order of select_phases.
void read_phase(const sqlite::Statement& row, Phase phase, account::Receipt& receipt) {
  if (receipt.total.quality != meter::Quality::kUnavailable) {
    account::Share& energy = receipt.phases[static_cast<std::size_t>(phase)];
    energy.energy = Joules(row.optional_real(1).value_or(kNotANumber));
    energy.uncertainty = Joules(row.optional_real(2).value_or(kNotANumber));
  }
  PhaseWork& work = receipt.work[phase];
  work.time = Seconds(row.optional_real(3).value_or(kNotANumber));
  int column = 4;
  for (std::uint64_t* count :
       {&work.prompt_tokens, &work.cached_tokens, &work.output_tokens, &work.rejected_tokens}) {
    *count = restored(row.integer(column++));
  }
  for (std::uint64_t& count : work.cost.ops) count = restored(row.integer(column++));
  for (std::uint64_t& count : work.cost.bytes) count = restored(row.integer(column++));
  for (std::uint64_t* count : {&work.layers_skipped, &work.recomputed_tokens}) {
    *count = restored(row.integer(column++));
  }
  for (Seconds* time : {&work.rejected_time, &work.recomputed_time}) {
    *time = Seconds(row.optional_real(column++).value_or(kNotANumber));
  }
}

constexpr std::string_view kRejected = "rejected";
constexpr std::string_view kRecomputed = "recomputed";
constexpr std::string_view kLayer = "layer";

// Reads part, energy_j, energy_j_std, time_s.
void read_part(const sqlite::Connection& connection, const sqlite::Statement& row,
               account::Receipt& receipt) {
  const std::string name = row.text(0);
  account::Share share;
  if (receipt.total.quality != meter::Quality::kUnavailable) {
    share.energy = Joules(row.optional_real(1).value_or(kNotANumber));
    share.uncertainty = Joules(row.optional_real(2).value_or(kNotANumber));
  }
  if (name == kRejected) {
    receipt.rejected = share;
  } else if (name == kRecomputed) {
    receipt.recomputed = share;
  } else if (name == kLayer) {
    std::vector<Seconds> times(receipt.work.layers().size() + 1);
    times.back() = Seconds(row.optional_real(3).value_or(kNotANumber));
    receipt.work.add_layers(times);
    if (receipt.total.quality != meter::Quality::kUnavailable) receipt.layers.push_back(share);
  } else {
    unknown_word(connection, "part", name);
  }
}

void insert_parts(sqlite::Connection& connection, RunId run, const account::Receipt& receipt) {
  sqlite::Statement insert = connection.prepare(
      "INSERT INTO part (run, part, number, energy_j, energy_j_std, time_s)"
      " VALUES (?1, ?2, ?3, ?4, ?5, ?6)");
  const auto add = [&](std::string_view name, std::size_t number, const account::Share& share,
                       Seconds time) {
    insert.run(run, name, static_cast<std::int64_t>(number), known(receipt.total, share.energy),
               known(receipt.total, share.uncertainty), time.value());
  };
  const PhaseWork all = receipt.work.total();
  if (all.rejected_tokens > 0) add(kRejected, 0, receipt.rejected, all.rejected_time);
  if (all.recomputed_tokens > 0) add(kRecomputed, 0, receipt.recomputed, all.recomputed_time);
  const std::vector<Seconds>& layers = receipt.work.layers();
  for (std::size_t i = 0; i < layers.size(); ++i) {
    add(kLayer, i, i < receipt.layers.size() ? receipt.layers[i] : account::Share{}, layers[i]);
  }
}

// The columns of `phase`; those that an older file lacks are 0.
std::string select_phases(std::int64_t version) {
  return str(
      "SELECT phase, energy_j, energy_j_std, time_s, prompt_tokens, cached_tokens,"
      " output_tokens, rejected_tokens, ops_float, ops_int8, ops_special, bytes_dram,"
      " bytes_cache, bytes_device, bytes_network, bytes_storage, {} FROM phase"
      " WHERE run = ?1",
      version < 2 ? "0, 0, 0.0, 0.0"
                  : "layers_skipped, recomputed_tokens, rejected_time_s, recomputed_time_s");
}

// The statements that fill one run, prepared once for all runs.
class RecordReader {
 public:
  explicit RecordReader(const sqlite::Connection& connection)
      : connection_(connection),
        version_(connection.integer("PRAGMA user_version")),
        readings_(connection.prepare("SELECT domain, boundary, quality, energy_j, energy_j_std,"
                                     " time_s, note FROM reading WHERE run = ?1 ORDER BY id")),
        receipt_(connection.prepare("SELECT domain, boundary, quality, energy_j, energy_j_std,"
                                    " time_s, note FROM receipt WHERE run = ?1")),
        phases_(connection.prepare(select_phases(version_))),
        metrics_(connection.prepare("SELECT name, value, std_err, low, high, count FROM metric"
                                    " WHERE run = ?1 ORDER BY id")),
        notes_(connection.prepare("SELECT key, text FROM note WHERE run = ?1 ORDER BY id")) {
    if (version_ < 2) return;
    parts_ = connection.prepare(
        "SELECT part, energy_j, energy_j_std, time_s FROM part"
        " WHERE run = ?1 ORDER BY part, number");
    power_ = connection.prepare(
        "SELECT domain, at_s, power_w FROM power WHERE run = ?1"
        " ORDER BY id");
  }

  void fill(Run& run) {
    readings_.bind(run.id);
    while (readings_.step()) run.readings.push_back(reading_of(connection_, readings_));
    run.receipt = receipt(run.id);
    metrics_.bind(run.id);
    while (metrics_.step()) {
      run.metrics.push_back({.name = metrics_.text(0),
                             .value = metrics_.optional_real(1).value_or(kNotANumber),
                             .std_err = metrics_.optional_real(2),
                             .low = metrics_.optional_real(3),
                             .high = metrics_.optional_real(4),
                             .count = metrics_.integer(5)});
    }
    notes_.bind(run.id);
    while (notes_.step()) run.notes.push_back({.key = notes_.text(0), .text = notes_.text(1)});
    if (!power_) return;
    power_->bind(run.id);
    while (power_->step()) {
      run.power.push_back({.domain = power_->text(0),
                           .at = Seconds(power_->optional_real(1).value_or(kNotANumber)),
                           .power = Watts(power_->optional_real(2).value_or(kNotANumber))});
    }
  }

 private:
  std::optional<account::Receipt> receipt(RunId run) {
    receipt_.bind(run);
    if (!receipt_.step()) return std::nullopt;
    account::Receipt receipt;
    receipt.total = reading_of(connection_, receipt_);
    phases_.bind(run);
    while (phases_.step()) {
      read_phase(phases_, phase_of(connection_, phases_.text(0)), receipt);
    }
    if (!parts_) return receipt;
    parts_->bind(run);
    while (parts_->step()) read_part(connection_, *parts_, receipt);
    return receipt;
  }

  const sqlite::Connection& connection_;
  std::int64_t version_;
  sqlite::Statement readings_;
  sqlite::Statement receipt_;
  sqlite::Statement phases_;
  sqlite::Statement metrics_;
  sqlite::Statement notes_;
  std::optional<sqlite::Statement> parts_ = std::nullopt;
  std::optional<sqlite::Statement> power_ = std::nullopt;
};

}  // namespace

RunId insert_run(sqlite::Connection& connection, const RunInfo& info, std::optional<RunId> parent,
                 std::string_view started_at) {
  sqlite::Statement insert = connection.prepare(
      "INSERT INTO run (parent, started_at, verb, command, model, plan, settings, machine, version)"
      " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)");
  insert.run(parent, started_at, std::string_view(info.verb), std::string_view(info.command),
             std::string_view(info.model), std::string_view(info.plan),
             std::string_view(info.settings), std::string_view(info.machine),
             std::string_view(info.version));
  return connection.last_insert_id();
}

void insert_readings(sqlite::Connection& connection, RunId run,
                     const std::vector<meter::Reading>& readings) {
  sqlite::Statement insert = connection.prepare(
      "INSERT INTO reading (run, domain, boundary, quality, energy_j, energy_j_std, time_s, note)"
      " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)");
  for (const meter::Reading& reading : readings) insert_reading(insert, run, reading);
}

void insert_receipt(sqlite::Connection& connection, RunId run, const account::Receipt& receipt) {
  sqlite::Statement insert_total = connection.prepare(
      "INSERT INTO receipt (run, domain, boundary, quality, energy_j, energy_j_std, time_s, note)"
      " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)");
  insert_reading(insert_total, run, receipt.total);
  sqlite::Statement insert = connection.prepare(
      "INSERT INTO phase (run, phase, energy_j, energy_j_std, time_s, prompt_tokens, cached_tokens,"
      " output_tokens, rejected_tokens, ops_float, ops_int8, ops_special, bytes_dram, bytes_cache,"
      " bytes_device, bytes_network, bytes_storage, layers_skipped, recomputed_tokens,"
      " rejected_time_s, recomputed_time_s) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11,"
      " ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21)");
  for (const Phase phase : kAllPhases) {
    const PhaseWork& work = receipt.work[phase];
    const Cost& cost = work.cost;
    insert.run(run, phase_name(phase), known(receipt.total, receipt[phase].energy),
               known(receipt.total, receipt[phase].uncertainty), work.time.value(),
               stored(work.prompt_tokens), stored(work.cached_tokens), stored(work.output_tokens),
               stored(work.rejected_tokens), stored(cost.op(Op::kFloat)),
               stored(cost.op(Op::kInt8)), stored(cost.op(Op::kSpecial)),
               stored(cost.traffic(Traffic::kDram)), stored(cost.traffic(Traffic::kCache)),
               stored(cost.traffic(Traffic::kDevice)), stored(cost.traffic(Traffic::kNetwork)),
               stored(cost.traffic(Traffic::kStorage)), stored(work.layers_skipped),
               stored(work.recomputed_tokens), work.rejected_time.value(),
               work.recomputed_time.value());
  }
  insert_parts(connection, run, receipt);
}

void insert_power(sqlite::Connection& connection, RunId run,
                  const std::vector<PowerSample>& samples) {
  sqlite::Statement insert =
      connection.prepare("INSERT INTO power (run, domain, at_s, power_w) VALUES (?1, ?2, ?3, ?4)");
  for (const PowerSample& sample : samples) {
    insert.run(run, std::string_view(sample.domain), sample.at.value(), sample.power.value());
  }
}

void insert_metric(sqlite::Connection& connection, RunId run, const Metric& metric) {
  sqlite::Statement insert = connection.prepare(
      "INSERT INTO metric (run, name, value, std_err, low, high, count)"
      " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)");
  insert.run(run, std::string_view(metric.name), metric.value, metric.std_err, metric.low,
             metric.high, metric.count);
}

void insert_note(sqlite::Connection& connection, RunId run, const Note& note) {
  connection.prepare("INSERT INTO note (run, key, text) VALUES (?1, ?2, ?3)")
      .run(run, std::string_view(note.key), std::string_view(note.text));
}

std::vector<Run> select_runs(sqlite::Connection& connection, std::string_view where,
                             std::optional<RunId> value) {
  const sqlite::Transaction moment(connection, sqlite::Transaction::Kind::kRead);
  sqlite::Statement rows = connection.prepare(
      str("SELECT id, parent, started_at, finished_at, verb, command, model, plan, settings,"
          " machine, version FROM run WHERE {} ORDER BY id",
          where));
  if (value) rows.bind(*value);
  RecordReader records(connection);
  std::vector<Run> runs;
  while (rows.step()) {
    Run& run = runs.emplace_back();
    run.id = rows.integer(0);
    run.parent = rows.optional_integer(1);
    run.started_at = rows.text(2);
    run.finished_at = rows.is_null(3) ? "" : rows.text(3);
    run.info = {.verb = rows.text(4),
                .command = rows.text(5),
                .model = rows.text(6),
                .plan = rows.text(7),
                .settings = rows.text(8),
                .machine = rows.text(9),
                .version = rows.text(10)};
    records.fill(run);
  }
  return runs;
}

}  // namespace frugal::ledger
