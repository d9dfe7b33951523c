#pragma once

/// Keys and values of the positions seen so far.

#include <cstddef>
#include <cstdint>
#include <vector>

#include "frugal/model/model.h"

namespace frugal::engine {

enum class KvType { kF32, kF16 };

/// One sequence's keys and values, position by position in each layer.
///
/// Shapes:  per layer [capacity, kv_heads * head_dim], keys and values apart.
/// Threads: one writer; the engine's team writes disjoint positions.
class KvCache {
 public:
  /// Errors: kInvalidArgument when `capacity` is 0 or its bytes exceed what can be addressed or
  ///         allocated; the message gives the size asked for.
  KvCache(const model::Config& config, std::size_t capacity, KvType type = KvType::kF16);

  [[nodiscard]] std::size_t size() const { return size_; }
  [[nodiscard]] std::size_t capacity() const { return capacity_; }
  [[nodiscard]] KvType type() const { return type_; }
  [[nodiscard]] std::size_t width() const { return width_; }  ///< kv_heads * head_dim
  [[nodiscard]] std::size_t bytes() const { return keys_.size() + values_.size(); }

  /// Forgets all but the first `size` positions.
  void truncate(std::size_t size);
  /// Makes `count` positions, written before, part of the sequence.
  void advance(std::size_t count);

  /// Storage of `position` in `layer`: width() elements of the cache's type.
  [[nodiscard]] std::byte* key(std::size_t layer, std::size_t position);
  [[nodiscard]] std::byte* value(std::size_t layer, std::size_t position);

 private:
  [[nodiscard]] std::size_t offset(std::size_t layer, std::size_t position) const;

  KvType type_;
  std::size_t width_;
  std::size_t capacity_;
  std::size_t element_bytes_;
  std::size_t size_ = 0;
  std::vector<std::byte> keys_;
  std::vector<std::byte> values_;
};

}  // namespace frugal::engine
