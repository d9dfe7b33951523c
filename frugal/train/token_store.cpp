#include "frugal/train/token_store.h"

#include <algorithm>
#include <cstring>
#include <unordered_map>
#include <utility>

#include "frugal/base/crc32c.h"
#include "frugal/base/error.h"
#include "frugal/base/str.h"
#include "frugal/train/token_store_layout.h"

namespace frugal::train {
namespace {

template <class T>
T load(const std::byte* from) {
  T value;
  std::memcpy(&value, from, sizeof(T));
  return value;
}

}  // namespace

text::TokenId StoredDocument::id(std::uint32_t at) const {
  FRUGAL_CHECK(at < length_);
  if (id_bytes_ == 2) return load<std::uint16_t>(ids_ + (std::size_t{at} * 2));
  return load<text::TokenId>(ids_ + (std::size_t{at} * 4));
}

bool StoredDocument::counts(std::uint32_t at) const {
  FRUGAL_CHECK(at < length_);
  return (std::to_integer<std::uint32_t>(mask_[at / 8]) >> (at % 8) & 1U) != 0;
}

std::int32_t StoredDocument::label(std::uint32_t number) const {
  FRUGAL_CHECK(number < label_count_);
  return load<std::int32_t>(labels_ + (std::size_t{number} * 4));
}

std::shared_ptr<const TokenStore> TokenStore::open(const std::filesystem::path& path) {
  auto file = std::make_shared<const format::MappedFile>(path);
  const std::span<const std::byte> bytes = file->bytes();
  return std::shared_ptr<const TokenStore>(new TokenStore(bytes, path.string(), std::move(file)));
}

std::shared_ptr<const TokenStore> TokenStore::from_bytes(std::span<const std::byte> bytes,
                                                         std::string name) {
  return std::shared_ptr<const TokenStore>(new TokenStore(bytes, std::move(name), nullptr));
}

TokenStore::TokenStore(std::span<const std::byte> bytes, std::string path,
                       std::shared_ptr<const format::MappedFile> owner)
    : bytes_(bytes), path_(std::move(path)), owner_(std::move(owner)) {
  read_header();
  read_trailer();
  check_records();
  check_groups();
}

void TokenStore::corrupt(const std::string& what) const {
  throw Error(ErrorKind::kCorrupt, str("{}: {}", path_, what));
}

void TokenStore::read_header() {
  if (bytes_.size() < kStoreHeaderBytes + kStoreTrailerBytes) {
    corrupt(str("{} bytes, expected a token store of at least {}", bytes_.size(),
                kStoreHeaderBytes + kStoreTrailerBytes));
  }
  if (std::memcmp(bytes_.data(), kStoreMagic.data(), kStoreMagic.size()) != 0) {
    corrupt(str("does not begin with '{}', expected a token store", kStoreMagic));
  }
  const auto version = load<std::uint32_t>(bytes_.data() + 8);
  if (version != kStoreVersion) {
    throw Error(ErrorKind::kUnsupported,
                str("{}: token store version {}, expected {}", path_, version, kStoreVersion));
  }
  id_bytes_ = load<std::uint32_t>(bytes_.data() + 12);
  vocabulary_size_ = load<std::uint64_t>(bytes_.data() + 16);
  if (vocabulary_size_ == 0 || vocabulary_size_ > kMaxVocabulary) {
    corrupt(str("a vocabulary of {} tokens, expected 1 to {}", vocabulary_size_, kMaxVocabulary));
  }
  if (id_bytes_ != id_bytes_of(vocabulary_size_)) {
    corrupt(str("ids of {} bytes for {} tokens, expected {}", id_bytes_, vocabulary_size_,
                id_bytes_of(vocabulary_size_)));
  }
}

void TokenStore::read_trailer() {
  const std::uint64_t trailer = bytes_.size() - kStoreTrailerBytes;
  const std::byte* at = bytes_.data() + trailer;
  const auto stored = load<std::uint32_t>(at + 36);
  const std::uint32_t found = crc32c(bytes_.first(bytes_.size() - 4));
  if (stored != found) {
    corrupt(
        str("checksum {:08x}, expected {:08x}: the file is cut short or changed", found, stored));
  }
  documents_ = load<std::uint64_t>(at);
  tokens_ = load<std::uint64_t>(at + 8);
  targets_ = load<std::uint64_t>(at + 16);
  index_offset_ = load<std::uint64_t>(at + 24);
  // By division: a count of documents from outside could overflow a product.
  const bool fits = index_offset_ >= kStoreHeaderBytes && index_offset_ <= trailer &&
                    (trailer - index_offset_) % kStoreEntryBytes == 0 &&
                    (trailer - index_offset_) / kStoreEntryBytes == documents_;
  if (!fits || documents_ > kMaxDocuments) {
    corrupt(str("an index of {} documents at offset {} of {} bytes", documents_, index_offset_,
                bytes_.size()));
  }
}

StoredDocument TokenStore::document(std::uint64_t index) const {
  FRUGAL_CHECK(index < documents_);
  const std::byte* entry = bytes_.data() + index_offset_ + (index * kStoreEntryBytes);
  StoredDocument document;
  document.id_bytes_ = id_bytes_;
  document.length_ = load<std::uint32_t>(entry + 8);
  document.prefix_ = load<std::uint32_t>(entry + 12);
  document.group_ = load<std::uint32_t>(entry + 16);
  document.label_count_ = load<std::uint32_t>(entry + 20);
  const std::byte* record = bytes_.data() + load<std::uint64_t>(entry);
  const RecordLayout layout = record_layout(document.length_, document.label_count_, id_bytes_);
  document.ids_ = record;
  document.labels_ = record + layout.labels;
  document.mask_ = record + layout.mask;
  return document;
}

// Records follow each other without a gap, so that one running offset checks them all.
void TokenStore::check_records() const {
  std::uint64_t offset = kStoreHeaderBytes;
  std::uint64_t tokens = 0;
  std::uint64_t targets = 0;
  for (std::uint64_t index = 0; index < documents_; ++index) {
    const std::byte* entry = bytes_.data() + index_offset_ + (index * kStoreEntryBytes);
    const auto length = load<std::uint32_t>(entry + 8);
    const auto labels = load<std::uint32_t>(entry + 20);
    const RecordLayout layout = record_layout(length, labels, id_bytes_);
    if (load<std::uint64_t>(entry) != offset || length == 0 || length > kMaxDocumentTokens ||
        layout.end > index_offset_ - offset) {
      corrupt(
          str("document {}: {} tokens and {} labels at offset {}, expected them at {}, before {}",
              index, length, labels, load<std::uint64_t>(entry), offset, index_offset_));
    }
    const StoredDocument found = document(index);
    check_content(index, found);
    const std::uint64_t mask_bytes = (std::uint64_t{length} + 7) / 8;
    check_padding(index, offset + (std::uint64_t{length} * id_bytes_), offset + layout.labels);
    check_padding(index, offset + layout.mask + mask_bytes, offset + layout.end);
    for (std::uint32_t at = 0; at < length; ++at) targets += found.counts(at) ? 1U : 0U;
    tokens += length;
    offset += layout.end;
  }
  if (offset != index_offset_ || tokens != tokens_ || targets != targets_) {
    corrupt(str("{} tokens with {} targets up to offset {}, expected {} with {} up to {}", tokens,
                targets, offset, tokens_, targets_, index_offset_));
  }
}

void TokenStore::check_content(std::uint64_t index, const StoredDocument& document) const {
  for (std::uint32_t at = 0; at < document.length(); ++at) {
    const auto id = static_cast<std::uint64_t>(static_cast<std::uint32_t>(document.id(at)));
    if (id >= vocabulary_size_) {
      corrupt(str("document {}: token id {}, expected 0 to {}", index, id, vocabulary_size_ - 1));
    }
  }
  const std::uint32_t prefix = document.prefix();
  if (prefix >= document.length() || (prefix > 0 && document.group() == 0)) {
    corrupt(str("document {}: a prefix of {} in {} tokens of group {}", index, prefix,
                document.length(), document.group()));
  }
  for (std::uint32_t at = 0; at < std::max(prefix, 1U); ++at) {
    if (document.counts(at)) corrupt(str("document {}: token {} is a target", index, at));
  }
  const std::uint32_t tail = document.length() % 8;
  const auto last = std::to_integer<std::uint32_t>(document.mask_[(document.length() - 1) / 8]);
  if (tail != 0 && last >> tail != 0) corrupt(str("document {}: a mask behind its end", index));
}

void TokenStore::check_padding(std::uint64_t index, std::uint64_t begin, std::uint64_t end) const {
  for (std::uint64_t at = begin; at < end; ++at) {
    if (bytes_[at] != std::byte{0}) {
      corrupt(str("document {}: offset {} is not 0, expected padding", index, at));
    }
  }
}

void TokenStore::check_groups() const {
  std::unordered_map<std::uint32_t, std::uint64_t> first_of;
  for (std::uint64_t index = 0; index < documents_; ++index) {
    const StoredDocument mine = document(index);
    if (mine.group() == 0) continue;
    const auto [entry, fresh] = first_of.try_emplace(mine.group(), index);
    if (fresh) continue;
    const StoredDocument other = document(entry->second);
    const std::size_t bytes = std::size_t{mine.prefix()} * id_bytes_;
    if (mine.prefix() != other.prefix() || std::memcmp(mine.ids_, other.ids_, bytes) != 0) {
      corrupt(str("document {}: its prefix of {} differs from that of {} of document {}, group {}",
                  index, mine.prefix(), other.prefix(), entry->second, mine.group()));
    }
  }
}

}  // namespace frugal::train
