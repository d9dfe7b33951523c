#!/usr/bin/env python3
"""Sums the JUnit files that CTest writes: names what failed and what was skipped and why, and ends
with the line `N passed, N failed`.  Exits 1 when a test failed or none ran.
Usage: tools/ctest_totals.py [--broken] FILE..."""
import argparse
import re
import sys
import xml.etree.ElementTree as xml

# One skipped GoogleTest case as its program prints it: the place, the reason, the name.
SKIPPED_CASE = re.compile(
    r"^.+:\d+: Skipped\n(?P<reason>.*?)\n*^\[  SKIPPED \] (?P<name>\S+) \(\d+ ms\)$",
    re.M | re.S)


class Totals:
    """Names of the CTest tests by outcome, and the GoogleTest cases skipped inside passed ones."""

    def __init__(self):
        self.passed, self.failed, self.skipped = [], [], []

    def add_file(self, path):
        for case in xml.parse(path).getroot().iter("testcase"):
            self.add(case.get("name", "?"), case.get("status", "?"), case.findtext("system-out"))

    def add(self, name, status, output):
        if status == "run":
            self.passed.append(name)
        elif status in ("notrun", "disabled"):
            self.skipped.append(name)
        else:
            self.failed.append(name)
        for skip in SKIPPED_CASE.finditer(output or ""):
            reason = " ".join(skip["reason"].split())
            self.skipped.append(f"{name} {skip['name']}: {reason or 'no reason given'}")


def main(arguments):
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--broken", action="store_true",
                        help="a stage failed, so at least one failure is counted")
    parser.add_argument("files", nargs="*")
    options = parser.parse_args(arguments)
    totals = Totals()
    for path in options.files:
        totals.add_file(path)
    for name in sorted(set(totals.skipped)):
        print(f"skipped: {name}")
    for name in totals.failed:
        print(f"failed: {name}")
    if not totals.passed and not totals.failed:
        print("no test ran")
    failures = len(totals.failed)
    if options.broken:
        failures = max(failures, 1)
    print(f"{len(totals.passed)} passed, {failures} failed")
    return 1 if failures or not totals.passed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
