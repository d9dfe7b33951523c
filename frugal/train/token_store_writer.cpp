#include <algorithm>
#include <bit>
#include <cstring>

#include "frugal/base/crc32c.h"
#include "frugal/base/error.h"
#include "frugal/base/str.h"
#include "frugal/train/token_store.h"
#include "frugal/train/token_store_layout.h"

namespace frugal::train {
namespace {

template <class T>
void append(std::string& out, T value) {
  char raw[sizeof(T)];
  std::memcpy(raw, &value, sizeof(T));
  out.append(raw, sizeof(T));
}

}  // namespace

TokenStoreWriter::TokenStoreWriter(const std::filesystem::path& path, std::uint64_t vocabulary_size)
    : file_(path),
      path_(path.string()),
      vocabulary_size_(vocabulary_size),
      id_bytes_(id_bytes_of(vocabulary_size)) {
  if (vocabulary_size == 0 || vocabulary_size > kMaxVocabulary) {
    throw Error(ErrorKind::kInvalidArgument, str("{}: a vocabulary of {} tokens, expected 1 to {}",
                                                 path_, vocabulary_size, kMaxVocabulary));
  }
  pending_ = kStoreMagic;
  put(kStoreVersion);
  put(id_bytes_);
  put(vocabulary_size_);
  put(std::uint64_t{0});
  flush();
}

void TokenStoreWriter::refuse(const std::string& what) const {
  throw Error(ErrorKind::kInvalidArgument, str("{}: document {}: {}", path_, documents_, what));
}

void TokenStoreWriter::check(const DocumentDraft& document) const {
  const std::size_t length = document.ids.size();
  if (documents_ == kMaxDocuments) refuse(str("expected at most {}", kMaxDocuments));
  if (length == 0 || length > kMaxDocumentTokens || document.labels.size() > kMaxDocumentTokens) {
    refuse(str("{} tokens and {} labels, expected 1 to {}", length, document.labels.size(),
               kMaxDocumentTokens));
  }
  if (!document.mask.empty() && document.mask.size() != length) {
    refuse(str("a mask of {} for {} tokens, expected one each", document.mask.size(), length));
  }
  for (const text::TokenId id : document.ids) {
    if (id < 0 || static_cast<std::uint64_t>(id) >= vocabulary_size_) {
      refuse(str("token id {}, expected 0 to {}", id, vocabulary_size_ - 1));
    }
  }
  if (document.prefix == 0) return;
  if (document.group == 0) refuse(str("a prefix of {} without a group", document.prefix));
  if (document.prefix >= length) {
    refuse(str("a prefix of {} in {} tokens, expected tokens of its own", document.prefix, length));
  }
  for (std::uint32_t at = 1; at < document.prefix && !document.mask.empty(); ++at) {
    if (document.mask[at] != 0) refuse(str("token {} of the shared prefix is a target", at));
  }
}

void TokenStoreWriter::check_group(const DocumentDraft& document) {
  if (document.group == 0) return;
  const auto prefix = document.ids.first(document.prefix);
  const auto [entry, fresh] = prefixes_.try_emplace(document.group, prefix.begin(), prefix.end());
  if (!fresh &&
      !std::equal(prefix.begin(), prefix.end(), entry->second.begin(), entry->second.end())) {
    refuse(str("its prefix of {} differs from that of {} of group {}", prefix.size(),
               entry->second.size(), document.group));
  }
}

template <class T>
void TokenStoreWriter::put(T value) {
  append(pending_, value);
}

void TokenStoreWriter::flush() {
  checksum_ = crc32c(std::as_bytes(std::span(pending_.data(), pending_.size())), checksum_);
  file_.write(pending_);
  offset_ += pending_.size();
  pending_.clear();
}

void TokenStoreWriter::put_ids(const DocumentDraft& document) {
  for (const text::TokenId id : document.ids) {
    if (id_bytes_ == 2) {
      put(static_cast<std::uint16_t>(id));
    } else {
      put(id);
    }
  }
  pending_.resize(padded_to_four(pending_.size()), '\0');
}

void TokenStoreWriter::put_mask(const DocumentDraft& document) {
  const auto length = static_cast<std::uint32_t>(document.ids.size());
  std::string bits(padded_to_four((length + 7) / 8), '\0');
  for (std::uint32_t at = std::max(document.prefix, 1U); at < length; ++at) {
    if (!document.mask.empty() && document.mask[at] == 0) continue;
    bits[at / 8] = static_cast<char>(bits[at / 8] | (1 << (at % 8)));
    ++targets_;
  }
  pending_ += bits;
}

void TokenStoreWriter::add(const DocumentDraft& document) {
  check(document);
  check_group(document);
  append(index_, offset_);
  append(index_, static_cast<std::uint32_t>(document.ids.size()));
  append(index_, document.prefix);
  append(index_, document.group);
  append(index_, static_cast<std::uint32_t>(document.labels.size()));
  put_ids(document);
  for (const std::int32_t label : document.labels) put(label);
  put_mask(document);
  flush();
  ++documents_;
  tokens_ += document.ids.size();
}

void TokenStoreWriter::commit() {
  const std::uint64_t index_offset = offset_;
  pending_ = std::move(index_);
  flush();
  for (const std::uint64_t number : {documents_, tokens_, targets_, index_offset}) put(number);
  put(std::uint32_t{0});
  flush();
  const std::uint32_t checksum = checksum_;
  put(checksum);
  flush();
  file_.commit();
}

}  // namespace frugal::train
