#!/usr/bin/env python3
"""Checks the budgets of the house: lengths of files and functions, parameters, include depth,
conditional compilation, macros in public headers, and how much test there is.

Prints one line per fault, `path:line: what, limit`, and exits 1 when there is one; --report adds
the figures that have only a target.  Exceptions stand, with a reason, in budget_exceptions.txt.
Usage: tools/check_budgets.py [--report] <repository root>"""
import argparse
import pathlib
import re
import sys
from dataclasses import dataclass

import cpp_functions
import cpp_source

FILE_LINES = 800
FUNCTION_LINES = 70
PARAMETERS = 6
INCLUDE_DEPTH = 10
CONDITIONALS_PER_1000 = 4.0
TEST_RATIO = 0.6
PUBLIC_MACROS = {"FRUGAL_CHECK"}

EXCEPTIONS = "tools/budget_exceptions.txt"
BUDGETS = ("file-lines", "function-lines", "parameters", "include-depth", "public-macro")
SHORTEST_REASON = 3  # words


@dataclass
class Fault:
    """One crossing of a limit.  `subject` is what an exception names: a path or path:function."""
    budget: str
    subject: str
    value: float
    text: str


class Tree:
    """The C++ files of the project and what they contain, read once."""

    def __init__(self, root):
        self.root = root
        self.text = {str(path.relative_to(root)): path.read_text()
                     for path in cpp_source.cpp_files(root, "frugal", "tests", "bench")}
        self.functions = {path: cpp_functions.functions(text) for path, text in self.text.items()}
        self.public = cpp_source.public_headers(cpp_source.read_modules(root))

    def lines(self, path):
        return self.text[path].count("\n")

    def is_test(self, path):
        return path.startswith("tests/") or cpp_source.is_test(pathlib.Path(path))

    def source_lines(self):
        return sum(self.lines(path) for path in self.text
                   if path.startswith("frugal/") and not self.is_test(path))

    def test_lines(self):
        """Of C++, and of Python that tests the program from outside, as its users see it."""
        outside = sum(path.read_text().count("\n") for path in self.root.glob("tests/e2e/**/*.py"))
        return outside + sum(self.lines(path) for path in self.text if self.is_test(path))


def file_faults(tree):
    for path in tree.text:
        lines = tree.lines(path)
        if lines > FILE_LINES:
            yield Fault("file-lines", path, lines,
                        f"{path}:1: {lines} lines, limit {FILE_LINES}")


def function_faults(tree):
    for path, found in tree.functions.items():
        for function in found:
            place, subject = f"{path}:{function.line}", f"{path}:{function.name}"
            if function.lines > FUNCTION_LINES:
                yield Fault("function-lines", subject, function.lines,
                            f"{place}: {function.name} has {function.lines} lines, "
                            f"limit {FUNCTION_LINES}")
            if function.parameters > PARAMETERS:
                yield Fault("parameters", subject, function.parameters,
                            f"{place}: {function.name} has {function.parameters} parameters, "
                            f"limit {PARAMETERS}")


def include_chains(tree):
    """path -> its longest chain of our own headers below it; a cycle is reported in place of a
    chain, as a list that ends with the header it began with."""
    chains, open_paths = {}, []

    def chain(path):
        if path in open_paths:
            return open_paths[open_paths.index(path):] + [path], True
        if path in chains:
            return chains[path]
        open_paths.append(path)
        best, cyclic = [], False
        for _, header in cpp_source.includes(tree.text[path]):
            if header in tree.text and not cyclic:
                below, cyclic = chain(header)
                best = below if cyclic else max(best, [header] + below, key=len)
        open_paths.pop()
        chains[path] = best, cyclic
        return chains[path]

    for path in tree.text:
        chain(path)
    return chains


def include_faults(tree):
    for path, (found, cyclic) in include_chains(tree).items():
        if cyclic and path == found[0]:
            yield Fault("include-cycle", path, len(found),
                        f"{path}:1: includes itself by {' -> '.join(found)}, limit 0")
        elif not cyclic and len(found) > INCLUDE_DEPTH:
            yield Fault("include-depth", path, len(found),
                        f"{path}:1: include depth {len(found)} ({' -> '.join(found)}), "
                        f"limit {INCLUDE_DEPTH}")


def macro_faults(tree):
    for path in sorted(tree.public & tree.text.keys()):
        text = cpp_source.blank_comments(tree.text[path])
        for match in re.finditer(r"^[ \t]*#\s*define\s+(\w+)\(", text, re.M):
            if match[1] not in PUBLIC_MACROS:
                line = cpp_source.line_of(text, match.start(1))
                yield Fault("public-macro", f"{path}:{match[1]}", 1,
                            f"{path}:{line}: function-like macro {match[1]} in a public header, "
                            f"limit {' '.join(PUBLIC_MACROS)}")


