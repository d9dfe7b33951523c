#include "frugal/ledger/sqlite.h"

#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <system_error>
#include <thread>

#include "frugal/base/atomic_file.h"
#include "frugal/base/error.h"
#include "frugal/base/str.h"

namespace frugal::ledger::sqlite {

namespace fs = std::filesystem;

namespace {

constexpr int kLongestValue = 64 << 20;  // bytes; a larger one is damage, not a record

ErrorKind kind_of(int code) {
  switch (code & 0xFF) {
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
    case SQLITE_FORMAT:
    case SQLITE_SCHEMA:
    case SQLITE_MISMATCH:
    case SQLITE_ERROR:  // "no such table": a ledger in name only
      return ErrorKind::kCorrupt;
    case SQLITE_READONLY:
    case SQLITE_PERM:
    case SQLITE_AUTH:
      return ErrorKind::kPermission;
    case SQLITE_TOOBIG:
    case SQLITE_CONSTRAINT:
      return ErrorKind::kInvalidArgument;
    default:
      return ErrorKind::kIo;
  }
}

// SQLite takes ":memory:" and "file:…" for something else than a file of that name.
std::string plain_name(const fs::path& path) {
  return path.is_relative() ? (fs::path(".") / path).string() : path.string();
}

std::string uri_of(const fs::path& path) {
  std::string uri = path.is_relative() ? "file:./" : "file://";
  for (const char c : path.string()) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       c == '/' || c == '.' || c == '-' || c == '_';
    uri += plain ? std::string(1, c) : str("%{:02X}", static_cast<unsigned char>(c));
  }
  return uri + "?immutable=1";
}

void refuse_what_is_no_file(const fs::path& path) {
  if (path.empty()) throw Error(ErrorKind::kInvalidArgument, "ledger: empty path, expected a file");
  std::error_code ignored;  // what cannot be looked at is refused on opening, with its reason
  const auto type = fs::status(path, ignored).type();
  if (fs::exists(fs::file_status(type)) && type != fs::file_type::regular) {
    throw Error(ErrorKind::kInvalidArgument,
                str("{}: a folder or a device, expected a file", path.string()));
  }
}

}  // namespace

// ------------------------------------------------------------------------------- Connection

Connection::Connection(const fs::path& path, Access access, std::chrono::milliseconds patience)
    : path_(path), access_(access), patience_(patience) {
  refuse_what_is_no_file(path);
  if (access == Access::kReadWrite) {
    open(plain_name(path), SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE);
    // SQLite quietly falls back to reading where it may not write.
    if (sqlite3_db_readonly(handle_.get(), "main") != 0) fail(SQLITE_READONLY);
    return;
  }
  open(plain_name(path), SQLITE_OPEN_READONLY);
  const int code = probe() & 0xFF;
  if (code == SQLITE_CANTOPEN || code == SQLITE_READONLY) open_immutable();
}

