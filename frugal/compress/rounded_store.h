#pragma once

/// Matrices that are made already, in a file beside the output: what a job that was killed need
/// not do again.

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "frugal/tensor/dtype.h"

namespace frugal::compress {

/// What became of a matrix.
struct RoundedRecord {
  std::string tensor = {};
  DType type = DType::kF32;
  bool fed_back = false;  ///< errors were fed forward; else that was not tried, or lost more
  std::optional<double> loss_plain = {};  ///< tr((W - Ŵ) H (W - Ŵ)ᵀ) without feeding them …
  std::optional<double> loss_fed_back = {};  ///< … and with; nothing: not known
  double damping = 0.0;                      ///< of H; 0: none was needed
  std::uint64_t dead = 0;                    ///< columns without any input
  std::optional<std::uint64_t> zeros =
      {};  ///< numbers of the result that are 0; nothing: not counted

  bool operator==(const RoundedRecord&) const = default;
};

/// A file that only grows: a record is there whole or not at all (docs/formats/rounded.md).
///
/// Errors:  those of opening and writing; kPermission while another job holds the file; kInvalid-
///          Argument where the path holds something else than such a file.
/// Threads: one at a time.
class RoundedStore {
 public:
  /// Opens what a job of the same `key` left, or begins anew where there is none, or one of another
  /// key. What follows the last whole record is cut off.
  RoundedStore(std::filesystem::path path, std::string_view key);
  ~RoundedStore();
  RoundedStore(const RoundedStore&) = delete;
  RoundedStore& operator=(const RoundedStore&) = delete;

  [[nodiscard]] const RoundedRecord* find(std::string_view tensor) const;
  /// In the order of `add`.
  [[nodiscard]] std::vector<RoundedRecord> records() const;
  /// The stored rows of a tensor that `find` knows, checked once more.
  /// Errors: kCorrupt when they are not what was written.
  [[nodiscard]] std::vector<std::byte> read(std::string_view tensor) const;
  /// On return the record is on the disk.
  void add(const RoundedRecord& record, std::span<const std::byte> stored);
  /// Ends the job: the file is gone.
  void remove();

 private:
  struct Entry {
    RoundedRecord record;
    std::uint64_t offset = 0;  ///< of the record
    std::uint64_t bytes = 0;   ///< of the whole record
    std::uint64_t rows_at = 0;
  };
  void load(std::string_view key);
  void begin(std::string_view key);
  void append(std::span<const std::byte> bytes);
  [[nodiscard]] const Entry* entry(std::string_view tensor) const;

  std::filesystem::path path_;
  int descriptor_ = -1;
  std::uint64_t end_ = 0;
  std::vector<Entry> entries_;
};

}  // namespace frugal::compress
