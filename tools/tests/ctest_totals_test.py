"""The last line of ./run test is right, and success needs a test that ran."""
import contextlib
import io
import pathlib
import tempfile
import unittest

import planted_tree  # noqa: F401  makes the tools importable

import ctest_totals

HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n<testsuite name="x">\n'
SKIP = ("[ RUN      ] A.Skips\n/a folder/frugal/a_test.cpp:12: Skipped\nno counter\nhere\n\n"
        "[  SKIPPED ] A.Skips (0 ms)\n[  SKIPPED ] 1 test, listed below:\n[  SKIPPED ] A.Skips\n")


class CtestTotals(unittest.TestCase):
    def run_on(self, *suites, options=()):
        """Exit status and printed lines for suites of (name, status, output)."""
        with tempfile.TemporaryDirectory() as folder, io.StringIO() as out:
            files = []
            for number, cases in enumerate(suites):
                files.append(pathlib.Path(folder) / f"{number}.xml")
                body = "".join(f'<testcase name="{name}" status="{status}"><system-out>{output}'
                               "</system-out></testcase>\n" for name, status, output in cases)
                files[-1].write_text(HEAD + body + "</testsuite>\n")
            with contextlib.redirect_stdout(out):
                status = ctest_totals.main([*options, *map(str, files)])
            return status, out.getvalue().splitlines()

    def test_suites_are_summed(self):
        status, lines = self.run_on([("a", "run", ""), ("b", "run", "")], [("a", "run", "")])
        self.assertEqual((status, lines), (0, ["3 passed, 0 failed"]))

    def test_a_failure_is_named_and_fails(self):
        status, lines = self.run_on([("a", "run", ""), ("b", "fail", "")])
        self.assertEqual((status, lines), (1, ["failed: b", "1 passed, 1 failed"]))

    def test_no_test_at_all_fails(self):
        self.assertEqual(self.run_on(), (1, ["no test ran", "0 passed, 0 failed"]))
        self.assertEqual(self.run_on([("a", "notrun", "")])[0], 1)

    def test_a_broken_stage_counts_where_no_test_failed(self):
        self.assertEqual(self.run_on([("a", "run", "")], options=["--broken"]),
                         (1, ["1 passed, 1 failed"]))
        self.assertEqual(self.run_on([("a", "fail", "")], options=["--broken"])[1][-1],
                         "0 passed, 1 failed")

    def test_a_skipped_case_is_named_once_with_its_reason(self):
        status, lines = self.run_on([("m.a", "run", SKIP)], [("m.a", "run", SKIP)])
        self.assertEqual((status, lines), (0, ["skipped: m.a A.Skips: no counter here",
                                               "2 passed, 0 failed"]))


if __name__ == "__main__":
    unittest.main()
