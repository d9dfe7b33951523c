#include "frugal/report/report.h"

#include <algorithm>

#include "frugal/base/atomic_file.h"
#include "frugal/base/error.h"
#include "frugal/base/str.h"
#include "frugal/report/assets.h"
#include "frugal/report/html.h"
#include "frugal/report/page.h"

namespace frugal::report {
namespace {

// The policy forbids every request, so that a page from a hostile ledger could not send one
// either; escaping is what keeps such a ledger from running anything in the first place.
constexpr std::string_view kHead =
    "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
    "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
    "style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data:\">\n"
    "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
    "<meta name=\"color-scheme\" content=\"light dark\">\n<link rel=\"icon\" href=\"data:,\">\n";

std::string joined(std::span<const std::string_view> pieces) {
  std::string out;
  for (const std::string_view piece : pieces) out += piece;
  return out;
}

std::string document(std::string_view title, std::string_view body, const Json& data) {
  std::string out(kHead);
  out += str("<title>{}</title>\n<style>\n", escape(title));
  out += joined(page_style());
  out += str("</style>\n</head>\n<body>\n<main>\n{}", body);
  out +=
      "<footer><p>Written by frugal from its ledger. The page is one file, works offline and "
      "asks no other machine for anything.</p></footer>\n</main>\n";
  if (!data.is_null() && !chart_script().empty()) {
    out += str("<script type=\"application/json\" id=\"data\">{}</script>\n", script_json(data));
    out += "<script>\n" + joined(chart_script()) + "</script>\n";
  }
  return out + "</body>\n</html>\n";
}

}  // namespace

std::string render_page(const std::vector<ledger::Run>& runs) {
  const bool any = std::any_of(runs.begin(), runs.end(),
                               [](const ledger::Run& run) { return !run.finished_at.empty(); });
  if (!any) {
    throw Error(ErrorKind::kNotFound,
                str("report: {} runs in the ledger and none of them finished, expected at least "
                    "one finished run",
                    runs.size()));
  }
  const ledger::Run* parent = latest_study(runs);
  if (parent == nullptr) {
    const ledger::Run* shown = run_of_flow(runs);
    const Json data = shown ? Json{{"flow", flow_data(*shown)}} : Json(nullptr);
    return document("frugal: energy report", runs_body(runs), data);
  }
  const Study study = read_study(*parent, runs);
  return document("frugal: energy of " + parent->info.model, study_body(study), chart_data(study));
}

std::string render_html(const ledger::Ledger& ledger) {
  return render_page(ledger.runs());
}

void write_html(const ledger::Ledger& ledger, const std::filesystem::path& path) {
  const std::string html = render_html(ledger);
  AtomicFile file(path);
  file.write(html);
  file.commit();
}

}  // namespace frugal::report
