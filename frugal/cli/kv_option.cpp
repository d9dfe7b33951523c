#include "frugal/cli/kv_option.h"

#include <CLI/CLI.hpp>

namespace frugal::cli {

void add_kv(CLI::App& verb, std::string& name) {
  verb.add_option("--kv", name, "type of the KV cache")
      ->check(CLI::IsMember({"f16", "f32", "q8_0"}))
      ->capture_default_str();
}

engine::KvType kv_type_of(std::string_view name) {
  if (name == "f32") return engine::KvType::kF32;
  return name == "q8_0" ? engine::KvType::kQ8_0 : engine::KvType::kF16;
}

}  // namespace frugal::cli
