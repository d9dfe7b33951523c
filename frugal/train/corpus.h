#pragma once

/// Private to this folder: files of a recipe as documents, and documents as token ids.

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "frugal/base/progress.h"
#include "frugal/model/label_group.h"
#include "frugal/text/chat.h"
#include "frugal/text/tokenizer.h"
#include "frugal/train/recipe.h"
#include "frugal/train/token_store.h"

namespace frugal::train {

/// A document before tokenisation.
struct RawDocument {
  std::vector<text::ChatPiece> pieces;   ///< conversations; one piece for other kinds
  std::string opening;                   ///< conversations: text that others of its kind begin with
  std::vector<std::string> label_names;  ///< kLabels: the class per key of the recipe
};

/// Calls `use` with each document of the files, in order.
///
/// Errors: those of reading; kCorrupt with file, line, what was found and expected.
void read_documents(const DataRecipe& recipe, const std::vector<std::filesystem::path>& files,
                    const std::function<void(const RawDocument&)>& use);

using model::LabelGroup;

/// The classes that occur in the training files, one group per key of the recipe.
[[nodiscard]] std::vector<LabelGroup> find_labels(const DataRecipe& recipe);

/// Names, sizes and times of files: while it is the same, so are they.
/// Errors: kNotFound for a file that is not there.
[[nodiscard]] std::string state_of_files(const std::vector<std::filesystem::path>& files);

/// Tokenises the files into `store`, or opens it where it was made of the very same files and
/// vocabulary before.
///
/// Conversations: the pieces are encoded one by one, as an agent does; what the assistant wrote
///         are the targets; documents with one opening share it as a prefix.
/// Errors:  those of read_documents and TokenStore; kInvalidArgument for a class that the training
///          files lack.
[[nodiscard]] std::shared_ptr<const TokenStore> tokenise(
    const DataRecipe& recipe, const std::vector<std::filesystem::path>& files,
    const text::Tokenizer& tokenizer, const std::vector<LabelGroup>& labels,
    const std::filesystem::path& store, const ProgressFn& progress);

}  // namespace frugal::train
