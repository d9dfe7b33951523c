"""The front door: help, refusals, and what it says where it cannot install."""
import pathlib
import shutil
import subprocess
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent


class Run(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="a checkout with spaces ")
        self.addCleanup(folder.cleanup)
        self.root = pathlib.Path(folder.name)
        (self.root / "tools").mkdir()
        shutil.copy(ROOT / "run", self.root)
        shutil.copy(ROOT / "tools/deps.sh", self.root / "tools")

    def run_command(self, *command):
        """Runs from another folder, without stdin."""
        done = subprocess.run(command, cwd="/", stdin=subprocess.DEVNULL, capture_output=True,
                              text=True, check=False)
        return done.returncode, done.stdout, done.stderr

    def run_door(self, *arguments):
        return self.run_command(str(self.root / "run"), *arguments)

    def run_deps(self, script):
        return self.run_command("bash", "-c", f'. "{self.root}/tools/deps.sh"; {script}')

    def test_no_argument_gives_help_with_every_command(self):
        status, out, err = self.run_door()
        self.assertEqual((status, err), (0, ""))
        for command in ("demo", "build", "test", "fmt", "check", "fuzz", "bench", "deps"):
            self.assertIn(f"./run {command}", out)

    def test_an_unknown_command_is_refused(self):
        status, out, err = self.run_door("polish")
        self.assertEqual((status, out), (2, ""))
        self.assertIn('no command "polish"', err)

    def test_demo_names_what_it_lacks_in_one_line(self):
        for arguments, what in (([], "--model"), (["--model", "none.gguf"], "/none.gguf: no such file"),
                                (["--model"], "--model needs a value")):
            status, out, err = self.run_door("demo", *arguments)
            self.assertEqual((status, out, err.count("\n")), (1, "", 1), err)
            self.assertIn(what, err)

    def test_fuzz_names_its_targets(self):
        (self.root / "tests/fuzz").mkdir(parents=True)
        (self.root / "tests/fuzz/fuzz_gguf.cpp").touch()
        self.assertIn("expected one of: gguf;", self.run_door("fuzz", "png")[2])
        self.assertIn("found 'soon'", self.run_door("fuzz", "gguf", "soon")[2])

    def test_bench_says_that_there_is_none(self):
        self.assertIn("no benchmarks in this checkout yet", self.run_door("bench")[2])

    def test_elsewhere_missing_commands_and_headers_are_listed(self):
        status, out, err = self.run_deps(
            "is_debian_12() { return 1; }; "
            "FRUGAL_PACKAGES='build sheller cmd:bash\nbuild dreamer cmd:no-such-command\n"
            "test tester cmd:no-such-test\nbuild header-dev header:no/such.h'; ensure_deps build")
        self.assertEqual((status, out), (1, ""))
        self.assertEqual(err.splitlines()[1:], ["  command no-such-command (dreamer)",
                                                "  header  no/such.h (header-dev)"])

    def test_on_debian_12_what_is_missing_is_named_before_it_is_installed(self):
        status, out, err = self.run_deps(
            "is_debian_12() { return 0; }; apt-cache() { return 0; }; apt_install() { echo got $*; }; "
            "dpkg-query() { printf 'here installed\\ngone config-files\\n'; return 1; }; "
            "FRUGAL_PACKAGES='format here package\nformat gone package\nformat lost package\n"
            "format own any:bash'; ensure_deps fmt")
        self.assertEqual((status, err), (0, ""))
        first, second = out.splitlines()
        self.assertRegex(first, "^installing with apt-get.*: gone lost$")
        self.assertEqual(second, "got gone lost")

    def test_nothing_is_said_where_nothing_is_missing(self):
        self.assertEqual(self.run_deps(
            "is_debian_12() { return 0; }; dpkg-query() { echo 'here installed'; }; "
            "FRUGAL_PACKAGES='format here package'; ensure_deps fmt"), (0, "", ""))


if __name__ == "__main__":
    unittest.main()
