#include "frugal/meter/machine_file.h"

#include <cmath>

#include "frugal/base/atomic_file.h"
#include "frugal/base/error.h"
#include "frugal/base/str.h"

namespace frugal::meter {

namespace {

constexpr int kVersion = 1;
constexpr std::string_view kFormat = "frugal-machine";
constexpr std::uint64_t kMostBytes = 1U << 20U;
constexpr double kMostWatts = 1e6;
constexpr double kMostJoules = 1.0;  // of one operation or byte
constexpr double kElsewhere = 0.5;   // relative deviation of prices of another processor

/// An object whose keys must be there; every fault names the file and the key.
class Reader {
 public:
  Reader(const Json& json, std::string where) : json_(json), where_(std::move(where)) {
    if (!json_.is_object()) fault("not an object");
  }
  [[nodiscard]] Reader object(const char* key) const { return {at(key), name(key)}; }
  [[nodiscard]] const Json& array(const char* key) const {
    const Json& value = at(key);
    if (!value.is_array()) fault_at(key, "an array");
    return value;
  }
  [[nodiscard]] std::string text(const char* key) const {
    const Json& value = at(key);
    if (!value.is_string()) fault_at(key, "a text");
    return value.get<std::string>();
  }
  [[nodiscard]] bool flag(const char* key) const {
    const Json& value = at(key);
    if (!value.is_boolean()) fault_at(key, "true or false");
    return value.get<bool>();
  }
  [[nodiscard]] double number(const char* key, double most) const {
    const Json& value = at(key);
    const double number = value.is_number() ? value.get<double>() : -1.0;
    if (!(number >= 0.0 && number <= most)) fault_at(key, str("a number from 0 to {:g}", most));
    return number;
  }
  [[nodiscard]] std::size_t count(const char* key) const {
    constexpr double kMost = 1e15;
    return static_cast<std::size_t>(number(key, kMost));
  }
  [[noreturn]] void fault(std::string_view what) const {
    throw Error(ErrorKind::kCorrupt, str("{}: {}, expected a machine file", where_, what));
  }

 private:
  [[nodiscard]] std::string name(const char* key) const { return str("{}: {}", where_, key); }
  [[nodiscard]] const Json& at(const char* key) const {
    const auto found = json_.find(key);
    if (found == json_.end()) fault(str("no '{}'", key));
    return *found;
  }
  [[noreturn]] void fault_at(const char* key, std::string_view expected) const {
    throw Error(ErrorKind::kCorrupt, str("{}: found {}, expected {}", name(key),
                                         printable(to_line(at(key)), 40), expected));
  }

