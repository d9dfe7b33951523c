#!/usr/bin/env python3
"""Checks that the code obeys the house:

  order    each module folder is in the house order of the root CMakeLists.txt, and its DEPS name
           only modules above it (so there are no cycles)
  includes a module includes only what its DEPS grant, only public headers of others, by full path
  doors    a foreign library comes in only through its doors
  quiet    nothing below `cli` writes to stdout or stderr, or ends the process

Prints one line per fault, `path:line: what`, and exits 1 when there is one.
Usage: tools/check_layers.py <repository root>"""
import pathlib
import re
import sys

import cpp_source

# Foreign header prefix -> the modules that may include it.
DOORS = {
    "CLI/": {"cli"},
    "nlohmann/": {"base"}, "toml++/": {"base"}, "toml.hpp": {"base"}, "fmt/": {"base"},
    "hwloc.h": {"base"}, "hwloc/": {"base"},
    "sqlite3.h": {"ledger", "agent"},
    "httplib.h": {"net"}, "openssl/": {"agent", "net"},
    "pcre2.h": {"text"}, "unicode/": {"text"}, "utf8proc.h": {"text"},
    "Eigen/": {"compress", "meter"}, "lapacke.h": {"compress", "meter"},
    "cblas.h": {"kernels"}, "dnnl.h": {"kernels"}, "dnnl.hpp": {"kernels"}, "oneapi/": {"kernels"},
    "immintrin.h": {"kernels"}, "x86intrin.h": {"kernels"}, "arm_neon.h": {"kernels"},
    "arm_sve.h": {"kernels"},
    "torch/": {"train"}, "ATen/": {"train"}, "c10/": {"train"}, "gloo/": {"train"},
    "sentencepiece_processor.h": {"train"}, "sentencepiece_trainer.h": {"train"},
    "pagmo/": {"tune"},
    "nvml.h": {"meter"},
    "gtest/": set(), "gmock/": set(), "benchmark/": set(),
}
# What tests and benchmarks may include beyond their module's doors.
TEST_DOORS = ("gtest/", "gmock/")
BENCH_DOORS = ("benchmark/",)

# Where the project's own headers lie.
OWN = ("frugal/", "tests/", "bench/")

# `.` and `>` before a name make it a member; `_exit` after fork stays allowed.
LOUD = re.compile(r"""
    \bstd::(?P<stream>cout|cerr|clog|wcout|wcerr)\b
  | (?<![\w.>])(?P<print>printf|vprintf|puts|putchar|perror|fmt::print)\s*\(
  | \b(?P<handle>stdout|stderr|STDOUT_FILENO|STDERR_FILENO)\b
  | (?<![\w.>:])(?:std::)?(?P<end>exit|_Exit|quick_exit|abort|terminate)\s*\(
""", re.X)
# A failed FRUGAL_CHECK prints and aborts; it is the one place that may.
LOUD_ALLOWED = {"frugal/base/error.cpp"}


class House:
    """What the CMake files declare, and the faults found against it."""

    def __init__(self, root):
        self.root = root
        self.order = cpp_source.house_order(root)
        self.modules = cpp_source.read_modules(root)
        self.public = cpp_source.public_headers(self.modules)

    def reach(self, name, seen=frozenset()):
        """The modules whose headers a module may include: itself, its DEPS, and theirs."""
        if name in seen:
            return {name}
        deps = self.modules[name]["DEPS"] if name in self.modules else []
        return {name}.union(*(self.reach(dep, seen | {name}) for dep in deps))


def order_faults(house):
    """Faults of the modules' CMake files against the house order."""
    if not house.order:
        yield "CMakeLists.txt:1: no set(FRUGAL_MODULES ...), expected the house order"
    for folder in sorted(path for path in house.root.glob("frugal/*") if path.is_dir()):
        name, place = folder.name, f"frugal/{folder.name}/CMakeLists.txt:1"
        if not cpp_source.cpp_files(house.root, f"frugal/{name}"):
            continue
        if name not in house.order:
            yield f"{place}: module {name} is not in FRUGAL_MODULES of the root CMakeLists.txt"
        if not (folder / "CMakeLists.txt").exists():
            yield f"{place}: is missing"
        if name in house.modules:
            yield from dependency_faults(house, name, place)


