#!/usr/bin/env python3
"""`frugal compress` against llama.cpp's quantiser: same types, same bytes, and llama.cpp runs the file.

    FRUGAL_LLAMA_CPP=/path/to/folder python3 compress_parity.py FRUGAL_PROGRAM [MODEL.gguf…]

Models: two made here (F32 and F16, see make_model.py), those named, and, where FRUGAL_SHARED
(by default ../shared beside the source tree) exists, the models in its data/ and data/tiny/. Each
is compressed to every type of TYPES.
Exit code 0: equal; 1: not; 77: skipped, with the reason on stderr.
"""

import json
import os
import pathlib
import subprocess
import sys
import tempfile

import compare_gguf
import gguf
import quantize_reference

HERE = pathlib.Path(__file__).resolve().parent
TYPES = ("q8_0", "q4_0", "q5_0")
# Not for the models made here: their large numbers are beyond a minimum stored as a half.
TYPES_WITH_MINIMUM = ("q4_1", "q5_1")
PROMPT = "Once upon a time"
NEW_TOKENS = 32


def run(*command):
    """Standard output of a command; a message and RuntimeError where it fails."""
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"{command[0]} ended with {done.returncode}: {done.stderr.strip()[-400:]}")
    return done.stdout


def models(folder, named):
    """Paths of the models to compare; the made ones are written into `folder`."""
    found = []
    for kind in ("f32", "f16"):
        path = folder / f"random-{kind}.gguf"
        run(sys.executable, HERE / "make_model.py", path, "--type", kind)
        found.append(path)
    found += [pathlib.Path(name) for name in named]
    beside = pathlib.Path(os.environ.get("FRUGAL_SOURCE_DIR", HERE.parents[2])).parent / "shared"
    data = pathlib.Path(os.environ.get("FRUGAL_SHARED", beside)) / "data"
    return found + sorted(data.glob("*.gguf")) + sorted(data.glob("tiny/*.gguf"))


def compare(program, model, kind, folder):
    """Differences between our file and the reference, as lines."""
    ours, reference = folder / f"{model.stem}-{kind}.gguf", folder / f"{model.stem}-{kind}-ref.gguf"
    run(program, "compress", model, "-o", ours, "--type", kind)
    # one process each: llama.cpp's log callback belongs to the process
    run(sys.executable, HERE / "quantize_reference.py", model, reference, "--type", kind)
    a, b = gguf.read(ours), gguf.read(reference)
    return compare_gguf.metadata_differences(a, b, set()) + compare_gguf.tensor_differences(a, b)


def greedy(path):
    return json.loads(run("node", HERE / "load_and_run.mjs", path, PROMPT, NEW_TOKENS))["tokens"]


def main():
    if len(sys.argv) < 2:
        print("usage: compress_parity.py FRUGAL_PROGRAM [MODEL.gguf…]", file=sys.stderr)
        return 2
    quantize_reference.library_folder()  # ends the script with 77 where llama.cpp is absent
    program, failures = sys.argv[1], 0
    with tempfile.TemporaryDirectory(prefix="frugal-parity-") as name:
        folder = pathlib.Path(name)
        for model in models(folder, sys.argv[2:]):
            made = model.parent == folder
            for kind in TYPES if made else TYPES + TYPES_WITH_MINIMUM:
                lines = compare(program, model, kind, folder)
                print(f"{model.name} {kind}: {'equal' if not lines else 'A = frugal, B = llama.cpp'}")
                for line in lines:
                    print(f"  {line}")
                failures += bool(lines)
        for kind in TYPES:
            tokens = greedy(folder / f"random-f32-{kind}.gguf")
            expected = greedy(folder / f"random-f32-{kind}-ref.gguf")
            print(f"llama.cpp runs frugal's {kind}: {'same tokens' if tokens == expected else 'other tokens'}")
            failures += tokens != expected
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
