#!/usr/bin/env python3
"""Our codecs against llama.cpp's `dequantize_row_*` and `quantize_row_*_ref`, bit for bit.

    FRUGAL_LLAMA_CPP=/path/to/folder python3 codec_parity.py CODEC_FILTER

Random blocks of every type that `decode_row` knows, their scales finite or of any bits, and random
numbers of several magnitudes for every block type that `encode_row` knows. A NaN equals any NaN.
Exit code 0: equal; 1: not; 77: skipped, with the reason on stderr.
"""

import array
import ctypes
import math
import random
import struct
import subprocess
import sys

import quantize_reference

# type: block elements, block bytes, where its binary16 fields lie
BLOCKS = {
    "q4_0": (32, 18, (0,)), "q4_1": (32, 20, (0, 2)), "q5_0": (32, 22, (0,)),
    "q5_1": (32, 24, (0, 2)), "q8_0": (32, 34, (0,)), "iq4_nl": (32, 18, (0,)),
    "mxfp4": (32, 17, ()), "q2_K": (256, 84, (80, 82)), "q3_K": (256, 110, (108,)),
    "q4_K": (256, 144, (0, 2)), "q5_K": (256, 176, (0, 2)), "q6_K": (256, 210, (208,)),
    "iq4_xs": (256, 136, (0,)),
}
ENCODED = ("q4_0", "q4_1", "q5_0", "q5_1", "q8_0")
COLUMNS, ROWS = 512, 400


def base_library():
    return ctypes.CDLL(str(quantize_reference.library_folder() / "libggml-base.so"))


def filtered(program, action, kind, data):
    done = subprocess.run([program, action, kind, str(COLUMNS)], input=data, capture_output=True,
                          check=True)
    return done.stdout


def random_rows(kind, source):
    """Half of the rows with scales of ordinary size, the other half with any bits."""
    elements, size, halves = BLOCKS[kind]
    out = bytearray()
    for row in range(ROWS):
        for _ in range(COLUMNS // elements):
            block = bytearray(source.randbytes(size))
            if row % 2 == 0:
                for at in halves:
                    block[at:at + 2] = struct.pack("<e", source.uniform(-2.0, 2.0))
            out += block
    return bytes(out)


def random_numbers(source):
    numbers = array.array("f")
    for row in range(ROWS):
        scale = 10.0 ** source.uniform(-9.0, 3.0)
        offset = scale * source.choice((0.0, 1.0, -3.0))
        numbers.extend(source.gauss(offset, scale) for _ in range(COLUMNS))
        if row % 10 == 0:  # ties and zeros
            numbers[-COLUMNS:] = array.array("f", (round(x / scale) * 0.5 for x in numbers[-COLUMNS:]))
    return numbers.tobytes()


def same_floats(ours, theirs):
    if ours == theirs:
        return True
    a, b = array.array("f", ours), array.array("f", theirs)
    words = zip(array.array("I", ours), array.array("I", theirs), a, b)
    return len(a) == len(b) and all(x == y or (math.isnan(p) and math.isnan(q))
                                    for x, y, p, q in words)


def main():
    if len(sys.argv) != 2:
        print("usage: codec_parity.py CODEC_FILTER", file=sys.stderr)
        return 2
    ggml, program, source, failures = base_library(), sys.argv[1], random.Random(1), 0
    for kind, (elements, size, _) in BLOCKS.items():
        data = random_rows(kind, source)
        theirs = ctypes.create_string_buffer(ROWS * COLUMNS * 4)
        getattr(ggml, f"dequantize_row_{kind}")(data, theirs, ctypes.c_int64(ROWS * COLUMNS))
        same = same_floats(filtered(program, "decode", kind, data), theirs.raw)
        print(f"decode {kind}: {'equal' if same else 'DIFFERENT'}, {len(data) // size} blocks")
        failures += not same
        if kind in ENCODED:
            numbers = random_numbers(source)
            theirs = ctypes.create_string_buffer(ROWS * COLUMNS // elements * size)
            getattr(ggml, f"quantize_row_{kind}_ref")(numbers, theirs,
                                                      ctypes.c_int64(ROWS * COLUMNS))
            same = filtered(program, "encode", kind, numbers) == theirs.raw
            print(f"encode {kind}: {'equal' if same else 'DIFFERENT'}")
            failures += not same
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
