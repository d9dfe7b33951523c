#pragma once

/// Private to this folder: the transformed files of a study, and their quality.

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "frugal/eval/score.h"
#include "frugal/model/model.h"
#include "frugal/study/optimize.h"

namespace frugal::study {

/// A folder that is removed with everything in it when the object goes, however that happens short
/// of a kill; the next study in the same place removes what a kill left.
class WorkFolder {
 public:
  explicit WorkFolder(std::filesystem::path path);
  ~WorkFolder();
  WorkFolder(const WorkFolder&) = delete;
  WorkFolder& operator=(const WorkFolder&) = delete;
  [[nodiscard]] const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

/// One model file of the study.
struct Candidate {
  std::string transform;  ///< "as is", "Q8_0", "Q4_0"
  std::filesystem::path file;
  model::Model model;
  eval::TextScore score;
  std::optional<eval::Comparison> comparison;  ///< absent for "as is"
};

/// The file as given and its roundings to Q8_0 and Q4_0 (but to its own type), made in `folder`;
/// the file as given comes first.  Without scores.
[[nodiscard]] std::vector<Candidate> make_roundings(const std::filesystem::path& model,
                                                    const WorkFolder& folder,
                                                    const ProgressFn& progress);
/// The same, compared on the text.
[[nodiscard]] std::vector<Candidate> make_candidates(const OptimizeOptions& options,
                                                     const std::vector<TokenId>& text,
                                                     const WorkFolder& folder);

}  // namespace frugal::study
