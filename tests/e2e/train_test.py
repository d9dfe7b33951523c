"""Does `frugal train` do what docs/training.md says, also when it is killed?"""
import json
import pathlib
import resource
import shutil
import signal
import sqlite3
import subprocess
import time
import unittest

from program import FRUGAL, ProgramTest, run, run_json

LIBRARY = pathlib.Path(FRUGAL).parent / "libfrugal_train.so"
RECIPE = """
name = "toy"
output = "{folder}/out"
steps = 12
validate_every = 4
[model]
from = "{folder}/tiny.gguf"
[data]
kind = "text"
train = ["{folder}/text.txt"]
validation = ["{folder}/text.txt"]
length = 32
rows = 2
[optimizer]
rate = 3e-3
"""
SEARCH = """
[search]
method = "grid"
trials = 10
pruner = "none"
[[search.parameter]]
key = "optimizer.rate"
choices = ["0.003", "0.0001"]
[[search.parameter]]
key = "optimizer.rule"
choices = ["adamw", "sgd"]
"""


@unittest.skipUnless(LIBRARY.exists(), "this build has no LibTorch")
class Train(ProgramTest):
    def setUp(self):
        super().setUp()
        self.recipe = self.folder / "toy.toml"
        self.out = self.folder / "out"
        self.write_recipe()

    def write_recipe(self, further=""):
        self.recipe.write_text(RECIPE.format(folder=self.folder) + further)

    def checkpoints(self):
        return sorted(path.name for path in self.out.glob("checkpoint-*.gguf"))

    def test_a_recipe_becomes_a_model_that_runs(self):
        done = run_json("train", self.recipe)
        self.assertEqual(done["steps"], 12)
        self.assertGreater(done["tokens"], 0)
        self.assertEqual(done["resumed_at"], 0)
        self.assertIn("validation", done)
        reading = done["readings"][0]
        self.assertGreater(reading["energy_j"], 0)
        self.assertIn(reading["quality"], ["measured", "derived", "modelled"])
        text = run_json("run", done["model"], "-p", "the", "-n", 4, "--ignore-eos")
        self.assertEqual(len(text["tokens"]), 4)

    def test_the_curve_is_in_the_ledger_and_for_tensorboard(self):
        self.assertEqual(run("train", self.recipe, "--quiet").returncode, 0)
        rows = sqlite3.connect(self.out / "ledger.sqlite").execute(
            "SELECT name FROM metric").fetchall()
        names = {name for (name,) in rows}
        self.assertLessEqual({"validation@4", "validation@8", "validation@12", "loss"}, names)
        events = list((self.out / "events").iterdir())
        self.assertEqual(len(events), 1)
        self.assertIn(b"loss/validation", events[0].read_bytes())

    def test_more_steps_go_on_from_the_checkpoint(self):
        run_json("train", self.recipe)
        more = run_json("train", self.recipe, "--set", "steps=16")
        self.assertEqual((more["resumed_at"], more["steps"]), (12, 16))
        fresh = run_json("train", self.recipe, "--set", "steps=16", "--fresh")
        self.assertEqual(fresh["resumed_at"], 0)

    def test_killed_at_any_moment_it_goes_on_to_the_same_loss(self):
        settings = ["--set", "steps=40", "--set", "checkpoint_minutes=0",
                    "--set", "schedule.decay=constant"]
        whole = run_json("train", self.recipe, *settings, "--set", f"output={self.folder}/whole")
        for delay in [1.0, 1.5, 2.0]:
            job = subprocess.Popen([FRUGAL, "train", self.recipe, "--quiet", *settings],
                                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            time.sleep(delay)
            job.send_signal(signal.SIGKILL)
            job.wait()
        parts = run_json("train", self.recipe, *settings)
        self.assertAlmostEqual(parts["loss"], whole["loss"], places=4)
        self.assertEqual(parts["tokens"], whole["tokens"])

    def test_ctrl_c_leaves_a_checkpoint(self):
        job = subprocess.Popen([FRUGAL, "train", self.recipe, "--quiet", "--set", "steps=100000"],
                               stderr=subprocess.PIPE, text=True)
        deadline = time.monotonic() + 60
        while not list((self.out / "events").glob("*")) and time.monotonic() < deadline:
            time.sleep(0.1)
        time.sleep(1.0)
        job.send_signal(signal.SIGINT)
        _, error = job.communicate(timeout=60)
        self.assertEqual(job.returncode, 130, error)
        self.assertEqual(len(self.checkpoints()), 1)

    def test_a_damaged_checkpoint_is_passed_over_and_named(self):
        run_json("train", self.recipe, "--set", "steps=4")
        run_json("train", self.recipe, "--set", "steps=8")
        newest = self.out / "checkpoint-8.gguf"
        data = bytearray(newest.read_bytes())
        data[-100] ^= 0xFF
        newest.write_bytes(data)
        done = run_json("train", self.recipe)
        self.assertEqual(done["resumed_at"], 4)
        self.assertIn("checkpoint-8.gguf", done["notes"][0])
        for path in self.out.glob("checkpoint-*.gguf"):
            path.write_bytes(b"GGUF")
        self.refused(4, "--fresh", "train", self.recipe, "--quiet")

    def test_a_full_disk_leaves_the_checkpoint_that_was_there(self):
        run_json("train", self.recipe, "--set", "steps=4")
        before = self.checkpoints()
        size = (self.out / before[0]).stat().st_size

        def limit():
            resource.setrlimit(resource.RLIMIT_FSIZE, (size // 2, size // 2))

        self.refused(7, "checkpoint-12.gguf", "train", self.recipe, "--quiet", preexec_fn=limit)
        self.assertEqual(self.checkpoints(), before)
        self.assertEqual(run_json("train", self.recipe)["resumed_at"], 4)

    def test_a_loss_that_is_no_number_is_one_clear_line(self):
        self.refused(4, "the loss is", "train", self.recipe, "--quiet", "--set",
                     "optimizer.rate=1e11", "--set", "steps=50", "--set", "optimizer.clip=0")

    def test_what_a_recipe_cannot_mean(self):
        self.refused(2, "did you mean 'optimizer.rate'", "train", self.recipe, "--quiet",
                     "--set", "optimizer.rat=1")
        self.refused(2, "expected", "train", self.recipe, "--quiet", "--set", "steps=none")
        self.refused(3, "nowhere.toml", "train", self.folder / "nowhere.toml")
        self.recipe.write_text("steps = \n")
        self.refused(4, "toy.toml:1", "train", self.recipe)
        self.write_recipe()
        self.refused(3, "absent.txt", "train", self.recipe, "--quiet", "--set",
                     f'data.train=["{self.folder}/absent.txt"]')
        self.refused(3, "absent.gguf", "train", self.recipe, "--quiet", "--set",
                     f"model.from={self.folder}/absent.gguf")

    def test_a_search_names_its_best_trial_and_goes_on(self):
        self.write_recipe(SEARCH)
        first = run_json("train", self.recipe, "--search", "--set", "search.trials=3")
        self.assertEqual([trial["state"] for trial in first["trials"]], ["complete"] * 3)
        for trial in first["trials"]:
            self.assertGreater(trial["energy_j"], 0)
        everything = run_json("train", self.recipe, "--search")
        self.assertEqual(len(everything["trials"]), 4)
        self.assertEqual(everything["trials"][:3], first["trials"])
        losses = [trial["validation"] for trial in everything["trials"]]
        self.assertEqual(everything["best"], losses.index(min(losses)))
        self.assertIn("optimizer.rate=0.003", everything["trials"][everything["best"]]["changes"])
        self.assertEqual(list((self.out / "trial-0").glob("checkpoint-*")), [])
        (self.out / "search.json").write_text("{}")
        self.refused(4, "search.json", "train", self.recipe, "--search", "--quiet")

    def test_a_search_without_parameters_says_what_it_lacks(self):
        self.refused(2, "search.parameter", "train", self.recipe, "--search", "--quiet")

    def test_without_the_library_it_says_what_to_install(self):
        alone = self.folder / "frugal"
        shutil.copy(FRUGAL, alone)
        done = subprocess.run([alone, "train", self.recipe, "--quiet"], capture_output=True,
                              text=True, timeout=60)
        self.assertEqual(done.returncode, 5)
        self.assertIn("libtorch-dev", done.stderr)

    def test_a_student_keeps_some_of_its_teachers_layers(self):
        self.write_recipe(f'[distill]\nteachers = ["{self.model}"]\nhard = 0.2\n')
        done = run_json("train", self.recipe, "--set", "model.keep=[1]")
        shown = run_json("inspect", done["model"])
        self.assertEqual(int(shown["metadata"]["llama.block_count"]), 1)

    def test_an_encoder_learns_classes(self):
        lines = [{"text": "good red ball" if i % 2 else "big was day", "kind": f"k{i % 2}"}
                 for i in range(40)]
        data = self.folder / "labels.jsonl"
        data.write_text("".join(json.dumps(line) + "\n" for line in lines))
        self.recipe.write_text(f"""
name = "encoder"
output = "{self.out}"
steps = 30
validate_every = 10
[model]
architecture = "bert"
layers = 1
width = 32
heads = 2
feed_forward = 32
context = 32
vocabulary = "{self.model}"
[data]
kind = "labels"
labels = ["kind"]
train = ["{data}"]
validation = ["{data}"]
length = 24
rows = 8
[optimizer]
rate = 1e-2
""")
        done = run_json("train", self.recipe)
        self.assertLess(done["validation"], 0.2)


if __name__ == "__main__":
    unittest.main()