def conditionals_per_1000(tree):
    """Conditional compilations per thousand lines of shipped source."""
    count = sum(len(re.findall(r"^[ \t]*#\s*(?:if|ifdef|ifndef|elif)\b",
                               cpp_source.blank_comments(text), re.M))
                for path, text in tree.text.items()
                if path.startswith("frugal/") and not tree.is_test(path))
    return 1000 * count / max(tree.source_lines(), 1)


def test_ratio(tree):
    return tree.test_lines() / max(tree.source_lines(), 1)


def whole_faults(tree):
    """Faults of the tree as a whole; there are no exceptions to these."""
    conditionals, ratio = conditionals_per_1000(tree), test_ratio(tree)
    if conditionals > CONDITIONALS_PER_1000:
        yield Fault("conditionals", "frugal", conditionals,
                    f"frugal:1: {conditionals:.1f} #if per 1000 lines, "
                    f"limit {CONDITIONALS_PER_1000:g}")
    if tree.source_lines() and ratio < TEST_RATIO:
        yield Fault("test-ratio", "frugal", ratio,
                    f"frugal:1: {ratio:.2f} lines of test per line of source, "
                    f"limit {TEST_RATIO:g} or more")


# --- Exceptions ---------------------------------------------------------------------------------


@dataclass
class Grant:
    """One exception: a higher limit for one budget of one subject."""
    place: str
    limit: float
    used: bool = False


def read_exceptions(root):
    """({(budget, subject): Grant}, faults of the file itself)."""
    path = root / EXCEPTIONS
    found, faults = {}, []
    lines = path.read_text().splitlines() if path.exists() else []
    for number, line in enumerate(lines, 1):
        words = line.split()
        if not words or words[0].startswith("#"):
            continue
        place = f"{EXCEPTIONS}:{number}"
        if words[0] not in BUDGETS or len(words) < 3 or not words[2].isdigit():
            faults.append(f"{place}: found '{line}', expected <{'|'.join(BUDGETS)}> "
                          "<path or path:function> <limit> <reason>")
        elif len(words) < 3 + SHORTEST_REASON:
            faults.append(f"{place}: an exception needs a reason, "
                          f"limit {SHORTEST_REASON} words or more")
        else:
            found[words[0], words[1]] = Grant(place, float(words[2]))
    return found, faults


def excused(fault, exceptions):
    exception = exceptions.get((fault.budget, fault.subject))
    if exception is None or fault.value > exception.limit:
        return False
    exception.used = True
    return True


def faults(root):
    """All faults of the tree at root, one line each."""
    tree = Tree(root)
    exceptions, found = read_exceptions(root)
    for check in (file_faults, function_faults, include_faults, macro_faults, whole_faults):
        found += [fault.text for fault in check(tree) if not excused(fault, exceptions)]
    found += [f"{exception.place}: the exception for {budget} of {subject} excuses nothing, remove it"
              for (budget, subject), exception in exceptions.items() if not exception.used]
    return found


# --- Report -------------------------------------------------------------------------------------


def quantile(values, share):
    """The smallest value that at least this share of the values does not exceed."""
    ordered = sorted(values) or [0]
    return ordered[min(int(share * len(ordered)), len(ordered) - 1)]


def comment_share(tree):
    """Lines that hold only comment, per line that is not empty, in shipped source."""
    comments = written = 0
    for path, text in tree.text.items():
        if not path.startswith("frugal/") or tree.is_test(path):
            continue
        for line, bare in zip(text.splitlines(), cpp_source.blank_comments(text).splitlines()):
            written += bool(line.strip())
            comments += bool(line.strip()) and not bare.strip()
    return comments / max(written, 1)


def report(root):
    """The figures beside their targets, as lines of text."""
    tree = Tree(root)
    files = [tree.lines(path) for path in tree.text]
    lengths = [f.lines for found in tree.functions.values() for f in found if f.lines]
    depth = max((len(chain) for chain, _ in include_chains(tree).values()), default=0)
    rows = [
        ("files", f"{len(files)}", ""),
        ("lines of source, of test", f"{tree.source_lines()}, {tree.test_lines()}", ""),
        ("test / source", f"{test_ratio(tree):.2f}", "0.8 or more"),
        ("file length, median", f"{quantile(files, 0.5)}", "150"),
        ("file length, p95", f"{quantile(files, 0.95)}", "500"),
        ("function length, p95", f"{quantile(lengths, 0.95)}", "45"),
        ("include depth, greatest", f"{depth}", "6"),
        ("#if per 1000 lines", f"{conditionals_per_1000(tree):.1f}", "2"),
        ("comment share", f"{100 * comment_share(tree):.0f} %", "15 to 25 %"),
    ]
    return [f"{what:28}{value:>14}" + (f"   target {target}" if target else "")
            for what, value, target in rows]


def main(arguments):
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--report", action="store_true")
    parser.add_argument("root", type=pathlib.Path)
    options = parser.parse_args(arguments)
    found = faults(options.root)
    for fault in found:
        print(fault)
    if options.report:
        print("\n".join(report(options.root)))
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
