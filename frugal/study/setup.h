#pragma once

/// Private to this folder: what every kind of study does at its beginning and its end.

#include <cstddef>
#include <filesystem>
#include <functional>
#include <memory>
#include <vector>

#include "frugal/meter/meter.h"

namespace frugal::study {

/// Counts of threads to try, sorted: the wanted ones, or powers of two up to the CPUs if none is;
/// always also as many as CPUs.
[[nodiscard]] std::vector<std::size_t> thread_counts(std::vector<std::size_t> wanted);

/// What a meter can give at all, from an empty span.
[[nodiscard]] meter::Quality quality_of(
    const std::function<std::unique_ptr<meter::Meter>()>& make_meter);

/// Errors: kInvalidArgument when the result would replace the model that was given.
void refuse_to_replace_input(const std::filesystem::path& model,
                             const std::filesystem::path& out_dir);

/// A GGUF copy, complete or not at all; nothing to do for a file that is there already.
void copy_model(const std::filesystem::path& from, const std::filesystem::path& to);

/// Adds a repetition, domain by domain.  Repetitions share the meter's scale error, so
/// uncertainties add.
void add_readings(std::vector<meter::Reading>& sum, const std::vector<meter::Reading>& more);

}  // namespace frugal::study
