"""Is the report, opened in a browser, the ledger that optimize wrote?"""
import json
import os
import pathlib
import shutil
import sqlite3
import subprocess
import unittest

from program import ProgramTest, run

HERE = pathlib.Path(__file__).parent
CHROMIUM = os.environ.get("FRUGAL_CHROMIUM", "/usr/bin/chromium")


def expected_page(ledger):
    """What the page must show, read from the ledger by nobody's code but this."""
    database = sqlite3.connect(ledger)
    study_id, study_settings = database.execute(
        "select id, settings from run where verb = 'optimize' and parent is null").fetchone()
    metric = lambda run_id, name: database.execute(
        "select value, low, high from metric where run = ? and name = ? order by rowid desc",
        (run_id, name)).fetchone()
    note = lambda run_id, key: database.execute(
        "select text from note where run = ? and key = ? order by rowid desc",
        (run_id, key)).fetchone()[0]
    plans = []
    for run_id, label, settings in database.execute(
            "select id, plan, settings from run where parent = ? order by id", (study_id,)):
        joules = metric(run_id, "joules_per_token")
        row = {"label": label, "baseline": json.loads(settings)["baseline"],
               "decision": note(run_id, "decision"), "reason": note(run_id, "reason"),
               "joules_per_token": joules[0], "joules_low": joules[1], "joules_high": joules[2]}
        rise = metric(run_id, "nll_increase")
        if rise:
            row["nll_increase"], row["nll_high"] = rise[0], rise[2]
        plans.append(row)
    return {"verdict": note(study_id, "verdict"),
            "bound": json.loads(study_settings)["bound"]["limit"], "charts": True, "plans": plans}


@unittest.skipUnless(os.path.exists(CHROMIUM), f"{CHROMIUM} is not here")
@unittest.skipUnless(shutil.which("node"), "node is not here")
class ReportPage(ProgramTest):
    def test_the_page_shows_what_the_ledger_holds(self):
        out = self.folder / "out"
        done = run("optimize", self.model, "--text", self.text, "-o", out, "--prompt-tokens", 8,
                   "--output-tokens", 4, "--eval-context", 64, "--repeats", 5, "-q")
        self.assertEqual(done.returncode, 0, done.stderr)
        expected = self.folder / "expected.json"
        expected.write_text(json.dumps(expected_page(out / "ledger.sqlite")))
        page = subprocess.run(["node", HERE / "report_page.mjs", out / "report.html", expected],
                              capture_output=True, text=True, timeout=240)
        if page.returncode == 77:
            self.skipTest(page.stdout.strip())
        self.assertEqual(page.returncode, 0, page.stdout + page.stderr)


if __name__ == "__main__":
    unittest.main()
