"""Do the joules that the program hands out add up, in its answers, its ledger and its page?"""
import json
import os
import re
import shutil
import sqlite3
import subprocess
import unittest

from program import ProgramTest, run, run_json

CHROMIUM = os.environ.get("FRUGAL_CHROMIUM", "/usr/bin/chromium")
# Burns CPU time in a grandchild, so that neither shell nor meter does it itself.
BURN = "sh -c 'i=0; while [ $i -lt 400000 ]; do i=$((i+1)); done'; :"


def rows(ledger, query):
    database = sqlite3.connect(ledger)
    database.row_factory = sqlite3.Row
    found = [dict(row) for row in database.execute(query)]
    database.close()
    return found


class Attribution(ProgramTest):
    def generate(self, *flags):
        ledger = self.folder / "l.sqlite"
        answer = run_json("run", self.model, "-p", "the day", "-n", 60, "--ignore-eos",
                          "--temperature", 0, "--ledger", ledger, *flags)
        return answer["receipt"], ledger

    def test_phases_and_idle_are_the_whole(self):
        receipt, ledger = self.generate()
        parts = sum(phase["energy_j"] for phase in receipt["phases"].values())
        self.assertEqual(parts, receipt["energy_j"])
        kept = rows(ledger, "select sum(energy_j) as joules from phase")
        self.assertAlmostEqual(kept[0]["joules"], receipt["energy_j"], delta=1e-12)

    def test_layers_are_parts_of_the_phases(self):
        receipt, ledger = self.generate()
        self.assertEqual(len(receipt["layers_j"]), 2)
        busy = receipt["energy_j"] - receipt["phases"]["idle"]["energy_j"]
        self.assertLess(sum(receipt["layers_j"]), busy)
        self.assertGreater(sum(receipt["layers_j"]), 0.2 * busy)
        kept = rows(ledger, "select number, energy_j, time_s from part where part = 'layer'")
        self.assertEqual([row["number"] for row in kept], [0, 1])
        self.assertEqual([row["energy_j"] for row in kept], receipt["layers_j"])
        busy_s = rows(ledger, "select sum(time_s) as time from phase where phase <> 'idle'")
        self.assertLess(sum(row["time_s"] for row in kept), busy_s[0]["time"])

    def test_guesses_thrown_away_are_waste(self):
        plain, _ = self.generate()
        self.assertNotIn("waste", plain)
        guessing, ledger = self.generate("--lookup")
        rejected = guessing["phases"]["decode"]["work"]["rejected_tokens"]
        kept = rows(ledger, "select * from part where part = 'rejected'")
        if rejected == 0:
            self.skipTest("all guesses were right")
        self.assertEqual(guessing["waste"]["rejected"]["tokens"], rejected)
        joules = guessing["waste"]["rejected"]["energy_j"]
        self.assertGreater(joules, 0)
        self.assertLess(joules, guessing["phases"]["decode"]["energy_j"])
        self.assertEqual(len(kept), 1)
        self.assertEqual(kept[0]["energy_j"], joules)

    def test_power_of_a_command_is_known_while_it_runs(self):
        ledger = self.folder / "m.sqlite"
        done = run("meter", "--meter", "model", "--cpu-watts", 8, "--ledger", ledger, "--", "sh",
                   "-c", BURN)
        self.assertEqual(done.returncode, 0, done.stderr)
        power = rows(ledger, "select at_s, power_w from power order by id")
        energy = rows(ledger, "select energy_j from reading")[0]["energy_j"]
        before, total = 0.0, 0.0
        for sample in power:
            self.assertGreater(sample["at_s"], before)
            total += sample["power_w"] * (sample["at_s"] - before)
            before = sample["at_s"]
        self.assertAlmostEqual(total, energy, delta=0.05 * energy + 1e-3)
        if os.path.exists(f"/proc/{os.getpid()}/task/{os.getpid()}/children") and len(power) > 4:
            # One loop on one CPU: never much more than 8 W, and not all of it at the end.
            last = power[-1]["power_w"] * (power[-1]["at_s"] - power[-2]["at_s"])
            self.assertLess(last, 0.7 * total)

    def test_the_page_of_a_run_shows_the_same_joules(self):
        receipt, ledger = self.generate("--lookup")
        page = self.folder / "page.html"
        self.assertEqual(run("report", ledger, "-o", page).returncode, 0)
        html = page.read_text()
        section = html[html.index('<section id="flow">'):]
        section = section[:section.index("</section>")]
        shown = dict(re.findall(r'<th scope="row">(?:&emsp;)?([a-z0-9 ]+)</th>'
                                r'<td data-value="([^"]+)"', section))
        for phase, part in receipt["phases"].items():
            if part["energy_j"] > 0:
                self.assertAlmostEqual(float(shown[phase]), part["energy_j"], delta=1e-9)
        self.assertAlmostEqual(float(shown["layer 1"]), receipt["layers_j"][1], delta=1e-9)

    @unittest.skipUnless(os.path.exists(CHROMIUM), f"{CHROMIUM} is not here")
    @unittest.skipUnless(shutil.which("node"), "node is not here: the page has no charts")
    def test_a_browser_draws_the_flow(self):
        _, ledger = self.generate()
        page = self.folder / "page.html"
        self.assertEqual(run("report", ledger, "-o", page).returncode, 0)
        if "<script>" not in page.read_text():
            self.skipTest("built without the chart library")
        drawn = subprocess.run(
            [CHROMIUM, "--headless", "--no-sandbox", "--disable-gpu", "--dump-dom",
             "--virtual-time-budget=5000", page.as_uri()],
            capture_output=True, text=True, timeout=120)
        for name in ("chart-flow", "chart-layers", "chart-power"):
            at = drawn.stdout.index(f'id="{name}"')
            self.assertIn("<svg", drawn.stdout[at:at + 2000], name)
        self.assertIn("answers written</text>", drawn.stdout)

    def test_an_older_ledger_is_read_and_brought_up_to_date(self):
        _, ledger = self.generate()
        database = sqlite3.connect(ledger)
        database.executescript(
            "drop table part; drop table power;"
            "alter table phase drop column layers_skipped;"
            "alter table phase drop column recomputed_tokens;"
            "alter table phase drop column rejected_time_s;"
            "alter table phase drop column recomputed_time_s;"
            "pragma user_version = 1")
        database.close()
        before = ledger.read_bytes()
        page = self.folder / "page.html"
        self.assertEqual(run("report", ledger, "-o", page).returncode, 0)
        self.assertEqual(ledger.read_bytes(), before)
        self.assertIn("answers written", page.read_text())
        self.generate()
        self.assertEqual(rows(ledger, "select count(*) as runs from run")[0]["runs"], 2)
        self.assertEqual(rows(ledger, "select count(distinct run) as runs from part")[0]["runs"], 1)


