#pragma once

/// Private to this folder: what every kind of study does at its beginning and its end.

#include <cstddef>
#include <filesystem>
#include <functional>
#include <memory>
#include <vector>

#include "frugal/base/json.h"
#include "frugal/meter/meter.h"
#include "frugal/study/options.h"

namespace frugal::study {

/// Counts of threads to try, sorted: the wanted ones, or powers of two up to the CPUs if none is;
/// always also as many as CPUs.
[[nodiscard]] std::vector<std::size_t> thread_counts(std::vector<std::size_t> wanted);

/// What a meter can give at all, from an empty span.
[[nodiscard]] meter::Quality quality_of(
    const std::function<std::unique_ptr<meter::Meter>()>& make_meter);

/// Errors: kInvalidArgument when the result would replace the model that was given.
void refuse_to_replace_input(const StudyOptions& options);

/// model.gguf, a copy of `model`, and plan.json in the study's folder, each complete or not at all.
void write_choice(const StudyOptions& options, const std::filesystem::path& model,
                  const Json& plan);

/// Adds a repetition, domain by domain.  Repetitions share the meter's scale error, so
/// uncertainties add.
void add_readings(std::vector<meter::Reading>& sum, const std::vector<meter::Reading>& more);

}  // namespace frugal::study
