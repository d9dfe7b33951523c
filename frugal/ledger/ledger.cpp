#include "frugal/ledger/ledger.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "frugal/base/clock.h"
#include "frugal/base/error.h"
#include "frugal/base/str.h"
#include "frugal/ledger/rows.h"
#include "frugal/ledger/schema.h"
#include "frugal/ledger/sqlite.h"

// Every change is one transaction, committed before the call returns.  In WAL mode a commit appends
// to the log beside the file and, with synchronous = FULL, waits until the disk has it; readers go
// on undisturbed.  A process that is killed leaves either the whole transaction in the log or none
// of it, and the next one to open the file finds it so.

namespace frugal::ledger {

namespace {

constexpr std::chrono::milliseconds kPatience(10'000);  // with other writers

using Write = sqlite::Transaction;

void require_run(const sqlite::Connection& connection, RunId run) {
  if (connection.integer("SELECT count(*) FROM run WHERE id = ?1", run) == 0) {
    throw Error(ErrorKind::kNotFound,
                str("{}: no run {}, expected one that was begun here", connection.name(), run));
  }
}

}  // namespace

struct Ledger::Database {
  sqlite::Connection connection;

  Database(const std::filesystem::path& path, Mode mode)
      : connection(path,
                   mode == Mode::kAppend ? sqlite::Access::kReadWrite : sqlite::Access::kReadOnly,
                   kPatience) {
    // First of all, and before anything is changed: is it ours?
    const std::int64_t version = version_at_one_moment();
    if (mode == Mode::kReadOnly) {
      require_written(version);
      require_whole();
      return;
    }
    if (const std::string journal = connection.enter_wal_mode(); journal != "wal") {
      throw Error(ErrorKind::kUnsupported,
                  str("{}: journal mode {}, expected wal: this file system shares no memory",
                      connection.name(), journal));
    }
    connection.execute("PRAGMA synchronous = FULL");
    if (version < kSchemaVersion) migrate(connection, migrations());
    connection.execute("PRAGMA foreign_keys = ON");
  }

  // Another process may be making the file: what is read must belong together.
  std::int64_t version_at_one_moment() {
    const sqlite::Transaction moment(connection, sqlite::Transaction::Kind::kRead);
    return file_version(connection, kSchemaVersion);
  }

  void require_written(std::int64_t version) const {
    if (version > 0) return;
    throw Error(ErrorKind::kCorrupt, str("{}: empty, expected a ledger", connection.name()));
  }

  // SQLite notices damage only where it looks.  A broken index would hide records without a word,
  // and a report must not leave out what was measured: readers check the file first.
  void require_whole() const {
    const std::string found = connection.text("PRAGMA integrity_check(1)");
    if (found == "ok") return;
    throw Error(ErrorKind::kCorrupt, str("{}: damaged: {}, expected a whole ledger",
                                         connection.name(), printable(found, 200)));
  }

  // Calls body(connection) for a run that exists, all or nothing.
  template <class Body>
  void change(RunId run, const Body& body) {
    Write transaction(connection, Write::Kind::kWrite);
    require_run(connection, run);
    body(connection);
    transaction.commit();
  }
};

const Metric* Run::metric(std::string_view name) const {
  const auto found = std::find_if(metrics.rbegin(), metrics.rend(),
                                  [name](const Metric& metric) { return metric.name == name; });
  return found == metrics.rend() ? nullptr : &*found;
}

std::string_view Run::note(std::string_view key) const {
  const auto found = std::find_if(notes.rbegin(), notes.rend(),
                                  [key](const Note& note) { return note.key == key; });
  return found == notes.rend() ? std::string_view() : std::string_view(found->text);
}

Ledger::Ledger(const std::filesystem::path& path, Mode mode)
    : database_(std::make_unique<Database>(path, mode)) {}
Ledger::~Ledger() = default;
Ledger::Ledger(Ledger&&) noexcept = default;
Ledger& Ledger::operator=(Ledger&&) noexcept = default;

RunId Ledger::begin(const RunInfo& info, std::optional<RunId> parent) {
  sqlite::Connection& connection = database_->connection;
  Write transaction(connection, Write::Kind::kWrite);
  if (parent) require_run(connection, *parent);
  const RunId id = insert_run(connection, info, parent, utc_timestamp());
  transaction.commit();
  return id;
}

void Ledger::add_readings(RunId run, const std::vector<meter::Reading>& readings) {
  database_->change(
      run, [&](sqlite::Connection& connection) { insert_readings(connection, run, readings); });
}

void Ledger::add_receipt(RunId run, const account::Receipt& receipt) {
  database_->change(run, [&](sqlite::Connection& connection) {
    if (connection.integer("SELECT count(*) FROM receipt WHERE run = ?1", run) != 0) {
      throw Error(ErrorKind::kInvalidArgument,
                  str("{}: run {} has a receipt already", connection.name(), run));
    }
    insert_receipt(connection, run, receipt);
  });
}

void Ledger::add_metric(RunId run, const Metric& metric) {
  database_->change(
      run, [&](sqlite::Connection& connection) { insert_metric(connection, run, metric); });
}

void Ledger::add_note(RunId run, const Note& note) {
  database_->change(run,
                    [&](sqlite::Connection& connection) { insert_note(connection, run, note); });
}

void Ledger::add_power(RunId run, const std::vector<PowerSample>& samples) {
  database_->change(
      run, [&](sqlite::Connection& connection) { insert_power(connection, run, samples); });
}

void Ledger::finish(RunId run) {
  database_->change(run, [&](sqlite::Connection& connection) {
    const std::string now = utc_timestamp();
    connection.prepare("UPDATE run SET finished_at = ?2 WHERE id = ?1 AND finished_at IS NULL")
        .run(run, std::string_view(now));
    if (connection.changes() != 1) {
      throw Error(ErrorKind::kInvalidArgument,
                  str("{}: run {} is finished already", connection.name(), run));
    }
  });
}

std::vector<Run> Ledger::runs() const {
  return select_runs(database_->connection, "true", std::nullopt);
}

std::optional<Run> Ledger::run(RunId id) const {
  std::vector<Run> found = select_runs(database_->connection, "id = ?1", id);
  return found.empty() ? std::nullopt : std::optional(std::move(found.front()));
}

std::vector<Run> Ledger::children(RunId parent) const {
  return select_runs(database_->connection, "parent = ?1", parent);
}

}  // namespace frugal::ledger