def dependency_faults(house, name, place):
    module = house.modules[name]
    if module["NAME"] != name:
        yield f"{place}: frugal_module is called {module['NAME']}, expected {name}"
    for dep in module["DEPS"]:
        if dep not in house.modules:
            yield f"{place}: DEPS name {dep}, which is no module"
        elif name in house.order and dep in house.order \
                and house.order.index(dep) >= house.order.index(name):
            yield f"{place}: DEPS name {dep}, which does not come before {name} in the house order"


def door_fault(place, header, test):
    """Why a foreign header may not enter here; None where it may.  `place` is a module or, for
    what spans modules, `tests` or `bench`."""
    for prefix, doors in DOORS.items():
        if not header.startswith(prefix):
            continue
        if place in doors:
            return None
        if header.startswith(TEST_DOORS):
            return None if test else f"{header} may enter only through tests"
        if header.startswith(BENCH_DOORS):
            return None if place == "bench" else f"{header} may enter only through bench"
        return f"{header} may enter only through {' or '.join(sorted(doors))}"
    return None


def include_fault(house, place, header, test):
    """Why a header may not be included here; None where it may."""
    if not header.startswith(OWN):
        return door_fault(place, header, test)
    parts = header.split("/")
    if parts[0] != "frugal":
        if test or place == parts[0]:
            return None
        return f"{header} belongs to {parts[0]}/, which is not shipped"
    if cpp_source.is_test_support(pathlib.Path(header)) and not test:
        return f"{header} serves tests only"
    if parts[1] == place:
        return None
    # The program (a folder without frugal_module) and what spans modules see every public header.
    allowed = house.reach(place) if place in house.modules else set(house.modules)
    if parts[1] not in allowed:
        return f"{place} may not include {parts[1]}: it is not among its DEPS"
    if header in house.public or (test and cpp_source.is_test_support(pathlib.Path(header))):
        return None
    return f"{header} is private to {parts[1]}"


def relative_fault(path, header):
    if not header.startswith(OWN) and (path.parent / header).exists():
        return f'"{header}" is included relatively, expected its path from the repository root'
    return None


def file_faults(house, path):
    """Faults of one file: its includes and, below `cli`, its voice."""
    relative = path.relative_to(house.root)
    place = relative.parts[1] if relative.parts[0] == "frugal" else relative.parts[0]
    test = cpp_source.is_test(path) or place == "tests"
    text = path.read_text()
    for line, header in cpp_source.includes(text):
        why = relative_fault(path, header) or include_fault(house, place, header, test)
        if why:
            yield f"{relative}:{line}: {why}"
    library = relative.parts[0] == "frugal" and place != "cli" and not test
    if library and str(relative) not in LOUD_ALLOWED:
        yield from loud_faults(relative, text)


def loud_faults(relative, text):
    bare = cpp_source.blank_comments_and_strings(text)
    for match in LOUD.finditer(bare):
        word = match[match.lastgroup]
        what = "ends the process" if match["end"] else "writes to a standard stream"
        yield (f"{relative}:{cpp_source.line_of(bare, match.start(match.lastgroup))}: {word} {what}; "
               "below cli, throw frugal::Error or return a value")


def faults(root):
    """All faults of the tree at root, one line each."""
    house = House(root)
    found = list(order_faults(house))
    for path in cpp_source.cpp_files(root, "frugal", "tests", "bench"):
        found += file_faults(house, path)
    return found


def main(arguments):
    if len(arguments) != 1:
        print(__doc__, file=sys.stderr)
        return 2
    found = faults(pathlib.Path(arguments[0]))
    for fault in found:
        print(fault)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
