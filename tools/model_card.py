#!/usr/bin/env python3
"""Puts a trained model into models/ with a card: what it is, how it was made, what it scores.

Every figure is read or measured here: shape and size from the file, time and joules from the ledger
that `frugal train` kept, scores by running the program.  The recipe says what kind of model it is.

Usage: tools/model_card.py NAME [--frugal PROGRAM]   (after: frugal train recipes/NAME.toml)"""
import argparse
import contextlib
import hashlib
import json
import pathlib
import shutil
import sqlite3
import subprocess
import tomllib

TRIALS = 4  # of each task, for pass^4


class Program:
    """Runs `frugal` and keeps the commands, so that the card can name them."""

    def __init__(self, path):
        self.path = path

    def json(self, *arguments):
        done = subprocess.run([self.path, *arguments, "--json", "-q"], check=True,
                              capture_output=True, text=True)
        return json.loads(done.stdout)


def recipe_chain(name):
    """The recipe and those of the models it begins with, newest first: [(name, text, recipe)]."""
    chain = []
    while name:
        text = pathlib.Path("recipes", f"{name}.toml").read_text()
        recipe = tomllib.loads(text)
        chain.append((name, text, recipe))
        name = pathlib.Path(recipe["model"].get("from", "")).stem
    return chain


def training_cost(name):
    """Sums of the ledger of one model: seconds, joules, their standard deviation, quality, machine."""
    ledger = pathlib.Path("out", name, "ledger.sqlite").absolute()
    with contextlib.closing(sqlite3.connect(f"file:{ledger}?mode=ro", uri=True)) as db:
        seconds, joules, spread = db.execute(
            "select sum(time_s), sum(energy_j), sum(energy_j_std) from reading where domain='cpu' "
            "or domain='package'").fetchone()
        qualities = [row[0] for row in db.execute("select distinct quality from reading")]
        machine, settings = map(json.loads, db.execute(
            "select machine, settings from run order by id desc limit 1").fetchone())
    return {"hours": seconds / 3600, "kilojoules": joules / 1000, "spread": spread / 1000,
            "quality": " and ".join(qualities), "processor": machine["processor"],
            "cpus": machine["cpus"], "torch": settings["torch"]}


def shape_of(program, model):
    about = program.json("inspect", str(model))
    data = about["metadata"]
    kind = data["general.architecture"]
    parameters = 0
    words = next(t["dims"][1] for t in about["tensors"] if t["name"] == "token_embd.weight")
    for tensor in about["tensors"]:
        count = 1
        for extent in tensor["dims"]:
            count *= extent
        parameters += count
    rows = [("architecture", f"{kind}, {data[kind + '.block_count']} layers of width "
             f"{data[kind + '.embedding_length']}, {data[kind + '.attention.head_count']} heads"),
            ("vocabulary", f"{words:,} tokens, {data['tokenizer.ggml.model']}"),
            ("context", f"{data[kind + '.context_length']} tokens"),
            ("parameters", f"{parameters:,}"),
            ("file", f"{about['file_bytes'] / 1e6:.1f} MB, matrices in F16"),
            ("SHA-256", f"`{hashlib.sha256(model.read_bytes()).hexdigest()}`")]
    return rows


def table(head, rows):
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    return "\n".join(lines + ["| " + " | ".join(map(str, row)) + " |" for row in rows])


def percent(value, low=None, high=None):
    if low is None:
        return f"{100 * value:.1f} %"
    return f"{100 * value:.1f} % ({100 * low:.1f} to {100 * high:.1f})"


def joules_of(result):
    joules = sum(r["energy_j"] for r in result["readings"])
    spread = sum(r["energy_j_std"] for r in result["readings"])
    return joules, spread, result["readings"][0]["quality"]


