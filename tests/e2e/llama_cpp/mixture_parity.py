#!/usr/bin/env python3
"""Named mixtures: the types that `frugal compress` gives each tensor against llama.cpp's.

    FRUGAL_LLAMA_CPP=/path/to/folder python3 mixture_parity.py FRUGAL_PROGRAM

Models: two made here, of 24 layers with 2 and 8 query heads to a key head, and, where FRUGAL_SHARED (by
default ../shared beside the source tree) exists, those in its data/tiny/, whose rows fit no block of
256. llama.cpp also loads and runs our files of one made model.
Exit code 0: the same types; 1: not; 77: skipped, with the reason on stderr.
"""

import dataclasses
import os
import pathlib
import subprocess
import sys
import tempfile

import compress_parity
import gguf
import make_model
import quantize_reference

HERE = pathlib.Path(__file__).resolve().parent
MIXTURES = ("q2_k", "q3_k_s", "q3_k_m", "q3_k_l", "iq4_xs", "iq4_nl", "q4_0", "q4_k_s", "q4_k_m", "q4_1",
            "q5_0", "q5_k_s", "q5_k_m", "q5_1", "q6_k", "q8_0")
LAYERS = 24


def deep_model(path, sharing):
    """A model of LAYERS layers that all hold the same numbers, `sharing` query heads to a key head."""
    make_model.KV_HEADS = make_model.HEADS // sharing
    file = make_model.build(True, 1, 256, 256)
    for name, tensor in list(file.tensors.items()):
        for layer in range(2, LAYERS):
            copy = name.replace("blk.0.", f"blk.{layer}.")
            if copy != name:
                file.tensors[copy] = dataclasses.replace(tensor, name=copy)
    file.metadata["llama.block_count"] = gguf.Value(4, LAYERS)
    gguf.write(path, file)
    return path


def models(folder):
    found = [deep_model(folder / f"deep-{sharing}.gguf", sharing) for sharing in (8, 2)]
    beside = pathlib.Path(os.environ.get("FRUGAL_SOURCE_DIR", HERE.parents[2])).parent / "shared"
    return found + sorted((pathlib.Path(os.environ.get("FRUGAL_SHARED", beside)) / "data" / "tiny").glob("*.gguf"))


def differences(program, model, kind, folder):
    """Tensors of other types, as lines; our file stays in the folder."""
    ours, reference = folder / f"{model.stem}-{kind}.gguf", folder / "reference.gguf"
    compress_parity.run(program, "compress", model, "-o", ours, "--type", kind, "--mixed", "--quiet")
    compress_parity.run(sys.executable, HERE / "quantize_reference.py", model, reference, "--type", kind,
                        "--mixed", "--quiet")
    a, b = gguf.read(ours), gguf.read(reference)
    lines = [f"{name}: frugal {a.tensors[name].type_name}, llama.cpp {b.tensors[name].type_name}"
             for name in sorted(b.tensors) if a.tensors[name].kind != b.tensors[name].kind]
    key = "general.file_type"
    if a.metadata[key].data != b.metadata[key].data:
        lines.append(f"{key}: frugal {a.metadata[key]}, llama.cpp {b.metadata[key]}")
    return lines


def main():
    if len(sys.argv) != 2:
        print("usage: mixture_parity.py FRUGAL_PROGRAM", file=sys.stderr)
        return 2
    quantize_reference.library_folder()  # ends the script with 77 where llama.cpp is absent
    failures = 0
    with tempfile.TemporaryDirectory(prefix="frugal-mixtures-") as name:
        folder = pathlib.Path(name)
        for model in models(folder):
            for kind in MIXTURES:
                lines = differences(sys.argv[1], model, kind, folder)
                print(f"{model.name} {kind}: {'same types' if not lines else 'OTHER TYPES'}", flush=True)
                for line in lines:
                    print(f"  {line}")
                failures += bool(lines)
        for kind in MIXTURES:
            tokens = compress_parity.greedy(folder / f"deep-2-{kind}.gguf")
            print(f"llama.cpp runs frugal's {kind}: {len(tokens)} tokens")
            failures += not tokens
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
