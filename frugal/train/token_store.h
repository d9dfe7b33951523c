#pragma once

/// What a model learns from, as token ids: written once from front to back, then mapped read-only.
///
/// The file (docs/formats/token_store.md): a header, a record a document, an index of the records,
/// and at the end the counts and a checksum of all.

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "frugal/base/atomic_file.h"
#include "frugal/format/mapped_file.h"
#include "frugal/text/tokenizer.h"

namespace frugal::train {

/// A document to be stored; the views need to live for the call only.
struct DocumentDraft {
  std::span<const text::TokenId> ids;  ///< at least one
  /// 1: this token is a target that counts; empty: all that can be.
  std::span<const std::uint8_t> mask = {};
  std::uint32_t prefix = 0;  ///< leading tokens that all documents of `group` begin with
  std::uint32_t group = 0;   ///< 0: of no group, without a prefix
  /// Of the document or of its tokens, as the task says.
  std::span<const std::int32_t> labels = {};
};

/// Writes a store; memory is one document and 24 bytes for each.  The name appears with `commit`.
///
/// Errors: those of AtomicFile; kInvalidArgument for an id outside the vocabulary, a mask of
/// another
///         length than the ids, a target within the prefix, a prefix that is all of the document,
///         is without a group or differs from that of the group's other documents, and above 2^31 -
///         1 tokens in a document, 2^32 - 1 documents or a vocabulary of 2^31.
/// Threads: one at a time.
class TokenStoreWriter {
 public:
  TokenStoreWriter(const std::filesystem::path& path, std::uint64_t vocabulary_size);

  /// The first token is never a target, whatever its mask says: nothing stands before it.
  void add(const DocumentDraft& document);
  /// To be called once, last.
  void commit();

 private:
  [[noreturn]] void refuse(const std::string& what) const;
  void check(const DocumentDraft& document) const;
  void check_group(const DocumentDraft& document);
  void put_ids(const DocumentDraft& document);
  void put_mask(const DocumentDraft& document);
  template <class T>
  void put(T value);
  void flush();

  AtomicFile file_;
  std::string path_;
  std::uint64_t vocabulary_size_;
  std::uint32_t id_bytes_;
  std::string pending_;
  std::string index_;
  std::uint64_t documents_ = 0;
  std::uint64_t tokens_ = 0;
  std::uint64_t targets_ = 0;
  std::uint64_t offset_ = 0;
  std::uint32_t checksum_ = 0;
  std::map<std::uint32_t, std::vector<text::TokenId>> prefixes_;  ///< by group
};

/// A document in a store; valid as long as the store.
///
/// Errors:  a place outside the document is a bug and fails FRUGAL_CHECK.
/// Threads: const; safe from all.
class StoredDocument {
 public:
  [[nodiscard]] std::uint32_t length() const { return length_; }
  [[nodiscard]] std::uint32_t prefix() const { return prefix_; }
  [[nodiscard]] std::uint32_t group() const { return group_; }
  [[nodiscard]] std::uint32_t label_count() const { return label_count_; }
  [[nodiscard]] text::TokenId id(std::uint32_t at) const;
  /// Whether the token at this place is a target that counts.
  [[nodiscard]] bool counts(std::uint32_t at) const;
  [[nodiscard]] std::int32_t label(std::uint32_t number) const;

 private:
  friend class TokenStore;

  const std::byte* ids_ = nullptr;
  const std::byte* labels_ = nullptr;
  const std::byte* mask_ = nullptr;
  std::uint32_t id_bytes_ = 4;
  std::uint32_t length_ = 0;
  std::uint32_t prefix_ = 0;
  std::uint32_t group_ = 0;
  std::uint32_t label_count_ = 0;
};

/// A store in memory, read-only.  All of it was read and checked on opening.
///
/// Numbers: opening reads the whole file once.
/// Errors:  kNotFound, kPermission, kIo, kInvalidArgument as MappedFile; kUnsupported for another
///          version; kCorrupt with file, place, what was found and expected.
/// Threads: const after opening; safe from all.
class TokenStore {
 public:
  [[nodiscard]] static std::shared_ptr<const TokenStore> open(const std::filesystem::path& path);
  /// From memory that outlives the object; `name` stands for the path.
  [[nodiscard]] static std::shared_ptr<const TokenStore> from_bytes(
      std::span<const std::byte> bytes, std::string name);

  TokenStore(const TokenStore&) = delete;
  TokenStore& operator=(const TokenStore&) = delete;

  [[nodiscard]] const std::string& path() const { return path_; }
  [[nodiscard]] std::uint64_t vocabulary_size() const { return vocabulary_size_; }
  [[nodiscard]] std::uint64_t documents() const { return documents_; }
  /// Of all documents, every copy of a prefix included.
  [[nodiscard]] std::uint64_t tokens() const { return tokens_; }
  /// Tokens that are targets that count.
  [[nodiscard]] std::uint64_t targets() const { return targets_; }
  /// Errors: an index outside is a bug and fails FRUGAL_CHECK.
  [[nodiscard]] StoredDocument document(std::uint64_t index) const;

 private:
  TokenStore(std::span<const std::byte> bytes, std::string path,
             std::shared_ptr<const format::MappedFile> owner);

  [[noreturn]] void corrupt(const std::string& what) const;
  void read_header();
  void read_trailer();
  void check_records() const;
  void check_content(std::uint64_t index, const StoredDocument& document) const;
  void check_padding(std::uint64_t index, std::uint64_t begin, std::uint64_t end) const;
  void check_groups() const;

  std::span<const std::byte> bytes_;
  std::string path_;
  std::shared_ptr<const format::MappedFile> owner_;
  std::uint64_t vocabulary_size_ = 0;
  std::uint32_t id_bytes_ = 4;
  std::uint64_t documents_ = 0;
  std::uint64_t tokens_ = 0;
  std::uint64_t targets_ = 0;
  std::uint64_t index_offset_ = 0;
};

}  // namespace frugal::train
