"""Each rule of check_layers finds a planted fault, and nothing else."""
import unittest

from planted_tree import PlantedTree

import check_layers


class CheckLayers(PlantedTree):
    def found(self):
        return check_layers.faults(self.root)

    def test_the_clean_tree_has_no_fault(self):
        self.assertEqual(self.found(), [])

    def test_a_folder_outside_the_house_order_is_a_fault(self):
        self.plant("frugal/attic/CMakeLists.txt", "frugal_module(attic)\n")
        self.plant("frugal/attic/box.h", "#pragma once\n")
        self.assert_fault(self.found(), "frugal/attic/CMakeLists.txt:1:", "not in FRUGAL_MODULES")

    def test_a_folder_without_a_cmake_file_is_a_fault(self):
        self.plant("frugal/net/http.h", "#pragma once\n")
        self.assert_fault(self.found(), "frugal/net/CMakeLists.txt:1:", "is missing")

    def test_a_dependency_on_a_later_module_is_a_fault(self):
        self.plant("frugal/base/CMakeLists.txt",
                   "frugal_module(base HEADERS error.h SOURCES error.cpp DEPS meter)\n")
        self.assert_fault(self.found(), "frugal/base/CMakeLists.txt:1:", "meter, which does not come")

    def test_a_dependency_on_no_module_is_a_fault(self):
        self.plant("frugal/meter/CMakeLists.txt",
                   "frugal_module(meter HEADERS meter.h DEPS base ghost)\n")
        self.assert_fault(self.found(), "ghost, which is no module")

    def test_a_module_under_another_name_is_a_fault(self):
        self.plant("frugal/engine/CMakeLists.txt", "frugal_module(motor HEADERS engine.h DEPS tensor)\n")
        self.assert_fault(self.found(), "called motor, expected engine")

    def test_an_include_that_deps_do_not_grant_is_a_fault(self):
        self.plant("frugal/meter/meter.h", '#pragma once\n#include "frugal/engine/engine.h"\n')
        self.assert_fault(self.found(), "frugal/meter/meter.h:2:", "meter may not include engine")

    def test_deps_of_deps_are_granted(self):
        self.plant("frugal/engine/engine.h", '#pragma once\n#include "frugal/base/error.h"\n')
        self.assertEqual(self.found(), [])

    def test_a_private_header_of_another_module_is_a_fault(self):
        self.plant("frugal/engine/engine.h", '#pragma once\n#include "frugal/tensor/secret.h"\n')
        self.assert_fault(self.found(), "frugal/engine/engine.h:2:", "secret.h is private to tensor")

    def test_a_private_header_in_a_test_of_another_module_is_a_fault(self):
        self.plant("frugal/engine/engine_test.cpp", '#include "frugal/tensor/secret.h"\n')
        self.assert_fault(self.found(), "private to tensor")

    def test_headers_for_tests_serve_tests_of_any_module_and_nothing_else(self):
        self.plant("frugal/tensor/view_for_test.h", "#pragma once\n#include <gtest/gtest.h>\n")
        self.plant("frugal/engine/engine_test.cpp", '#include "frugal/tensor/view_for_test.h"\n')
        self.plant("tests/laws/laws_test.cpp", '#include "frugal/tensor/view_for_test.h"\n')
        self.assertEqual(self.found(), [])
        self.plant("frugal/tensor/view.cpp", '#include "frugal/tensor/view_for_test.h"\n')
        self.assert_fault(self.found(), "frugal/tensor/view.cpp:1:", "serves tests only")

    def test_the_program_sees_every_public_header_but_no_private_one(self):
        self.plant("frugal/cli/run.cpp", '#include "frugal/engine/engine.h"\n'
                                         '#include "frugal/tensor/secret.h"\n')
        self.assert_fault(self.found(), "frugal/cli/run.cpp:2:", "private to tensor")

    def test_a_foreign_library_past_its_door_is_a_fault(self):
        doors = {"CLI/App.hpp": "cli", "nlohmann/json.hpp": "base", "sqlite3.h": "agent or ledger",
                 "httplib.h": "net", "Eigen/Dense": "compress or meter", "torch/torch.h": "train",
                 "immintrin.h": "kernels", "gtest/gtest.h": "tests", "benchmark/benchmark.h": "bench"}
        for header, door in doors.items():
            self.plant("frugal/engine/engine.cpp", f"#include <{header}>\n")
            self.assert_fault(self.found(), f"{header} may enter only through {door}")

    def test_every_door_of_a_library_is_open(self):
        self.plant("frugal/meter/fit.cpp", "#include <Eigen/Dense>\n")
        self.assertEqual(self.found(), [])

    def test_an_include_in_a_comment_is_none(self):
        self.plant("frugal/engine/engine.cpp", "// see\n/*\n#include <httplib.h>\n*/\n")
        self.assertEqual(self.found(), [])

    def test_a_relative_include_is_a_fault(self):
        self.plant("frugal/tensor/view.cpp", '#include "view.h"\n')
        self.assert_fault(self.found(), "frugal/tensor/view.cpp:1:", "included relatively")

    def test_what_ships_may_not_include_what_does_not(self):
        self.plant("tests/support/tiny.h", "#pragma once\n")
        self.plant("frugal/engine/engine_test.cpp", '#include "tests/support/tiny.h"\n')
        self.assertEqual(self.found(), [])
        self.plant("frugal/engine/engine.cpp", '#include "tests/support/tiny.h"\n')
        self.assert_fault(self.found(), "frugal/engine/engine.cpp:1:", "not shipped")

    def test_a_library_that_writes_to_a_standard_stream_is_a_fault(self):
        for line in ('std::printf("x");', "std::cout << 1;", "std::cerr << 1;", 'puts("x");',
                     'std::fputs("x", stderr);', 'fmt::print("x");', 'perror("x");',
                     "write(STDERR_FILENO, p, 1);"):
            self.plant("frugal/engine/engine.cpp", f"\nvoid f() {{ {line} }}\n")
            self.assert_fault(self.found(), "frugal/engine/engine.cpp:2:", "standard stream")

    def test_a_library_that_ends_the_process_is_a_fault(self):
        for line in ("exit(1);", "std::abort();", "std::exit(0);", "std::terminate();"):
            self.plant("frugal/engine/engine.cpp", f"void f() {{ {line} }}\n")
            self.assert_fault(self.found(), "ends the process")

    def test_words_that_only_look_loud_are_none(self):
        self.plant("frugal/engine/engine.cpp",
                   'void f() { snprintf(b, n, "exit(1)"); plan.exit(1); _exit(0); '
                   'fmt::format("x"); auto s = R"(std::abort())"; long n = 1\'000; }  // printf(x)\n')
        self.assertEqual(self.found(), [])


if __name__ == "__main__":
    unittest.main()
