"""Each budget finds a planted crossing, and exceptions work only as long as they are needed."""
import unittest

from planted_tree import PlantedTree

import check_budgets

LONG = "void {}(int a) {{\n" + "  work();\n" * 70 + "}}\n"


class CheckBudgets(PlantedTree):
    def setUp(self):
        super().setUp()
        # Enough test for any source that a test plants.
        self.plant("tests/golden/golden_test.cpp", "// x\n" * 790)

    def found(self):
        return check_budgets.faults(self.root)

    def test_the_clean_tree_has_no_fault(self):
        self.assertEqual(self.found(), [])

    def test_a_long_file_is_a_fault(self):
        self.plant("frugal/engine/engine.cpp", "int x;\n" * 801)
        self.assert_fault(self.found(), "frugal/engine/engine.cpp:1: 801 lines, limit 800")
        self.plant("frugal/engine/engine.cpp", "int x;\n" * 800)
        self.assertEqual(self.found(), [])

    def test_a_long_function_is_a_fault(self):
        self.plant("frugal/engine/engine.cpp", "int x;\n" + LONG.format("run"))
        self.assert_fault(self.found(), "frugal/engine/engine.cpp:2: run has 72 lines, limit 70")

    def test_too_many_parameters_are_a_fault_in_definition_and_declaration(self):
        seven = "int a, int b, int c, int d, int e, int f, int g"
        for text in (f"void run({seven}) {{}}\n", f"class A {{\n public:\n  int run({seven});\n}};\n"):
            self.plant("frugal/engine/engine.cpp", text)
            self.assert_fault(self.found(), "run has 7 parameters, limit 6")

    def test_a_deep_include_chain_is_a_fault(self):
        self.plant("frugal/tensor/h0.h", "#pragma once\n")
        for level in range(1, 12):
            self.plant(f"frugal/tensor/h{level}.h", f'#include "frugal/tensor/h{level - 1}.h"\n')
        self.assert_fault(self.found(), "frugal/tensor/h11.h:1: include depth 11", "limit 10")

    def test_an_include_cycle_is_a_fault(self):
        self.plant("frugal/tensor/a.h", '#include "frugal/tensor/b.h"\n')
        self.plant("frugal/tensor/b.h", '#include "frugal/tensor/a.h"\n')
        self.assert_fault(self.found(), "frugal/tensor/a.h -> frugal/tensor/b.h -> frugal/tensor/a.h")

    def test_too_much_conditional_compilation_is_a_fault(self):
        self.plant("frugal/engine/engine.cpp", "#ifdef A\n#endif\n" + "int x;\n" * 98)
        self.assert_fault(self.found(), "#if per 1000 lines, limit 4")

    def test_a_function_like_macro_in_a_public_header_is_a_fault(self):
        macro = "#define FRUGAL_TWICE(x) ((x) * 2)\n"
        self.plant("frugal/tensor/secret.h", macro + "#define FRUGAL_PLAIN (1)\n")
        self.assertEqual(self.found(), [])
        self.plant("frugal/tensor/view.h", macro)
        self.assert_fault(self.found(), "frugal/tensor/view.h:1:", "FRUGAL_TWICE")

    def test_too_little_test_is_a_fault(self):
        self.plant("tests/golden/golden_test.cpp", "// x\n")
        self.plant("frugal/engine/engine.cpp", "int x;\n" * 100)
        self.assert_fault(self.found(), "lines of test per line of source, limit 0.6")

    def test_an_exception_with_a_reason_excuses_up_to_its_limit(self):
        self.plant("frugal/engine/engine.cpp", LONG.format("run"))
        line = "function-lines frugal/engine/engine.cpp:run {} a table that reads better whole\n"
        self.plant(check_budgets.EXCEPTIONS, "# comment\n" + line.format(72))
        self.assertEqual(self.found(), [])
        self.plant(check_budgets.EXCEPTIONS, line.format(71))
        self.assertEqual(len(self.found()), 2)

    def test_an_exception_without_a_reason_or_without_need_is_a_fault(self):
        self.plant(check_budgets.EXCEPTIONS, "file-lines frugal/base/error.h 900\n")
        self.assert_fault(self.found(), "budget_exceptions.txt:1:", "needs a reason")
        self.plant(check_budgets.EXCEPTIONS, "file-lines frugal/base/error.h 900 it was long once\n")
        self.assert_fault(self.found(), "budget_exceptions.txt:1:", "excuses nothing")
        self.plant(check_budgets.EXCEPTIONS, "\nfile-length frugal/base/error.h 900 a b c\n")
        self.assert_fault(self.found(), "budget_exceptions.txt:2:", "expected <file-lines|")

    def test_the_report_counts_source_and_test_apart(self):
        rows = {row[:28].strip(): row[28:].split("target")[0].strip()
                for row in check_budgets.report(self.root)}
        self.assertEqual(rows["lines of source, of test"], "16, 815")
        self.assertEqual(rows["test / source"], "50.94")
        self.assertEqual(rows["include depth, greatest"], "2")


if __name__ == "__main__":
    unittest.main()