void Connection::open(const std::string& file, int flags) {
  sqlite3* handle = nullptr;
  const int code = sqlite3_open_v2(file.c_str(), &handle, flags | SQLITE_OPEN_NOMUTEX, nullptr);
  handle_.reset(handle);
  if (code != SQLITE_OK) fail(code);
  sqlite3_extended_result_codes(handle, 1);
  sqlite3_busy_timeout(handle, static_cast<int>(patience_.count()));
  sqlite3_limit(handle, SQLITE_LIMIT_LENGTH, kLongestValue);
  // The file may come from anywhere: nothing in its schema may act beyond it.
  sqlite3_db_config(handle, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
  sqlite3_db_config(handle, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, nullptr);
}

// The result of reading the header.
int Connection::probe() const {
  return sqlite3_exec(handle_.get(), "PRAGMA schema_version", nullptr, nullptr, nullptr);
}

// Readers of a WAL file share an index beside it.  Where the folder does not let us make one, the
// file can still be read as it lies, but only if no write-ahead log waits to be merged into it.
void Connection::open_immutable() {
  std::error_code none;
  const auto log_bytes = fs::file_size(path_.string() + "-wal", none);
  if (!none && log_bytes > 0) {
    throw Error(ErrorKind::kPermission,
                str("{}: its log {}-wal waits to be merged, which needs write permission in the "
                    "folder",
                    name(), path_.filename().string()));
  }
  open(uri_of(path_), SQLITE_OPEN_READONLY | SQLITE_OPEN_URI);
}

void Connection::fail(int code) const {
  const int cause = handle_ ? sqlite3_system_errno(handle_.get()) : ENOMEM;
  const std::string text =
      printable(handle_ ? sqlite3_errmsg(handle_.get()) : sqlite3_errstr(code), 200);
  const int primary = code & 0xFF;
  FRUGAL_CHECK(primary != SQLITE_MISUSE && primary != SQLITE_RANGE);
  if (primary == SQLITE_CANTOPEN && cause != 0) {
    throw system_error(cannot_create(cause), path_, "cannot open");
  }
  if (primary == SQLITE_BUSY || primary == SQLITE_LOCKED) {
    throw Error(ErrorKind::kIo, str("{}: in use by another process for more than {} ms", name(),
                                    patience_.count()));
  }
  if (primary == SQLITE_READONLY) {
    throw Error(ErrorKind::kPermission, str("{}: may not be written", name()));
  }
  if (primary == SQLITE_IOERR && cause != 0) throw system_error(cause, path_, text);
  throw Error(kind_of(code), str("{}: {}", name(), text));
}

// Where a file may not be created, SQLite tries to read it and reports that there is none.
int Connection::cannot_create(int cause) const {
  if (cause != ENOENT || access_ != Access::kReadWrite) return cause;
  const fs::path folder = path_.has_parent_path() ? path_.parent_path() : fs::path(".");
  return ::access(folder.c_str(), W_OK) == 0 ? cause : errno;
}

std::string Connection::enter_wal_mode() const {
  constexpr std::chrono::milliseconds kPause(2);
  const auto end = std::chrono::steady_clock::now() + patience_;
  while (true) {
    std::string mode;
    const auto take = [](void* to, int, char** values, char**) {
      *static_cast<std::string*>(to) = values[0] != nullptr ? values[0] : "";
      return 0;
    };
    const int code = sqlite3_exec(handle_.get(), "PRAGMA journal_mode = WAL", take, &mode, nullptr);
    if (code == SQLITE_OK) return mode;
    if ((code & 0xFF) != SQLITE_BUSY || std::chrono::steady_clock::now() > end) fail(code);
    std::this_thread::sleep_for(kPause);
  }
}

void Connection::execute(const std::string& sql) {
  const int code = sqlite3_exec(handle_.get(), sql.c_str(), nullptr, nullptr, nullptr);
  if (code != SQLITE_OK) fail(code);
}

Statement Connection::prepare(std::string_view sql) const {
  sqlite3_stmt* statement = nullptr;
  const int code = sqlite3_prepare_v2(handle_.get(), sql.data(), static_cast<int>(sql.size()),
                                      &statement, nullptr);
  if (code != SQLITE_OK) fail(code);
  return {*this, statement};
}

std::string Connection::text(std::string_view sql) const {
  Statement query = prepare(sql);
  if (!query.step()) static_cast<void>(no_row(sql));
  return query.text(0);
}

std::int64_t Connection::no_row(std::string_view sql) const {
  throw Error(ErrorKind::kCorrupt, str("{}: no answer to \"{}\"", name(), sql));
}

std::int64_t Connection::last_insert_id() const {
  return sqlite3_last_insert_rowid(handle_.get());
}

int Connection::changes() const {
  return sqlite3_changes(handle_.get());
}

bool Connection::in_transaction() const {
  return sqlite3_get_autocommit(handle_.get()) == 0;
}

// -------------------------------------------------------------------------------- Statement

void Statement::check(int code) const {
  if (code != SQLITE_OK) connection_->fail(code);
}

// The code of a reset repeats the fault of the step before it, which was thrown then.
void Statement::rewind() {
  sqlite3_reset(statement_.get());
}

bool Statement::step() {
  const int code = sqlite3_step(statement_.get());
  if (code == SQLITE_ROW) return true;
  if (code != SQLITE_DONE) connection_->fail(code);
  return false;
}

void Statement::finish() {
  while (step()) {
  }
  rewind();
}

void Statement::bind_one(int index, std::int64_t value) {
  check(sqlite3_bind_int64(statement_.get(), index, value));
}

void Statement::bind_one(int index, double value) {
  check(sqlite3_bind_double(statement_.get(), index, value));
}

void Statement::bind_one(int index, std::string_view value) {
  const char* begin = value.empty() ? "" : value.data();  // a null pointer would bind NULL
  check(sqlite3_bind_text64(statement_.get(), index, begin, value.size(), SQLITE_TRANSIENT,
                            SQLITE_UTF8));
}

void Statement::bind_one(int index, const std::optional<double>& value) {
  if (value) return bind_one(index, *value);
  check(sqlite3_bind_null(statement_.get(), index));
}

void Statement::bind_one(int index, const std::optional<std::int64_t>& value) {
  if (value) return bind_one(index, *value);
  check(sqlite3_bind_null(statement_.get(), index));
}

void Statement::wrong_type(int column, std::string_view wanted) const {
  const char* name = sqlite3_column_name(statement_.get(), column);
  throw Error(ErrorKind::kCorrupt,
              str("{}: column '{}' holds another type, expected {}", connection_->name(),
                  printable(name != nullptr ? name : "?"), wanted));
}

bool Statement::is_null(int column) const {
  return sqlite3_column_type(statement_.get(), column) == SQLITE_NULL;
}

std::int64_t Statement::integer(int column) const {
  if (sqlite3_column_type(statement_.get(), column) != SQLITE_INTEGER) {
    wrong_type(column, "an integer");
  }
  return sqlite3_column_int64(statement_.get(), column);
}

double Statement::real(int column) const {
  const int type = sqlite3_column_type(statement_.get(), column);
  if (type != SQLITE_FLOAT && type != SQLITE_INTEGER) wrong_type(column, "a number");
  return sqlite3_column_double(statement_.get(), column);
}

std::string Statement::text(int column) const {
  if (sqlite3_column_type(statement_.get(), column) != SQLITE_TEXT) wrong_type(column, "text");
  const auto* begin = sqlite3_column_text(statement_.get(), column);
  if (begin == nullptr) connection_->fail(SQLITE_NOMEM);
  const int bytes = sqlite3_column_bytes(statement_.get(), column);
  return {reinterpret_cast<const char*>(begin), static_cast<std::size_t>(bytes)};
}

std::optional<double> Statement::optional_real(int column) const {
  return is_null(column) ? std::nullopt : std::optional(real(column));
}

std::optional<std::int64_t> Statement::optional_integer(int column) const {
  return is_null(column) ? std::nullopt : std::optional(integer(column));
}

// ------------------------------------------------------------------------------ Transaction

Transaction::Transaction(Connection& connection, Kind kind) : connection_(&connection) {
  connection.execute(kind == Kind::kWrite ? "BEGIN IMMEDIATE" : "BEGIN");
}

Transaction::~Transaction() {
  if (connection_ == nullptr || !connection_->in_transaction()) return;
  try {
    connection_->execute("ROLLBACK");
  } catch (const Error&) {  // nothing was committed, and closing the file undoes the rest
  }
}

void Transaction::commit() {
  connection_->execute("COMMIT");
  connection_ = nullptr;
}

}  // namespace frugal::ledger::sqlite
