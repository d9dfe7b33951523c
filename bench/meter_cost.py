#!/usr/bin/env python3
"""What weighing costs: CPU time of sampling ten times a second, and what `frugal meter` adds to a command.

    bench/meter_cost.py build/release/frugal [--seconds 20] [--repeats 40]

Four powercap zones in a temporary folder stand for the counters, so that it runs on any machine.
"""
import argparse
import json
import pathlib
import statistics
import subprocess
import tempfile
import time

MOST_CPU_PERCENT = 0.1
MOST_ADDED_MS = 30.0


def make_zones(root):
    base = root / "sys/class/powercap"
    for package in range(2):
        for zone, name in [(f"intel-rapl:{package}", f"package-{package}"),
                           (f"intel-rapl:{package}/intel-rapl:{package}:0", "dram")]:
            folder = base / zone
            folder.mkdir(parents=True)
            (folder / "name").write_text(name + "\n")
            (folder / "max_energy_range_uj").write_text("262143328850\n")
            (folder / "enabled").write_text("1\n")
            (folder / "energy_uj").write_text("123456789\n")


def sampling_percent(program, root, seconds):
    done = subprocess.run([program, "meter", "--json", "--sysfs", root, "--meter", "rapl", "--",
                           "sleep", str(seconds)], capture_output=True, text=True, check=True)
    said = json.loads(done.stdout)
    return 100.0 * said["meter"]["cpu_time_s"] / said["time_s"]


def milliseconds(command):
    begin = time.perf_counter()
    subprocess.run(command, capture_output=True, check=True)
    return 1e3 * (time.perf_counter() - begin)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("program")
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--repeats", type=int, default=40)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="frugal-cost-") as folder:
        root = pathlib.Path(folder)
        make_zones(root)
        percent = sampling_percent(options.program, root, options.seconds)
        weighed = [options.program, "meter", "--sysfs", root, "--meter", "rapl", "--", "true"]
        pairs = [(milliseconds(["true"]), milliseconds([options.program, "--version"]),
                  milliseconds(weighed)) for _ in range(options.repeats)]
    added = [pair[2] - pair[0] for pair in pairs]
    start = [pair[1] - pair[0] for pair in pairs]
    quartiles = statistics.quantiles(added, n=4)
    print(f"sampling at 10 Hz: {percent:.3f} % of one core over {options.seconds:g} s "
          f"(aim: below {MOST_CPU_PERCENT:g} %)")
    print(f"frugal meter -- true: {quartiles[1]:.1f} ms longer than true, quartiles "
          f"{quartiles[0]:.1f} to {quartiles[2]:.1f} ms, of which {statistics.median(start):.1f} ms start the "
          f"program (aim: below {MOST_ADDED_MS:g} ms)")


if __name__ == "__main__":
    main()