def agent_scores(program, model, suite):
    greedy = ["agent", "run", str(model), "--suite", suite, "--temperature", "0"]
    sampled = ["agent", "run", str(model), "--suite", suite, "--temperature", "0.7",
               "--trials", str(TRIALS)]
    one, many = program.json(*greedy), program.json(*sampled)
    rows = []
    for a, b in zip([*one["scenarios"], one], [*many["scenarios"], many]):
        rows.append((a.get("name", "all"), a["tasks"],
                     percent(a["success"], a["success_low"], a["success_high"]),
                     percent(b["pass"][0]), percent(b["pass"][TRIALS - 1])))
    joules, spread, quality = joules_of(one)
    solved = max(one["successes"], 1)
    return "\n".join([
        "Tasks of the test split: other phrasings, names and values than were taught.", "",
        table(("scenario", "tasks", "solved, greedy (95 % interval)", "pass^1 at T = 0.7",
               f"pass^{TRIALS} at T = 0.7"), rows), "",
        f"{joules / solved:.2f} J ± {spread / solved:.2f} J per solved task ({quality}), greedy.", "",
        "```console", "$ frugal agent tasks --split test --seed 1 -n 600 -o " + suite,
        "$ frugal " + " ".join(greedy), "$ frugal " + " ".join(sampled), "```"])


def label_scores(program, model, texts):
    command = ["eval", str(model), "--labels", texts]
    result = program.json(*command)
    joules, spread, quality = joules_of(result)
    rows = [(g["key"], percent(g["accuracy"], g["low"], g["high"])) for g in result["groups"]]
    return "\n".join([
        f"{result['texts']} requests of the test split: other phrasings, names and values than were "
        "taught.", "", table(("answer", "right (95 % interval)"), rows), "",
        f"{1000 * joules / result['texts']:.1f} mJ ± {1000 * spread / result['texts']:.1f} mJ per "
        f"request ({quality}).", "",
        "```console", "$ frugal agent conversations --split test --seed 1 -n 600 -o " + texts,
        "$ frugal " + " ".join(command), "```"])


def making(chain):
    parts = []
    for name, text, recipe in chain:
        cost = training_cost(name)
        parts.append(
            f"### recipes/{name}.toml\n\nSeed {recipe['seed']}, {recipe['steps']} steps, "
            f"{cost['hours']:.2f} h on {cost['cpus']} CPUs ({cost['processor']}, shared with other work), "
            f"{cost['kilojoules']:.1f} kJ ± {cost['spread']:.1f} kJ ({cost['quality']}), LibTorch "
            f"{cost['torch']}.\n\n```toml\n{text.strip()}\n```")
    return "\n\n".join(parts)


def card(program, name, model, arguments):
    chain = recipe_chain(name)
    head = [line.lstrip("# ") for line in chain[0][1].split("\nname")[0].splitlines()]
    about = " ".join(" ".join(head).split("Its data:")[0].split())
    labels = chain[0][2]["data"].get("kind") == "labels"
    scores = (label_scores(program, model, arguments.labels) if labels
              else agent_scores(program, model, arguments.suite))
    return "\n\n".join([
        f"# {name}", about,
        table(("", ""), shape_of(program, model)), "## What it scores", scores, "## How it was made",
        "All data is invented by `frugal agent`; no text of others was used.", making(chain),
        "## Not for", "Anything but the invented worlds of `frugal agent`: it knows their tools and "
        "phrases, not the language.", f"License: as the project's.\n"])


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("name")
    parser.add_argument("--frugal", default="build/release/frugal")
    parser.add_argument("--suite", default="out/suite/test_tasks.jsonl")
    parser.add_argument("--labels", default="out/suite/test.jsonl")
    arguments = parser.parse_args()
    models = pathlib.Path("models")
    models.mkdir(exist_ok=True)
    model = models / f"{arguments.name}.gguf"
    shutil.copyfile(pathlib.Path("out", arguments.name, model.name), model)
    text = card(Program(arguments.frugal), arguments.name, model, arguments)
    (models / f"{arguments.name}.md").write_text(text)
    print(f"{model} ({model.stat().st_size / 1e6:.1f} MB) and its card")


if __name__ == "__main__":
    main()
