#pragma once

/// A study as the ledger holds it, read once and checked, so that the page only has to write.

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "frugal/ledger/ledger.h"
#include "frugal/report/figure.h"

namespace frugal::report {

enum class Decision { kUnknown, kChosen, kAccepted, kRefused, kStopped };

/// What a study counts joules by and quality with.
struct Terms {
  std::string_view energy_metric;  ///< in the ledger
  std::string_view loss_metric;
  std::string_view per;        ///< "output token"
  std::string_view loss_name;  ///< "NLL increase"
  std::string_view loss_unit;  ///< "nats per token"
  double loss_factor = 1.0;    ///< from the ledger's unit to `loss_unit`
  bool agents = false;
};
/// By the name of the metric that the bound limits: success_drop, else nll_increase.
[[nodiscard]] const Terms& terms_of(std::string_view bound_metric);

/// One plan: the figures that docs/formats/study-in-ledger.md names.
struct Plan {
  const ledger::Run* run = nullptr;
  std::string label;
  bool baseline = false;
  Decision decision = Decision::kUnknown;
  std::optional<Figure>
      energy;  ///< J per Terms::per; unknown also where its receipt is unavailable
  std::optional<Figure> tokens_per_s;
  std::optional<Figure> nll;
  std::optional<Figure> lost;  ///< in Terms::loss_unit; `high` is the one-sided upper 95 % bound
  std::optional<Figure> kld;
  std::optional<Figure> kld_p99;
  std::optional<Figure> same_top;
  std::optional<Figure> success;       ///< of agents: share of tasks solved
  std::optional<Figure> test_success;  ///< on tasks that had no part in the choice
  std::optional<Figure> test_energy;
  std::optional<Figure> file_bytes;

  /// Of its joules: the receipt's quality; nothing where it has no receipt.
  [[nodiscard]] std::optional<meter::Quality> quality() const;
  /// It has a receipt whose energy means something.
  [[nodiscard]] bool has_receipt() const;
  /// Loss of quality for the chart: `lost`, and 0 for the baseline by definition.
  [[nodiscard]] std::optional<double> loss() const;
};

/// A study with its plans.  Holds pointers into the runs it was read from.
struct Study {
  const ledger::Run* run = nullptr;
  Terms terms;
  std::vector<Plan> plans;              ///< in the order in which they ran
  std::optional<std::size_t> baseline;  ///< index into plans
  std::optional<std::size_t> chosen;
  std::optional<double> bound;  ///< limit of the loss, in Terms::loss_unit
  std::string bound_text;
  std::string text;  ///< name of the text or the suite that quality was measured on
  std::string test;  ///< of agents: name of the suite of the verdict
  std::string isa;
  std::string seed;
  std::optional<double> prompt_tokens;
  std::optional<double> output_tokens;
  std::string meter_name;
  std::string meter_description;
  std::string meter_quality;

  [[nodiscard]] const Plan* baseline_plan() const;
  [[nodiscard]] const Plan* chosen_plan() const;
};

/// The latest finished study among the runs; nothing when there is none.
[[nodiscard]] const ledger::Run* latest_study(const std::vector<ledger::Run>& runs);

/// Reads the study `parent` and its children.  Settings that are not what they should be are
/// absent in the result; nothing in a ledger can make this throw.
[[nodiscard]] Study read_study(const ledger::Run& parent, const std::vector<ledger::Run>& runs);

/// Plans that no other plan beats in both joules per token and loss, by falling joules: indices.
/// Formula: i is in it when no j has x_j <= x_i and y_j <= y_i with one of them strict.
[[nodiscard]] std::vector<std::size_t> pareto_front(const std::vector<Plan>& plans);

/// What the search took and when the chosen plan has given it back.
///
/// Formula: count = E_search / (e_baseline − e_chosen), in Terms::per; the ends of its
///          interval come from the two half-widths in quadrature.
struct Payback {
  Figure saved;                 ///< joules per Terms::per
  std::optional<Figure> count;  ///< nothing unless the saving is larger than its half-width
};
[[nodiscard]] std::optional<Payback> payback(const Study& study);

/// Chosen to baseline in energy; nothing when they are one plan or a figure is unknown.
[[nodiscard]] std::optional<Figure> energy_ratio(const Study& study);

/// Phases that took energy in any plan, in the order of an answer.
[[nodiscard]] std::vector<Phase> used_phases(const Study& study);

/// "chosen", "accepted", "refused", "undecided".
[[nodiscard]] std::string_view decision_name(Decision decision);

}  // namespace frugal::report
