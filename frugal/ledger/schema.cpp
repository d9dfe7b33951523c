#include "frugal/ledger/schema.h"

#include <array>
#include <string>

#include "frugal/base/error.h"
#include "frugal/base/str.h"
#include "frugal/base/work.h"
#include "frugal/ledger/ledger.h"

namespace frugal::ledger {

namespace {

// docs/formats/ledger.md describes the columns.  STRICT makes SQLite itself refuse a text where a
// number belongs.
constexpr std::string_view kVersion1 = R"sql(
CREATE TABLE run (
  id          INTEGER PRIMARY KEY,
  parent      INTEGER REFERENCES run (id),
  started_at  TEXT NOT NULL,
  finished_at TEXT,
  verb        TEXT NOT NULL,
  command     TEXT NOT NULL,
  model       TEXT NOT NULL,
  plan        TEXT NOT NULL,
  settings    TEXT NOT NULL,
  machine     TEXT NOT NULL,
  version     TEXT NOT NULL
) STRICT;
CREATE INDEX run_by_parent ON run (parent);

CREATE TABLE reading (
  id           INTEGER PRIMARY KEY,
  run          INTEGER NOT NULL REFERENCES run (id),
  domain       TEXT NOT NULL,
  boundary     TEXT NOT NULL,
  quality      TEXT NOT NULL,
  energy_j     REAL,
  energy_j_std REAL,
  time_s       REAL,
  note         TEXT NOT NULL,
  CHECK (quality <> 'unavailable' OR (energy_j IS NULL AND energy_j_std IS NULL))
) STRICT;
CREATE INDEX reading_by_run ON reading (run);

CREATE TABLE receipt (
  run          INTEGER PRIMARY KEY REFERENCES run (id),
  domain       TEXT NOT NULL,
  boundary     TEXT NOT NULL,
  quality      TEXT NOT NULL,
  energy_j     REAL,
  energy_j_std REAL,
  time_s       REAL,
  note         TEXT NOT NULL,
  CHECK (quality <> 'unavailable' OR (energy_j IS NULL AND energy_j_std IS NULL))
) STRICT;

CREATE TABLE phase (
  run             INTEGER NOT NULL REFERENCES receipt (run),
  phase           TEXT NOT NULL,
  energy_j        REAL,
  energy_j_std    REAL,
  time_s          REAL,
  prompt_tokens   INTEGER NOT NULL,
  cached_tokens   INTEGER NOT NULL,
  output_tokens   INTEGER NOT NULL,
  rejected_tokens INTEGER NOT NULL,
  ops_float       INTEGER NOT NULL,
  ops_int8        INTEGER NOT NULL,
  ops_special     INTEGER NOT NULL,
  bytes_dram      INTEGER NOT NULL,
  bytes_cache     INTEGER NOT NULL,
  bytes_device    INTEGER NOT NULL,
  bytes_network   INTEGER NOT NULL,
  bytes_storage   INTEGER NOT NULL,
  PRIMARY KEY (run, phase)
) STRICT, WITHOUT ROWID;

CREATE TABLE metric (
  id      INTEGER PRIMARY KEY,
  run     INTEGER NOT NULL REFERENCES run (id),
  name    TEXT NOT NULL,
  value   REAL,
  std_err REAL,
  low     REAL,
  high    REAL,
  count   INTEGER NOT NULL
) STRICT;
CREATE INDEX metric_by_run ON metric (run);

CREATE TABLE note (
  id   INTEGER PRIMARY KEY,
  run  INTEGER NOT NULL REFERENCES run (id),
  key  TEXT NOT NULL,
  text TEXT NOT NULL
) STRICT;
CREATE INDEX note_by_run ON note (run);
)sql";

// What of a phase was waste, what each layer took, and power over time.
constexpr std::string_view kVersion2 = R"sql(
ALTER TABLE phase ADD COLUMN layers_skipped    INTEGER NOT NULL DEFAULT 0;
ALTER TABLE phase ADD COLUMN recomputed_tokens INTEGER NOT NULL DEFAULT 0;
ALTER TABLE phase ADD COLUMN rejected_time_s   REAL DEFAULT 0;
ALTER TABLE phase ADD COLUMN recomputed_time_s REAL DEFAULT 0;

CREATE TABLE part (
  run          INTEGER NOT NULL REFERENCES receipt (run),
  part         TEXT NOT NULL,
  number       INTEGER NOT NULL,
  energy_j     REAL,
  energy_j_std REAL,
  time_s       REAL,
  PRIMARY KEY (run, part, number)
) STRICT, WITHOUT ROWID;

CREATE TABLE power (
  id      INTEGER PRIMARY KEY,
  run     INTEGER NOT NULL REFERENCES run (id),
  domain  TEXT NOT NULL,
  at_s    REAL NOT NULL,
  power_w REAL
) STRICT;
CREATE INDEX power_by_run ON power (run);
)sql";

constexpr std::array kMigrations = {kVersion1, kVersion2};
static_assert(kMigrations.size() == Ledger::kSchemaVersion);
static_assert(kOpKinds == 3 && kTrafficKinds == 5, "a new kind needs a column in phase");

}  // namespace

std::span<const std::string_view> migrations() {
  return kMigrations;
}

std::int64_t file_version(const sqlite::Connection& connection, std::int64_t newest) {
  const std::int64_t application = connection.integer("PRAGMA application_id");
  const std::int64_t version = connection.integer("PRAGMA user_version");
  if (application == 0 && version == 0 &&
      connection.integer("SELECT count(*) FROM sqlite_schema") == 0) {
    return 0;
  }
  if (application != kApplicationId || version < 1) {
    throw Error(ErrorKind::kCorrupt,
                str("{}: an SQLite file with application id {} and version {}, expected a ledger",
                    connection.name(), application, version));
  }
  if (version > newest) {
    throw Error(ErrorKind::kUnsupported,
                str("{}: ledger of version {}, expected at most {}: written by a newer frugal",
                    connection.name(), version, newest));
  }
  return version;
}

void migrate(sqlite::Connection& connection, std::span<const std::string_view> steps) {
  const auto newest = static_cast<std::int64_t>(steps.size());
  sqlite::Transaction transaction(connection, sqlite::Transaction::Kind::kWrite);
  // Asked again, now that no other process can write: it may have migrated the file meanwhile.
  const std::int64_t version = file_version(connection, newest);
  if (version == newest) return;
  for (const std::string_view step : steps.subspan(static_cast<std::size_t>(version))) {
    connection.execute(std::string(step));
  }
  connection.execute(
      str("PRAGMA application_id = {}; PRAGMA user_version = {}", kApplicationId, newest));
  transaction.commit();
}

}  // namespace frugal::ledger
