"""What the end-to-end tests share: the program, a tiny model, a folder that goes away."""
import json
import os
import pathlib
import random
import subprocess
import tempfile
import unittest

FRUGAL = os.environ["FRUGAL_PROGRAM"]
MAKE_TINY_MODEL = os.environ["FRUGAL_MAKE_TINY_MODEL"]
WORDS = "the and was she in day they to play big red ball".split()


def run(*words, **options):
    options.setdefault("timeout", 120)
    return subprocess.run([FRUGAL, *map(str, words)], capture_output=True, text=True, **options)


def run_json(verb, *words, **options):
    done = run(verb, "--json", *words, **options)
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert len(lines) == 1, f"expected one JSON object on stdout, found {len(lines)} lines"
    return json.loads(lines[0])


class ProgramTest(unittest.TestCase):
    """A test with a folder, a tiny model and a text in it."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="frugal-e2e-")
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.model = self.folder / "tiny.gguf"
        subprocess.run([MAKE_TINY_MODEL, self.model, "F32"], check=True)
        self.text = self.folder / "text.txt"
        shuffle = random.Random(1)
        self.text.write_text(" ".join(shuffle.choice(WORDS) for _ in range(900)))

    def refused(self, code, part, *words, **options):
        """The call ends in this exit code with one clear line that contains `part`."""
        done = run(*words, **options)
        self.assertEqual(done.returncode, code, done.stderr)
        lines = done.stderr.strip().splitlines()
        self.assertEqual(len(lines), 1, done.stderr)
        self.assertTrue(lines[0].startswith("frugal: "), lines[0])
        self.assertIn(part, lines[0])
