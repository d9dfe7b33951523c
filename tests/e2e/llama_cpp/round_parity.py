#!/usr/bin/env python3
"""Our searched rounding against llama.cpp's: the squared error of ours may not be the larger.

    FRUGAL_LLAMA_CPP=/path/to/folder python3 round_parity.py ROUND_FILTER [--speed]

Every searched type, with and without weights per column, on gaussian numbers, on heavy-tailed ones
(Student's t, 3 degrees) and on the rows of a trained model, ../shared/data/stories260K-f32.gguf beside the
source tree (or in FRUGAL_SHARED). Errors are weighted by the weights that both were given, else by 1.
`--speed` times one matrix of 2048 x 5632 gaussian numbers on one thread instead, best of three, in
processor time.
Exit code 0: no ratio above 1; 1: one is; 77: skipped, with the reason on stderr.
"""

import argparse
import array
import ctypes
import math
import os
import pathlib
import random
import subprocess
import sys
import tempfile
import time

import gguf
import quantize_reference

HERE = pathlib.Path(__file__).resolve().parent
# type: number in a file, block elements, block bytes, as in gguf.TYPES; the name of its decoder
TYPES = {name: (number, elements, size) for number, (name, elements, size) in gguf.TYPES.items()
         if elements > 1 and name != "q8_0"}
PLAIN = ("q4_0", "q4_1", "q5_0", "q5_1")  # without weights equal to the byte: codec_parity.py
COLUMNS, ROWS = 512, 48


def base_library():
    ggml = ctypes.CDLL(str(quantize_reference.library_folder() / "libggml-base.so"))
    ggml.ggml_quantize_chunk.restype = ctypes.c_size_t
    ggml.ggml_quantize_chunk.argtypes = [ctypes.c_int, ctypes.c_char_p, ctypes.c_char_p, ctypes.c_int64,
                                         ctypes.c_int64, ctypes.c_int64, ctypes.c_char_p]
    return ggml


def theirs(ggml, kind, numbers, columns, weights):
    """Stored rows by llama.cpp, and the seconds of processor time it took."""
    number, elements, size = TYPES[kind]
    out = ctypes.create_string_buffer(len(numbers) // elements * size)
    data, given = numbers.tobytes(), weights.tobytes() if weights else None
    start = time.process_time()
    ggml.ggml_quantize_chunk(number, data, out, 0, len(numbers) // columns, columns, given)
    return out.raw, time.process_time() - start


def ours(program, kind, numbers, columns, weights):
    """Stored rows by us, and the seconds of processor time it took."""
    with tempfile.NamedTemporaryFile() as file:
        arguments = [program, kind, str(columns)]
        if weights:
            file.write(weights.tobytes())
            file.flush()
            arguments.append(file.name)
        done = subprocess.run(arguments, input=numbers.tobytes(), capture_output=True, check=True)
    return done.stdout, float(done.stderr)


def decoded(ggml, kind, stored, count):
    out = array.array("f", bytes(4 * count))
    name = kind[:-1] + "K" if kind.endswith("_k") else kind
    address = (ctypes.c_float * count).from_buffer(out)
    getattr(ggml, f"dequantize_row_{name}")(stored, address, ctypes.c_int64(count))
    return out


def error(numbers, others, weights):
    columns = len(weights)
    return math.fsum(weights[i % columns] * (a - b) ** 2
                     for i, (a, b) in enumerate(zip(numbers, others)))


def heavy(source):
    """Student's t with three degrees of freedom."""
    return source.gauss(0, 1) / math.sqrt(sum(source.gauss(0, 1) ** 2 for _ in range(3)) / 3)


def trained_rows():
    """Rows of the matrices of a small trained model, laid end to end; None where it is not there."""
    beside = pathlib.Path(os.environ.get("FRUGAL_SOURCE_DIR", HERE.parents[2])).parent / "shared"
    path = pathlib.Path(os.environ.get("FRUGAL_SHARED", beside)) / "data" / "stories260K-f32.gguf"
    if not path.exists():
        return None
    numbers = array.array("f")
    for name, tensor in gguf.read(path).tensors.items():
        if len(tensor.shape) == 2 and name.startswith("blk."):
            numbers.frombytes(tensor.data)
    return numbers[:len(numbers) // COLUMNS * COLUMNS][-ROWS * COLUMNS:]


def data_sets(source):
    count = ROWS * COLUMNS
    yield "gaussian", array.array("f", (source.gauss(0, 0.02) for _ in range(count)))
    yield "heavy-tailed", array.array("f", (0.02 * heavy(source) for _ in range(count)))
    trained = trained_rows()
    if trained is not None:
        yield "trained", trained


def compare(ggml, program, source):
    worst = 0.0
    ones = array.array("f", [1.0] * COLUMNS)
    weights = {"none": None, "squares": array.array("f", (heavy(source) ** 2 for _ in range(COLUMNS))),
               "log-normal": array.array("f", (source.lognormvariate(0, 2) for _ in range(COLUMNS)))}
    print(f"{'type':8} {'numbers':14} {'weights':12} {'error, ours / llama.cpp'}")
    for label, numbers in data_sets(source):
        for kind in TYPES:
            for weighing, given in weights.items():
                if given is None and kind in PLAIN:
                    continue
                figures = [error(numbers, decoded(ggml, kind, stored, len(numbers)), given or ones)
                           for stored, _ in (ours(program, kind, numbers, COLUMNS, given),
                                             theirs(ggml, kind, numbers, COLUMNS, given))]
                ratio = figures[0] / figures[1]
                worst = max(worst, ratio)
                print(f"{kind:8} {label:14} {weighing:12} {ratio:.4f}{'  ABOVE 1' if ratio > 1 else ''}")
    return worst


def speed(ggml, program, source):
    columns, rows = 5632, 2048
    row = [source.gauss(0, 0.02) for _ in range(columns * 16)]
    numbers = array.array("f", row * (rows // 16))
    given = array.array("f", (source.lognormvariate(0, 2) for _ in range(columns)))
    print(f"{'type':8} {'weights':8} {'ours MB/s':>10} {'llama.cpp':>10} {'ratio':>6}")
    for kind in TYPES:
        for label, weights in (("none", None), ("given", given)):
            taken = [min(run(*start, kind, numbers, columns, weights)[1] for _ in range(3))
                     for run, start in ((ours, (program,)), (theirs, (ggml,)))]
            rates = [4e-6 * len(numbers) / seconds for seconds in taken]
            print(f"{kind:8} {label:8} {rates[0]:10.0f} {rates[1]:10.0f} {rates[0] / rates[1]:6.1f}",
                  flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("program")
    parser.add_argument("--speed", action="store_true")
    options = parser.parse_args()
    ggml, source = base_library(), random.Random(1)
    if options.speed:
        speed(ggml, options.program, source)
        return 0
    return 1 if compare(ggml, options.program, source) > 1 else 0


if __name__ == "__main__":
    sys.exit(main())
