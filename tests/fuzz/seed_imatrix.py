#!/usr/bin/env python3
"""Writes the seed files of corpus/fuzz_imatrix: small importance matrices in both forms.

Run from anywhere; existing seeds are replaced, findings (other names) stay.
"""

import pathlib
import struct

from seed_gguf import ARRAY, STRING, U32, entry, gguf, tensor

FOLDER = pathlib.Path(__file__).parent / "corpus" / "fuzz_imatrix"
NAME = "blk.0.ffn_up.weight"


def floats(*values):
    raw = struct.pack(f"<{len(values)}f", *values)
    return raw + bytes(-len(raw) % 32)


def new(sums=(1.0, 0.5), counts=(4.0,), kind="imatrix"):
    keys = [entry("general.type", STRING, kind), entry("imatrix.datasets", ARRAY, (STRING, ["a"])),
            entry("imatrix.chunk_count", U32, 1), entry("imatrix.chunk_size", U32, 4)]
    data = floats(*sums)
    tensors = [tensor(NAME + ".in_sum2", [len(sums) // len(counts), len(counts)], 0, 0),
               tensor(NAME + ".counts", [1, len(counts)], 0, len(data))]
    return gguf(keys, tensors, data + floats(*counts))


def old(values=(1.0, 0.5), pieces=3, end=b""):
    name = NAME.encode()
    return (struct.pack("<ii", 1, len(name)) + name + struct.pack("<ii", pieces, len(values))
            + struct.pack(f"<{len(values)}f", *values) + end)


SEEDS = {
    "new": new(), "new_experts": new((1.0, 2.0, 0.0, 0.0), (4.0, 0.0)),
    "new_nan": new((float("nan"), 1.0)), "new_negative_count": new(counts=(-1.0,)),
    "new_other_kind": new(kind="model"), "new_no_sums": gguf(),
    "old": old(), "old_with_end": old(end=struct.pack("<ii", 3, 1) + b"a"),
    "old_no_pieces": old(pieces=0), "old_infinite": old((float("inf"),)),
    "old_negative": struct.pack("<i", -1), "old_long": old()[:-4], "empty": b"",
}


def main():
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name, data in SEEDS.items():
        (FOLDER / name).write_bytes(data)


if __name__ == "__main__":
    main()
