"""frugal calibrate on a powercap tree that follows what the program does."""
import contextlib
import json
import os
import pathlib
import subprocess
import threading
import time
import unittest

from program import FRUGAL, ProgramTest, run, run_json

IDLE_W = 20.0
BUSY_W = 8.0  # of one busy CPU, whatever it computes
PROCESSOR = "Test CPU 9000"


def cpu_seconds(pid):
    """On-CPU time of all threads of a process, to the nanosecond."""
    total = 0
    for task in pathlib.Path(f"/proc/{pid}/task").iterdir():
        with contextlib.suppress(OSError):  # a thread that ends is counted no further
            total += int((task / "schedstat").read_text().split()[0])
    return total * 1e-9


class FakeMachine:
    """A sysfs tree whose package counter rises by IDLE_W and by BUSY_W per busy CPU of a process."""

    def __init__(self, root):
        self.root = root
        zone = root / "sys/class/powercap/intel-rapl:0"
        zone.mkdir(parents=True)
        (zone / "name").write_text("package-0\n")
        (zone / "max_energy_range_uj").write_text("262143328850\n")
        (zone / "enabled").write_text("1\n")
        self.energy = zone / "energy_uj"
        self.energy.write_text(f"{0:015d}\n")
        self.says(PROCESSOR)

    def says(self, processor):
        (self.root / "proc").mkdir(exist_ok=True)
        (self.root / "proc/cpuinfo").write_text(f"processor\t: 0\nmodel name\t: {processor}\n")

    def follow(self, process):
        """Writes the counter until the process ends."""
        begin = time.monotonic()
        with open(self.energy, "r+b", buffering=0) as file:
            while process.poll() is None:
                with contextlib.suppress(OSError):
                    joules = IDLE_W * (time.monotonic() - begin) + BUSY_W * cpu_seconds(process.pid)
                    os.pwrite(file.fileno(), f"{int(joules * 1e6):015d}\n".encode(), 0)
                time.sleep(0.002)


class Calibrate(ProgramTest):
    def setUp(self):
        super().setUp()
        self.machine = FakeMachine(self.folder / "root")
        self.file = self.folder / "machine.json"

    def calibrate(self, *words):
        process = subprocess.Popen(
            [FRUGAL, "calibrate", "--sysfs", str(self.machine.root), "--meter", "rapl", "-t", "1",
             "--seconds", "0.4", "--repeats", "3", "-o", str(self.file), *words],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        follower = threading.Thread(target=self.machine.follow, args=(process,))
        follower.start()
        stdout, stderr = process.communicate(timeout=300)
        follower.join()
        self.assertEqual(process.returncode, 0, stderr)
        return stdout

    def test_finds_the_powers_and_the_model_uses_them(self):
        found = json.loads(self.calibrate("--json"))
        prices = {row["term"]: row for row in found["prices"]}
        self.assertAlmostEqual(prices["idle"]["value"], IDLE_W, delta=0.2 * IDLE_W)
        # On a loaded machine the writer of the counter comes late and the program gets little of a
        # CPU, which looks like noise; what a prompt counter gives is tested beside the fit.
        self.assertAlmostEqual(found["busy_cpu"]["value"], BUSY_W, delta=0.5 * BUSY_W)
        self.assertLess(prices["cpu"]["value"], 1.5 * BUSY_W)
        self.assertFalse(prices["storage"]["fitted"])
        self.assertNotIn("network", prices)
        self.assertLess(found["fit"]["hold_out"]["median"], 0.3)
        self.assertEqual(json.loads(self.file.read_text())["prices"], found["prices"])

        model = ["--meter", "model", "--sysfs", self.machine.root, "--machine", self.file]
        weighed = run_json("meter", *model, "--", "sleep", "0.5")
        domains = {row["domain"]: row for row in weighed["readings"]}
        self.assertAlmostEqual(domains["idle"]["energy_j"] / domains["idle"]["time_s"],
                               prices["idle"]["value"])
        self.assertNotIn("note", domains["idle"])
        self.assertIn("calibrated with rapl", weighed["meter"]["description"])
        done = run_json("run", self.model, "-p", "the", "-n", "4", *model)
        self.assertEqual([row["domain"] for row in done["readings"]], ["cpu", "idle"])
        self.assertEqual(done["by_work"]["quality"], "modelled")
        self.assertGreater(done["by_work"]["energy_j"], 0.0)

        self.machine.says("Another CPU")
        elsewhere = run_json("meter", *model, "--", "sleep", "0.1")["readings"]
        for row in elsewhere:
            self.assertIn(f"calibrated on another processor ({PROCESSOR}; this one is Another CPU)",
                          row["note"])
            self.assertGreaterEqual(row["energy_j_std"], 0.5 * row["energy_j"])

        said = run("run", self.model, "-p", "the", "-n", "4", *model).stderr
        self.assertIn("by work", said)
        self.assertRegex(said, "to know .*calibrated on another processor")

    def test_says_what_it_found(self):
        text = self.calibrate()
        for part in ["idle", "busy CPU", "mixed work that it did not see", "prior:", "network  unknown",
                     f"wrote {self.file}"]:
            self.assertIn(part, text)


class Refusals(ProgramTest):
    def test_without_a_counter_it_does_not_pretend(self):
        for meter in ["auto", "model"]:
            self.refused(5, "expected a counter of energy", "calibrate", "--sysfs", self.folder,
                         "--meter", meter, "-o", self.folder / "m.json")
        self.assertFalse((self.folder / "m.json").exists())

    def test_a_counter_that_stands_still_is_none(self):
        machine = FakeMachine(self.folder / "root")
        done = run("calibrate", "--sysfs", machine.root, "--meter", "rapl", "--seconds", "0.05", "-q")
        self.assertEqual(done.returncode, 5, done.stderr)
        self.assertIn("no joules in", done.stderr)

    def test_a_machine_file_that_cannot_be_used_is_one_clear_line(self):
        file = self.folder / "m.json"
        words = ["meter", "--sysfs", self.folder, "--machine", file, "--", "true"]
        self.refused(3, "m.json", *words)
        for content, code, part in [("{", 4, "not JSON"), ("[]", 4, "machine file"),
                                    ('{"format": "tea"}', 4, "another format"),
                                    ('{"format": "frugal-machine", "version": 9}', 5, "version 9")]:
            file.write_text(content)
            self.refused(code, part, *words)

    def test_priors_need_no_counter(self):
        text = run("calibrate", "--priors", "--sysfs", self.folder).stdout
        for part in ["unknown processor", "Horowitz", "network  unknown"]:
            self.assertIn(part, text)


if __name__ == "__main__":
    unittest.main()
