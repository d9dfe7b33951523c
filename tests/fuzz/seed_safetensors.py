#!/usr/bin/env python3
"""Writes the seed files of corpus/fuzz_safetensors: small files and indices, well formed and broken.

Run from anywhere; existing seeds are replaced, findings (other names) stay.
"""

import json
import pathlib
import struct

FOLDER = pathlib.Path(__file__).parent / "corpus" / "fuzz_safetensors"
DATA = bytes(range(24))


def raw(header, data=DATA, length=None):
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("<Q", len(text) if length is None else length) + text + data


def entry(dtype, shape, begin, end):
    return {"dtype": dtype, "shape": shape, "data_offsets": [begin, end]}


GOOD = {"__metadata__": {"format": "pt"}, "a": entry("F32", [2, 2], 0, 16),
        "b": entry("BF16", [4], 16, 24), "none": entry("U8", [0], 24, 24)}
TWIN = json.dumps({"a": entry("U8", [8], 0, 8)})[:-1]

SEEDS = {
    "good": raw(GOOD),
    "empty": raw({}, b""),
    "scalar": raw({"x": entry("I64", [], 0, 8)}, DATA[:8]),
    "padded": raw(json.dumps(GOOD).encode() + b"   "),
    "half_bytes": raw({"x": entry("F4", [48], 0, 24)}),
    "unknown_dtype": raw({"x": entry("X9", [24], 0, 24)}),
    "gap": raw({"x": entry("U8", [20], 4, 24)}),
    "overlap": raw({"x": entry("U8", [16], 0, 16), "y": entry("U8", [12], 12, 24)}),
    "rest": raw({"x": entry("U8", [20], 0, 20)}),
    "beyond": raw({"x": entry("U8", [32], 0, 32)}),
    "product": raw({"x": entry("F32", [2**32, 2**32], 0, 24)}),
    "large_offset": raw({"x": entry("U8", [24], 0, 2**64 - 1)}),
    "negative": raw({"x": entry("U8", [-24], 0, 24)}),
    "real": raw({"x": entry("U8", [24.0], 0, 24)}),
    "twins": raw((TWIN + "," + TWIN[1:] + "}").encode(), DATA[:8]),
    "deep": raw(b'{"a":' + b"[" * 300, b""),
    "length": raw(GOOD, length=2**63),
    "not_json": raw(b"{]"),
    "index": json.dumps({"metadata": {"total_size": 1, "n": [[{}]]},
                         "weight_map": {"a": "1.safetensors", "b": "2.safetensors"}}).encode(),
    "index_folder": b'{"weight_map":{"a":"../x"}}',
    "index_number": b'{"weight_map":{"a":1}}',
    "index_nested": b'{"weight_map":{"a":{"b":"c"}}}',
}

FOLDER.mkdir(parents=True, exist_ok=True)
for name, content in SEEDS.items():
    (FOLDER / f"{name}.bin").write_bytes(content)
print(f"{len(SEEDS)} files in {FOLDER.name}")
