#include "frugal/carbon/factor_file.h"

#include <cmath>
#include <utility>

#include "frugal/base/error.h"
#include "frugal/base/str.h"
#include "frugal/base/toml.h"

namespace frugal::carbon {

namespace {

constexpr double kLargest = 1e15;  // far above any grid, tonne or price; its square is still finite
constexpr NumberRange kNotNegative{.least = 0.0, .most = kLargest};
constexpr NumberRange kShare{.least = 0.0, .most = 1.0};
constexpr IntegerRange kYears{.least = 1900, .most = 2200};
constexpr std::size_t kMostBands = 100;

class Reader {
 public:
  explicit Reader(Toml toml) : toml_(std::move(toml)) {}

  FactorFile read() {
    FactorFile file;
    name_ = file.name = toml_.text("name");
    source_ = toml_.text("source");
    file.zones = zones();
    if (toml_.has("pue")) file.pue = pue();
    if (toml_.has("water")) file.water = water();
    if (toml_.has("embodied")) file.embodied = embodied();
    if (toml_.has("tariff")) file.tariff = tariff();
    toml_.finish();
    return file;
  }

 private:
  std::string source_of(const std::string& table) {
    return toml_.text_or(table + ".source", source_);
  }

  // A value with its doubt: <key>_std beside it, or 0.
  Factor factor(const std::string& key, NumberRange range = kNotNegative) {
    return {.value = toml_.number(key, range),
            .std = toml_.number_or(key + "_std", 0.0, kNotNegative)};
  }

  std::vector<Intensity> zones() {
    const double relative = toml_.number_or("relative_std", 0.0, kNotNegative);
    const double least = toml_.number_or("least_std", 0.0, kNotNegative);
    const auto year = toml_.has("year") ? toml_.integer("year", kYears) : 0;
    const std::string basis = toml_.choice_or("basis", "average", {"average", "marginal"});
    const std::string scope = toml_.choice_or("scope", "lifecycle", {"lifecycle", "direct"});
    std::vector<Intensity> out;
    for (std::size_t i = 0; i < toml_.count("zone"); ++i) {
      const std::string at = str("zone[{}].", i);
      Intensity& zone = out.emplace_back();
      zone.zone = toml_.text(at + "code");
      zone.also = toml_.text_or(at + "also", "");
      zone.name = toml_.text_or(at + "name", "");
      zone.year =
          static_cast<int>(toml_.has(at + "year") ? toml_.integer(at + "year", kYears) : year);
      zone.basis = *basis_from_name(toml_.choice_or(at + "basis", basis, {"average", "marginal"}));
      zone.scope = *scope_from_name(toml_.choice_or(at + "scope", scope, {"lifecycle", "direct"}));
      zone.g_per_kwh = factor(at + "g_per_kwh");
      if (!toml_.has(at + "g_per_kwh_std")) {
        zone.g_per_kwh.std = std::hypot(relative * zone.g_per_kwh.value, least);
      }
      zone.set = name_;
      zone.source = toml_.text_or(at + "source", source_);
    }
    return out;
  }

  Pue pue() {
    return {.factor = factor("pue.value", {.least = 1.0, .most = 100.0}),
            .source = source_of("pue")};
  }

  Water water() {
    return {.on_site = factor("water.on_site_l_per_kwh"),
            .off_site = factor("water.off_site_l_per_kwh"),
            .source = source_of("water")};
  }

  Embodied embodied() {
    constexpr double kGrams = 1000.0;
    constexpr double kYear = 365.0 * 24.0 * 3600.0;
    const Factor kilograms = factor("embodied.total_kg");
    const double years = toml_.number("embodied.lifetime_years", {.least = 0.001, .most = 1000.0});
    return {.total_g = {.value = kilograms.value * kGrams, .std = kilograms.std * kGrams},
            .lifetime = Seconds(years * kYear),
            .share = toml_.number_or("embodied.share", 1.0, kShare),
            .source = source_of("embodied")};
  }

  Tariff tariff() {
    constexpr double kHourMinutes = 60.0;
    const double offset =
        toml_.number_or("tariff.utc_offset_hours", 0.0, {.least = -14.0, .most = 14.0});
    Tariff out{.currency = toml_.text("tariff.currency"),
               .per_kwh = toml_.number("tariff.per_kwh", kNotNegative),
               .utc_offset_minutes = static_cast<int>(std::lround(offset * kHourMinutes)),
               .source = source_of("tariff")};
    const std::size_t bands = toml_.count("tariff.band");
    if (bands > kMostBands) {
      throw Error(ErrorKind::kInvalidArgument,
                  str("{}: key 'tariff.band': found {} bands, expected at most {}", toml_.name(),
                      bands, kMostBands));
    }
    for (std::size_t i = 0; i < bands; ++i) out.bands.push_back(band(str("tariff.band[{}].", i)));
    return out;
  }

  Band band(const std::string& at) {
    const std::string days = toml_.choice_or(at + "days", "all", {"all", "weekdays", "weekends"});
    return {.from_minute = minute(at + "from") % (24 * 60),
            .to_minute = minute(at + "to"),
            .days = days == "all" ? Days::kAll
                                  : (days == "weekdays" ? Days::kWeekdays : Days::kWeekends),
            .per_kwh = toml_.number(at + "per_kwh", kNotNegative)};
  }

  int minute(const std::string& key) {
    const std::string text = toml_.text(key);
    const std::optional<int> minute = minute_of_day(text);
    if (minute) return *minute;
    throw Error(ErrorKind::kInvalidArgument,
                str("{}: key '{}': found \"{}\", expected a time such as \"22:30\"", toml_.name(),
                    key, printable(text)));
  }

  Toml toml_;
  std::string name_;
  std::string source_;
};

}  // namespace

std::optional<int> minute_of_day(std::string_view text) {
  constexpr std::size_t kLength = 5;
  if (text.size() != kLength || text[2] != ':') return std::nullopt;
  const auto hour = parse_int(text.substr(0, 2));
  const auto minute = parse_int(text.substr(3));
  if (!hour || !minute || *hour < 0 || *minute < 0 || *minute > 59) return std::nullopt;
  const auto total = static_cast<int>(*hour * 60 + *minute);
  return total <= 24 * 60 ? std::optional(total) : std::nullopt;
}

FactorFile read_factor_file(const std::filesystem::path& path) {
  return Reader(Toml::parse(path)).read();
}

FactorFile parse_factor_file(std::string_view text, const std::string& name) {
  return Reader(Toml::from_text(text, name)).read();
}

}  // namespace frugal::carbon