class GramsAndMoney(ProgramTest):
    """The verbs that weigh say grams and money at once where they are told the factors."""
    FACTORS = ("--g-per-kwh", 360, "--pue", 1.5, "--tariff", "0.2 EUR")

    def check(self, impact, joules):
        self.assertAlmostEqual(impact["carbon_gco2e"], joules * 1.5 * 360 / 3.6e6, delta=1e-12)
        self.assertAlmostEqual(impact["cost"], joules * 1.5 * 0.2 / 3.6e6, delta=1e-12)
        self.assertEqual(impact["currency"], "EUR")

    def test_of_a_command(self):
        ledger = self.folder / "l.sqlite"
        done = run("meter", "--json", "--meter", "model", *self.FACTORS, "--ledger", ledger, "--",
                   "sh", "-c", BURN)
        self.assertEqual(done.returncode, 0, done.stderr)
        answer = json.loads(done.stdout)
        self.check(answer["impact"], answer["readings"][0]["energy_j"])
        kept = json.loads(rows(ledger, "select text from note where key = 'impact'")[0]["text"])
        self.check(kept, answer["readings"][0]["energy_j"])

    def test_of_an_answer(self):
        answer = run_json("run", self.model, "-p", "the", "-n", 8, *self.FACTORS)
        self.check(answer["impact"], answer["receipt"]["energy_j"])
        self.assertNotIn("impact", run_json("run", self.model, "-p", "the", "-n", 2))
        shown = run("run", self.model, "-p", "the", "-n", 2, "--zone", "FR")
        self.assertIn("CO2e", shown.stderr)

    def test_of_a_study(self):
        out = self.folder / "out"
        done = run("optimize", self.model, "--text", self.text, "-o", out, "--prompt-tokens", 8,
                   "--output-tokens", 4, "--eval-context", 64, "--repeats", 5, "-q", *self.FACTORS)
        self.assertEqual(done.returncode, 0, done.stderr)
        plans = rows(out / "ledger.sqlite", "select count(*) as n from run where parent is not null")
        kept = rows(out / "ledger.sqlite", "select count(distinct run) as n from note join run"
                    " on run.id = note.run where key = 'impact' and parent is not null")
        self.assertEqual(kept, plans)
        self.assertIn("CO2e", (out / "report.html").read_text())

    def test_refuses_factors_that_say_nothing_before_any_work(self):
        self.refused(2, "--pue", "meter", "--pue", 1.2, "--", "touch", self.folder / "ran")
        self.refused(2, "--tariff", "meter", "--tariff", "cheap", "--", "touch", self.folder / "ran")
        self.refused(3, "Atlantis", "meter", "--zone", "Atlantis", "--", "touch", self.folder / "ran")
        self.assertFalse((self.folder / "ran").exists())


if __name__ == "__main__":
    unittest.main()
