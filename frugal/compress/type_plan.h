#pragma once

/// Which type each tensor of a file is to have.

#include <optional>
#include <string>
#include <vector>

#include "frugal/compress/mixture.h"
#include "frugal/format/tensor_file.h"
#include "frugal/tensor/dtype.h"
#include "frugal/text/name_pattern.h"

namespace frugal::compress {

/// Matrices whose name the pattern is found in get this type.
struct TypeRule {
  text::NamePattern pattern;
  DType type;
};

/// "regex=type", split at the last '='.
/// Errors: kInvalidArgument for a malformed pattern or a type that cannot be rounded to.
[[nodiscard]] TypeRule parse_type_rule(std::string_view text);

/// Where the types come from: the first rule that is found in the name, else the tensor's own where
/// `keep` says so, else the mixture, else `type` for all.
struct TypeChoice {
  DType type = DType::kQ8_0;
  const Mixture* mixture = nullptr;
  std::vector<TypeRule> rules = {};
  bool keep = false;
  bool has_importance = false;
};

/// A matrix whose row is no multiple of the block of the type that it was to have.
struct Fallback {
  std::string tensor;
  DType wanted = DType::kF16;
  DType stored = DType::kF16;
};

struct TypePlan {
  std::vector<DType> types;  ///< as the file's tensors
  std::vector<Fallback> fallbacks;
};

/// Errors: kInvalidArgument for a rule that is found in the name of no matrix; kCorrupt for
/// metadata
///         of a wrong type.
[[nodiscard]] TypePlan plan_types(const format::TensorFile& file, const TypeChoice& choice);

}  // namespace frugal::compress
