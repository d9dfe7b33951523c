#pragma once

/// Which architectures of transformers we read, and what their tensors are called in GGUF.

#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace frugal::model {

/// What happens to a tensor on its way.
enum class Change {
  kNone,
  kQueryPairs,  ///< rows of each head: halves become neighbours
  kKeyPairs,    ///< the same, by the number of key heads
  kTranspose,   ///< [in, out] -> [out, in]
  kAddOne,      ///< stored less 1
  kDrop,        ///< not needed
};

/// Names without ".weight" or ".bias"; '#' stands for the number of the layer.  A name that ends in
/// '*' stands for all that begin so.
struct NameRule {
  std::string_view theirs;
  std::string_view ours;
  Change change = Change::kNone;
};

struct HuggingFaceArchitecture {
  std::string_view theirs;  ///< in "architectures" of config.json
  std::string_view ours;    ///< `general.architecture`
  std::string_view prefix;  ///< that some checkpoints put before every name
  bool tied;                ///< the output is the embedding, where config.json does not tell
  std::span<const NameRule> names;
};

/// The architecture of this name, if we read it.
[[nodiscard]] const HuggingFaceArchitecture* find_huggingface(std::string_view name);
/// All names, for messages: "BertModel, …".
[[nodiscard]] std::string known_huggingface();

/// What becomes of a tensor.
struct Renamed {
  std::string name;  ///< "blk.3.attn_q.weight"; empty when dropped
  Change change = Change::kNone;
};

/// Nothing for a name that the architecture does not have.
[[nodiscard]] std::optional<Renamed> rename(const HuggingFaceArchitecture& architecture,
                                            std::string_view name);

}  // namespace frugal::model
