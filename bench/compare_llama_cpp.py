#!/usr/bin/env python3
"""Speed of frugal and of llama.cpp on the same model files, taken in turn, as ratios.

  bench/compare_llama_cpp.py --peer DIR [--frugal build/release/frugal] [--threads 1,2]
                             [--rounds 3] [--prefill 256] [--decode 32] MODEL...

DIR holds the package node-llama-cpp and a bench.mjs that prints prefill_tokens_per_s and
decode_tokens_per_s as JSON.  Each round runs both programs once, in changing order, so that a noisy
neighbour meets both; the ratio is that of the medians, its range that of the rounds.
Prints a Markdown table.
"""
import argparse
import json
import pathlib
import statistics
import subprocess
import sys


def run_json(command, folder=None):
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        sys.exit(f"{' '.join(map(str, command))}: exit code {done.returncode}\n{done.stderr[-2000:]}")
    return json.loads(done.stdout.strip().splitlines()[-1])


def ours(options, model, threads):
    result = run_json([options.frugal.resolve(), "bench", model, "-p", options.prefill, "-n",
                       options.decode, "-t", threads, "-r", "2", "--json", "-q"])
    return {"prefill": result["prefill"][0]["tokens_per_s"],
            "decode": result["decode"][0]["tokens_per_s"]}


def theirs(options, model, threads):
    result = run_json(["node", "bench.mjs", model, threads, options.prefill, options.decode],
                      options.peer)
    return {"prefill": result["prefill_tokens_per_s"], "decode": result["decode_tokens_per_s"]}


def compare(options, model, threads):
    rounds = []
    for number in range(options.rounds):
        sides = [("ours", ours), ("theirs", theirs)]
        if number % 2:
            sides.reverse()
        rounds.append({name: measure(options, model, threads) for name, measure in sides})
        print(f"{model} {threads} threads, round {number + 1} of {options.rounds}", file=sys.stderr)
    for phase in ("prefill", "decode"):
        mine = statistics.median(r["ours"][phase] for r in rounds)
        peer = statistics.median(r["theirs"][phase] for r in rounds)
        each = [r["ours"][phase] / r["theirs"][phase] for r in rounds]
        print(f"| {pathlib.Path(model).stem} | {phase} | {threads} | {mine:.1f} | {peer:.1f} "
              f"| {mine / peer:.2f} | {min(each):.2f} to {max(each):.2f} |", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("models", nargs="+", metavar="MODEL")
    parser.add_argument("--peer", type=pathlib.Path, required=True)
    parser.add_argument("--frugal", type=pathlib.Path, default=pathlib.Path("build/release/frugal"))
    parser.add_argument("--threads", default="1,2")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--prefill", default="256")
    parser.add_argument("--decode", default="32")
    options = parser.parse_args()
    print("| model | phase | threads | frugal token/s | llama.cpp token/s | ratio | rounds |")
    print("|---|---|--:|--:|--:|--:|---|")
    for model in options.models:
        for threads in options.threads.split(","):
            compare(options, str(pathlib.Path(model).resolve()), threads)


if __name__ == "__main__":
    main()
