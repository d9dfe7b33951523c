#pragma once

/// The door to SQLite: connections, statements and transactions whose faults are ours.

#include <sqlite3.h>

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace frugal::ledger::sqlite {

enum class Access { kReadOnly, kReadWrite };

/// A prepared statement: bind, then step from row to row.
///
/// Errors: as Connection; a column of another type than asked for is kCorrupt.
class Statement {
 public:
  /// Binds all parameters, ?1 first.  A NaN becomes NULL, as SQLite has none.
  template <class... Values>
  void bind(const Values&... values) {
    rewind();
    int index = 0;
    (bind_one(++index, values), ...);
  }
  /// True when there is a row to look at, false after the last.
  [[nodiscard]] bool step();
  /// Binds, and steps to the end of a statement that gives no rows.
  template <class... Values>
  void run(const Values&... values) {
    bind(values...);
    finish();
  }

  [[nodiscard]] bool is_null(int column) const;
  [[nodiscard]] std::int64_t integer(int column) const;
  [[nodiscard]] double real(int column) const;
  [[nodiscard]] std::string text(int column) const;
  [[nodiscard]] std::optional<double> optional_real(int column) const;
  [[nodiscard]] std::optional<std::int64_t> optional_integer(int column) const;

 private:
  friend class Connection;
  struct Finaliser {
    void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
  };

  Statement(const class Connection& connection, sqlite3_stmt* statement)
      : connection_(&connection), statement_(statement) {}
  void rewind();
  void finish();
  void check(int code) const;
  void bind_one(int index, std::int64_t value);
  void bind_one(int index, double value);
  void bind_one(int index, std::string_view value);
  void bind_one(int index, const std::optional<double>& value);
  void bind_one(int index, const std::optional<std::int64_t>& value);
  [[noreturn]] void wrong_type(int column, std::string_view wanted) const;

  const class Connection* connection_;
  std::unique_ptr<sqlite3_stmt, Finaliser> statement_;
};

/// An open database file.
///
/// Errors:  kNotFound, kPermission, kInvalidArgument (a folder, a device, a text of gigabytes);
///          kCorrupt for a file that SQLite cannot read; kIo for a full disk, a failing one, or a
///          lock that another process held for longer than `patience`.
/// Threads: one at a time.
class Connection {
 public:
  /// kReadWrite creates a missing file.  kReadOnly needs no right to write, not even in the folder.
  Connection(const std::filesystem::path& path, Access access, std::chrono::milliseconds patience);

  /// Runs one or more statements and throws their rows away.
  /// Puts the file into WAL mode, waiting for other connections as long as for any write: SQLite
  /// itself does not wait here.  Returns the mode the file then has.
  [[nodiscard]] std::string enter_wal_mode() const;
  void execute(const std::string& sql);
  [[nodiscard]] Statement prepare(std::string_view sql) const;
  /// The first column of the only row of a query.
  template <class... Values>
  [[nodiscard]] std::int64_t integer(std::string_view sql, const Values&... values) const {
    Statement query = prepare(sql);
    query.bind(values...);
    return query.step() ? query.integer(0) : no_row(sql);
  }
  [[nodiscard]] std::string text(std::string_view sql) const;

  [[nodiscard]] std::int64_t last_insert_id() const;
  /// Rows that the latest statement wrote.
  [[nodiscard]] int changes() const;
  [[nodiscard]] bool in_transaction() const;
  [[nodiscard]] std::string name() const { return path_.string(); }
  /// Throws what the latest call, which returned `code`, means.
  [[noreturn]] void fail(int code) const;

 private:
  struct Closer {
    void operator()(sqlite3* handle) const { sqlite3_close_v2(handle); }
  };

  void open(const std::string& file, int flags);
  void open_immutable();
  [[nodiscard]] int probe() const;
  [[nodiscard]] std::int64_t no_row(std::string_view sql) const;
  [[nodiscard]] int cannot_create(int cause) const;

  std::filesystem::path path_;
  Access access_;
  std::chrono::milliseconds patience_;
  std::unique_ptr<sqlite3, Closer> handle_;
};

/// All or nothing: what is not committed is rolled back.
class Transaction {
 public:
  enum class Kind {
    kRead,   ///< sees one moment of the file
    kWrite,  ///< waits for other writers first
  };

  Transaction(Connection& connection, Kind kind);
  ~Transaction();
  Transaction(const Transaction&) = delete;
  Transaction& operator=(const Transaction&) = delete;

  void commit();

 private:
  Connection* connection_;
};

}  // namespace frugal::ledger::sqlite