  const Json& json_;
  std::string where_;
};

Json price_json(const Price& price) {
  return {{"value", price.value},
          {"std", price.std},
          {"fitted", price.fitted},
          {"source", price.source}};
}

Price price_from(const Reader& reader, double most) {
  return {.value = reader.number("value", most),
          .std = reader.number("std", most),
          .fitted = reader.flag("fitted"),
          .source = printable(reader.text("source"), 300)};
}

EnergyModel model_from(const Reader& reader, const Json& prices, const std::string& where) {
  constexpr double kMostRelative = 100.0;
  EnergyModel model{.name = printable(reader.text("name"), 200),
                    .relative_std = reader.number("relative_std", kMostRelative)};
  for (const Json& entry : prices) {
    const Reader row(entry, str("{}: prices", where));
    const std::string name = row.text("term");
    const auto term = term_from_name(name);
    if (!term) row.fault(str("an unknown term '{}'", printable(name)));
    if (model[*term]) row.fault(str("the term '{}' twice", name));
    const bool power = term_unit(*term) == "W";
    model[*term] = price_from(row, power ? kMostWatts : kMostJoules);
  }
  for (const Term needed : {Term::kIdle, Term::kCpu}) {
    if (!model[needed]) reader.fault(str("no price of '{}'", term_name(needed)));
  }
  return model;
}

Machine machine_from(const Reader& reader) {
  constexpr double kMostMemory = 1e18;
  return {.processor = printable(reader.text("processor"), 120),
          .cpus = reader.count("cpus"),
          .memory_bytes = static_cast<std::uint64_t>(reader.number("memory_bytes", kMostMemory)),
          .kernel = printable(reader.text("kernel"), 120)};
}

HoldOut hold_out_from(const Reader& reader) {
  constexpr double kMostError = 1e9;
  return {.count = reader.count("count"),
          .median = reader.number("median", kMostError),
          .p90 = reader.number("p90", kMostError),
          .within_factor_two = reader.number("within_factor_two", 1.0)};
}

void widen(Price& price) {
  price.std = std::hypot(price.std, kElsewhere * price.value);
}

}  // namespace

Json to_json(const MachineFile& file) {
  Json json = {{"format", kFormat},
               {"version", kVersion},
               {"made_at", file.made_at},
               {"made_by", file.made_by},
               {"machine",
                {{"processor", file.machine.processor},
                 {"cpus", file.machine.cpus},
                 {"memory_bytes", file.machine.memory_bytes},
                 {"kernel", file.machine.kernel}}},
               {"meter", {{"name", file.meter}, {"quality", quality_name(file.quality)}}},
               {"name", file.model.name},
               {"relative_std", file.model.relative_std},
               {"prices", Json::array()},
               {"busy_cpu", price_json(file.busy_cpu)},
               {"fit",
                {{"rows", file.rows},
                 {"hold_out",
                  {{"count", file.held_out.count},
                   {"median", file.held_out.median},
                   {"p90", file.held_out.p90},
                   {"within_factor_two", file.held_out.within_factor_two}}}}}};
  for (std::size_t i = 0; i < kTerms; ++i) {
    if (!file.model.prices[i]) continue;
    const auto term = static_cast<Term>(i);
    Json row = {{"term", term_name(term)}, {"unit", term_unit(term)}};
    row.update(price_json(*file.model.prices[i]));
    json["prices"].push_back(std::move(row));
  }
  return json;
}

MachineFile machine_file_from(const Json& json, std::string_view where) {
  const std::string file_name(where);
  const Reader reader(json, file_name);
  if (reader.text("format") != kFormat) reader.fault("another format");
  const double version = reader.number("version", 1e6);
  if (version != kVersion) {
    throw Error(ErrorKind::kUnsupported,
                str("{}: machine file of version {}, expected {}", where, version, kVersion));
  }
  const Reader meter = reader.object("meter");
  const auto quality = quality_from_name(meter.text("quality"));
  if (!quality || *quality > Quality::kDerived) meter.fault("a quality that no counter has");
  const Reader fit = reader.object("fit");
  return {.machine = machine_from(reader.object("machine")),
          .made_at = printable(reader.text("made_at")),
          .made_by = printable(reader.text("made_by")),
          .meter = printable(meter.text("name")),
          .quality = *quality,
          .model = model_from(reader, reader.array("prices"), file_name),
          .busy_cpu = price_from(reader.object("busy_cpu"), kMostWatts),
          .rows = fit.count("rows"),
          .held_out = hold_out_from(fit.object("hold_out"))};
}

void save(const MachineFile& file, const std::filesystem::path& path) {
  AtomicFile out(path);
  constexpr int kIndent = 1;
  out.write(to_json(file).dump(kIndent, ' ', false, Json::error_handler_t::replace));
  out.write("\n");
  out.commit();
}

MachineFile load_machine_file(const std::filesystem::path& path) {
  const std::string where = path.string();
  return machine_file_from(parse_json(read_text_file(path, kMostBytes), where), where);
}

AdaptedMachine adapt(MachineFile file, const Machine& here) {
  if (!here.processor.empty() && here.processor == file.machine.processor) {
    return {.file = std::move(file)};
  }
  for (std::optional<Price>& price : file.model.prices) {
    if (price) widen(*price);
  }
  widen(file.busy_cpu);
  const auto named = [](const std::string& name) { return name.empty() ? "unknown" : name; };
  std::string note = str("calibrated on another processor ({}; this one is {}): ± widened by half",
                         named(file.machine.processor), named(here.processor));
  return {.file = std::move(file), .note = std::move(note)};
}

}  // namespace frugal::meter
