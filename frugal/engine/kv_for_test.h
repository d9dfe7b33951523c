#pragma once

/// A small KV pool for tests.

#include <cstddef>
#include <memory>

#include "frugal/engine/kv_pool.h"

namespace frugal::engine {

inline model::Config small_config() {
  model::Config config;
  config.layers = 2;
  config.heads = 4;
  config.kv_heads = 2;
  config.head_dim = 32;
  return config;
}

inline std::shared_ptr<KvPool> pool_of(std::size_t pages) {
  return std::make_shared<KvPool>(small_config(), pages, KvType::kF32);
}

}  // namespace frugal::engine
