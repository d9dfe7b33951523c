"""Do several ranks of `frugal train` learn what one process learns, also when one is killed?"""
import json
import os
import pathlib
import random
import signal
import socket
import sqlite3
import subprocess
import time
import unittest

from program import FRUGAL, WORDS, ProgramTest, run, run_json

LIBRARY = pathlib.Path(FRUGAL).parent / "libfrugal_train.so"
RECIPE = """
name = "toy"
output = "{folder}/out"
steps = 16
validate_every = 8
checkpoint_minutes = 60
device = "cpu"
type = "f32"
[model]
vocabulary = "{folder}/tiny.gguf"
layers = 1
width = 96
heads = 2
feed_forward = 128
context = 64
[data]
kind = "text"
train = ["{folder}/text.txt"]
validation = ["{folder}/text.txt"]
length = 32
rows = {rows}
[optimizer]
rate = 2e-3
[schedule]
decay = "constant"
"""
LONG = ["--set", "steps=100000", "--set", "validate_every=0"]


@unittest.skipUnless(LIBRARY.exists(), "this build has no LibTorch")
class TrainRanks(ProgramTest):
    def setUp(self):
        super().setUp()
        self.out = self.folder / "out"
        shuffle = random.Random(2)
        # Rows that neither 2 nor 4 divide: at the end of an epoch some rank has only padding.
        self.text.write_text("\n\n".join(
            " ".join(shuffle.choice(WORDS) for _ in range(40)) for _ in range(27)))
        self.two = self.recipe("two", 2)
        self.one = self.recipe("one", 4)

    def recipe(self, name, rows):
        path = self.folder / f"{name}.toml"
        path.write_text(RECIPE.format(folder=self.folder, rows=rows))
        return path

    def train(self, recipe, *words, out="out", **options):
        return run_json("train", recipe, "-t", 1, "--set", f"output={self.folder}/{out}", *words,
                        **options)

    def curve(self, out):
        rows = sqlite3.connect(self.folder / out / "ledger.sqlite").execute(
            "SELECT name, value FROM metric WHERE name LIKE '%@%'").fetchall()
        return dict(rows)

    def checkpoints(self, out="out"):
        return sorted(path.name for path in (self.folder / out).glob("checkpoint-*.gguf"))

    def same_curve(self, first, second, within=1e-4):
        a, b = self.curve(first), self.curve(second)
        self.assertEqual(a.keys(), b.keys())
        for name in a:
            self.assertAlmostEqual(a[name], b[name], delta=within, msg=name)

    def start(self, *words):
        job = subprocess.Popen([FRUGAL, "train", "--quiet", "-t", "1", *map(str, words)],
                               stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        self.addCleanup(job.kill)
        return job

    def children_of(self, job, count):
        """The ranks that `job` started, once they train."""
        deadline = time.monotonic() + 120
        threads = pathlib.Path(f"/proc/{job.pid}/task")
        while time.monotonic() < deadline:
            children = [int(pid) for pid in "".join(
                path.read_text() for path in threads.glob("*/children")).split()]
            events = list((self.out / "events").glob("*"))
            if len(children) == count and events and events[0].stat().st_size > 2000:
                return children
            time.sleep(0.1)
        self.fail("no rank came")

    def gone(self, processes):
        deadline = time.monotonic() + 30
        while any(pathlib.Path(f"/proc/{pid}").exists() for pid in processes):
            self.assertLess(time.monotonic(), deadline, "a rank was left over")
            time.sleep(0.1)

    def test_two_ranks_learn_what_one_process_with_their_rows_learns(self):
        one = self.train(self.one, out="one")
        two = self.train(self.two, "--ranks", 2, out="two")
        self.same_curve("one", "two")
        self.assertEqual(one["tokens"], two["tokens"])
        self.assertNotIn("communication", one)
        told = two["communication"]
        self.assertEqual(told["ranks"], 2)
        # Gradients in float32 at each step, what all begin with, and a few numbers more.
        expected = 16 * 2 * 4 * two["parameters"] + 4 * two["parameters"]
        self.assertAlmostEqual(told["bytes"] / expected, 1.0, delta=0.01)
        self.assertGreater(told["time_s"], 0)
        self.assertGreater(told["energy_j"], 0)
        self.assertEqual(told["quality"], "modelled")
        events = next((self.folder / "two" / "events").iterdir()).read_bytes()
        self.assertIn(b"communication/bytes", events)

        whole = self.gradient_bytes(two)
        for rule, least in [("fp16", 2), ("int8", 3.9), ("topk", 20), ("powersgd", 20)]:
            done = self.train(self.two, "--ranks", 2, "--set", f"parallel.compress={rule}",
                              "--set", "parallel.rank=1", out=rule)
            fewer = whole / self.gradient_bytes(done)
            worse = done["validation"] - one["validation"]
            print(f"{rule}: {fewer:.1f} times fewer bytes, validation {worse:+.4f}")
            self.assertGreaterEqual(fewer, 0.999 * least, rule)
            # Few of the first steps' gradients have arrived yet where few numbers are sent.
            self.assertLess(worse, 0.05 if least < 20 else 2.0, rule)

        sharded = self.train(self.two, "--ranks", 2, "--set", "parallel.shard_optimizer=true",
                             out="sharded")
        self.same_curve("one", "sharded")
        self.assertEqual(sharded["tokens"], one["tokens"])

    def gradient_bytes(self, done):
        """Without the parameters that all begin with."""
        return done["communication"]["bytes"] - 4 * done["parameters"]

    def test_ranks_that_meet_seldom_move_little_and_learn(self):
        often = self.train(self.two, "--ranks", 2, out="often")
        seldom = self.train(self.two, "--ranks", 2, "--set", "parallel.every=5", out="seldom")
        fewer = self.gradient_bytes(often) / self.gradient_bytes(seldom)
        print(f"every 5: {fewer:.1f} times fewer bytes, "
              f"validation {seldom['validation'] - often['validation']:+.4f}")
        self.assertAlmostEqual(fewer, 4.0, delta=0.1)  # after steps 5, 10, 15 and 16
        self.assertEqual(seldom["tokens"], often["tokens"])
        self.assertLess(seldom["validation"] - often["validation"], 0.5)

    def test_a_run_goes_on_with_another_number_of_ranks(self):
        """Stopped after 8 of 16 steps; sharded memory is whole in a checkpoint."""
        self.train(self.one, out="whole")
        half = ["--set", "steps=8"]
        self.train(self.two, "--ranks", 2, *half, "--set", "parallel.shard_optimizer=true")
        # The same global batch: 1 process with 2 x 2 rows a step.
        more = self.train(self.two, "--set", "data.rows=2", "--ranks", 2)
        self.assertEqual(more["resumed_at"], 8)
        self.assertAlmostEqual(more["loss"], self.curve("whole")["loss@16"], delta=1e-4)
        alone = self.train(self.two, "--set", "steps=20")
        self.assertEqual((alone["resumed_at"], alone["steps"]), (16, 20))
        three = self.train(self.two, "--set", "steps=24", "--ranks", 3)
        self.assertEqual((three["resumed_at"], three["steps"]), (20, 24))

    def test_a_killed_rank_ends_the_run_in_one_line_and_a_checkpoint(self):
        for further in [[], ["--set", "parallel.every=3"]]:
            job = self.start(self.two, "--ranks", 3, "--fresh", *LONG, *further)
            children = self.children_of(job, 2)
            os.kill(children[0], signal.SIGKILL)
            _, error = job.communicate(timeout=60)
            self.assertEqual(job.returncode, 7, error)
            self.assertEqual(len(error.strip().splitlines()), 1, error)
            self.assertIn("rank 1 was ended by signal 9", error)
            self.assertIn("is kept", error)
            self.gone(children)
            [name] = self.checkpoints()
            step = int(name.split("-")[1].split(".")[0])
            self.assertGreater(step, 0)
            self.assertEqual(step % (3 if further else 1), 0)
            more = self.train(self.two, "--ranks", 2, "--set", f"steps={step + 2}")
            self.assertEqual((more["resumed_at"], more["steps"]), (step, step + 2))
            for path in (self.out / "events").glob("*"):
                path.unlink()

    def test_with_sharded_memory_the_latest_checkpoint_stays(self):
        job = self.start(self.two, "--ranks", 2, *LONG, "--set", "parallel.shard_optimizer=true")
        [child] = self.children_of(job, 1)
        os.kill(child, signal.SIGKILL)
        _, error = job.communicate(timeout=60)
        self.assertEqual(job.returncode, 7, error)
        self.assertIn("the latest checkpoint stays", error)
        self.assertEqual(self.checkpoints(), ["checkpoint-1.gguf"])

    def test_without_rank_0_the_others_end_with_a_line(self):
        job = self.start(self.two, "--ranks", 3, *LONG)
        children = self.children_of(job, 2)
        job.send_signal(signal.SIGKILL)
        _, error = job.communicate(timeout=60)
        self.gone(children)
        self.assertIn("of 3: lost another rank", error)

    def test_ctrl_c_ends_all_ranks_after_the_same_step(self):
        job = self.start(self.two, "--ranks", 2, *LONG)
        children = self.children_of(job, 1)
        job.send_signal(signal.SIGINT)
        _, error = job.communicate(timeout=60)
        self.assertEqual(job.returncode, 130, error)
        self.assertEqual(error.count("\n"), 1, error)
        self.assertEqual(len(self.checkpoints()), 1)
        self.gone(children)

    def test_the_fault_of_a_rank_is_told_once(self):
        self.refused(4, "the loss is", "train", self.two, "--quiet", "--ranks", 2, "--set",
                     "optimizer.rate=1e11", "--set", "optimizer.clip=0", "--set", "steps=50")
        self.refused(3, "absent.txt", "train", self.two, "--quiet", "--ranks", 2, "--set",
                     f'data.train=["{self.folder}/absent.txt"]')
        self.refused(2, "--search", "train", self.two, "--quiet", "--ranks", 2, "--search")

    def test_a_launchers_environment_makes_ranks(self):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        jobs = [subprocess.Popen(
            [FRUGAL, "train", "--json", self.two], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            text=True, env={**os.environ, "OMPI_COMM_WORLD_RANK": str(rank),
                            "OMPI_COMM_WORLD_SIZE": "2", "MASTER_PORT": str(port)})
            for rank in [1, 0]]
        (silent, fault), (told, other_fault) = [job.communicate(timeout=60) for job in jobs]
        self.assertEqual([job.returncode for job in jobs], [0, 0], fault + other_fault)
        self.assertEqual(silent, "")
        self.assertEqual(json.loads(told)["communication"]["ranks"], 2)
        self.refused(2, "RANK='2'", "train", self.two, "--quiet",
                     env={**os.environ, "RANK": "2", "WORLD_SIZE": "2"})

    def test_ranks_with_other_recipes_are_refused(self):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        jobs = [subprocess.Popen(
            [FRUGAL, "train", "--quiet", self.two, "--set", f"steps={10 + rank}"],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            env={**os.environ, "RANK": str(rank), "WORLD_SIZE": "2", "MASTER_PORT": str(port)})
            for rank in [0, 1]]
        faults = [job.communicate(timeout=60)[1] for job in jobs]
        self.assertEqual([job.returncode for job in jobs], [7, 2], faults)
        self.assertIn("expected the same recipe and data", faults[1])
        self.assertIn("11 steps", faults[1])


if __name__ == "__main__":
    unittest.main()
