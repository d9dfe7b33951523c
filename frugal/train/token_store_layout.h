#pragma once

/// The places of a token store's numbers, for its writer and its reader.

#include <cstdint>
#include <string_view>

namespace frugal::train {

inline constexpr std::string_view kStoreMagic = "FRGTOKEN";
inline constexpr std::uint32_t kStoreVersion = 1;
inline constexpr std::uint64_t kStoreHeaderBytes =
    32;  ///< magic, version, bytes of an id, vocabulary, 0
inline constexpr std::uint64_t kStoreEntryBytes = 24;  ///< offset, length, prefix, group, labels
inline constexpr std::uint64_t kStoreTrailerBytes =
    40;  ///< documents, tokens, targets, index, 0, checksum
inline constexpr std::uint64_t kMaxDocumentTokens = 0x7FFFFFFF;
inline constexpr std::uint64_t kMaxDocuments = 0xFFFFFFFF;
inline constexpr std::uint64_t kMaxVocabulary = 0x7FFFFFFF;

constexpr std::uint64_t padded_to_four(std::uint64_t bytes) {
  return (bytes + 3) / 4 * 4;
}

/// Where the parts of a record lie, counted from its start.
struct RecordLayout {
  std::uint64_t labels = 0;
  std::uint64_t mask = 0;
  std::uint64_t end = 0;
};

constexpr RecordLayout record_layout(std::uint64_t length, std::uint64_t labels,
                                     std::uint64_t id_bytes) {
  RecordLayout layout;
  layout.labels = padded_to_four(length * id_bytes);
  layout.mask = layout.labels + (labels * 4);
  layout.end = layout.mask + padded_to_four((length + 7) / 8);
  return layout;
}

/// Two bytes are enough for the ids of a vocabulary of 65,536.
constexpr std::uint32_t id_bytes_of(std::uint64_t vocabulary_size) {
  return vocabulary_size <= 0x10000 ? 2 : 4;
}

}  // namespace frugal::train
