"""A small tree that obeys the house, in which a test plants one fault."""
import pathlib
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))

CLEAN = {
    "CMakeLists.txt": 'set(FRUGAL_MODULES base tensor engine meter net cli tests CACHE STRING "")\n',
    "frugal/base/CMakeLists.txt": "frugal_module(base HEADERS error.h SOURCES error.cpp)\n",
    "frugal/base/error.h": "#pragma once\n#include <string>\nvoid fail();\n",
    "frugal/base/error.cpp": "#include <cstdio>\nvoid fail() { std::abort(); }\n",
    "frugal/tensor/CMakeLists.txt":
        "# frugal_module(tensor) has one public header\n"
        "set(headers view.h)\nfrugal_module(tensor HEADERS ${headers}\n  DEPS base)\n",
    "frugal/tensor/view.h": '#pragma once\n#include "frugal/base/error.h"\nstruct View {};\n',
    "frugal/tensor/secret.h": "#pragma once\n",
    "frugal/tensor/view_test.cpp":
        '#include <gtest/gtest.h>\n#include "frugal/tensor/secret.h"\n'
        'TEST(View, Holds) {\n  std::printf("seen");\n}\n' + "// more of it\n" * 20,
    "frugal/engine/CMakeLists.txt": "frugal_module(engine HEADERS engine.h DEPS tensor)\n",
    "frugal/engine/engine.h": '#pragma once\n#include "frugal/tensor/view.h"\n',
    "frugal/meter/CMakeLists.txt": "frugal_module(meter HEADERS meter.h DEPS base)\n",
    "frugal/meter/meter.h": '#pragma once\n#include "frugal/base/error.h"\n',
    "frugal/cli/CMakeLists.txt": "add_executable(frugal main.cpp)\n",
    "frugal/cli/main.cpp":
        '#include <CLI/CLI.hpp>\n#include "frugal/meter/meter.h"\nint main() { std::puts("hello"); }\n',
}


class PlantedTree(unittest.TestCase):
    """Gives each test a fresh clean tree at self.root."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = pathlib.Path(folder.name)
        for path, text in CLEAN.items():
            self.plant(path, text)

    def plant(self, path, text):
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)

    def assert_fault(self, found, *parts):
        """Exactly one fault, with all these parts in it."""
        self.assertEqual(len(found), 1, found)
        for part in parts:
            self.assertIn(part, found[0])
