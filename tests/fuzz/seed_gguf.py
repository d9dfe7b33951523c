#!/usr/bin/env python3
"""Writes the seed files of corpus/fuzz_gguf: small GGUF files, well formed and broken.

Run from anywhere; existing seeds are replaced, findings (other names) stay.
"""

import pathlib
import struct

U8, I8, U16, I16, U32, I32, F32, BOOL, STRING, ARRAY, U64, I64, F64 = range(13)
FORMATS = {U8: "B", I8: "b", U16: "H", I16: "h", U32: "I", I32: "i", F32: "f", BOOL: "B",
           U64: "Q", I64: "q", F64: "d"}
FOLDER = pathlib.Path(__file__).parent / "corpus" / "fuzz_gguf"


def text(value):
    raw = value.encode()
    return struct.pack("<Q", len(raw)) + raw


def value(kind, held):
    if kind == STRING:
        return text(held)
    if kind == ARRAY:
        element, items = held
        return struct.pack("<IQ", element, len(items)) + b"".join(value(element, i) for i in items)
    return struct.pack("<" + FORMATS[kind], held)


def entry(key, kind, held):
    return text(key) + struct.pack("<I", kind) + value(kind, held)


def tensor(name, dims, kind, offset):
    return text(name) + struct.pack(f"<I{len(dims)}QIQ", len(dims), *dims, kind, offset)


def gguf(entries=(), tensors=(), data=b"", version=3, alignment=32, counts=None):
    count = counts or (len(tensors), len(entries))
    head = b"GGUF" + struct.pack("<IQQ", version, *count) + b"".join(entries) + b"".join(tensors)
    return head + bytes(-len(head) % alignment if data else 0) + data


SCALARS = [entry("u8", U8, 255), entry("i8", I8, -128), entry("u16", U16, 65535),
           entry("i16", I16, -2), entry("u32", U32, 7), entry("i32", I32, -7),
           entry("f32", F32, 0.5), entry("bool", BOOL, 1), entry("string", STRING, "h\u00e9llo"),
           entry("u64", U64, 2**64 - 1), entry("i64", I64, -(2**63)), entry("f64", F64, 1e300)]
ARRAYS = [entry(f"array{kind}", ARRAY, (kind, [1, 0])) for kind in FORMATS]
ARRAYS += [entry("words", ARRAY, (STRING, ["a", "bc", ""])), entry("empty", ARRAY, (STRING, [])),
           entry("nested", ARRAY, (ARRAY, [(I32, [1, 2]), (ARRAY, [(F64, [])])]))]
TWO = [tensor("f32", [4, 2], 0, 0), tensor("q8_0", [32, 2], 8, 32)]
DATA = bytes(range(128))


def bad_tensor(dims=(8,), kind=0, offset=0):
    return gguf(tensors=[tensor("t", dims, kind, offset)], data=DATA)


DEEP = text("a") + struct.pack("<I", ARRAY) + struct.pack("<IQ", ARRAY, 1) * 5

SEEDS = {
    "empty_header": gguf(),
    "v2": gguf([entry("general.name", STRING, "v2")], TWO, DATA, version=2),
    "scalars": gguf(SCALARS),
    "arrays": gguf(ARRAYS),
    "tensors": gguf([entry("n", U32, 2)], TWO, DATA),
    "scalar_tensor": gguf(tensors=[tensor("x", [], 0, 0)], data=DATA[:4]),
    "k_quants": gguf(tensors=[tensor("k", [256, 1, 1, 1], 12, 0)], data=bytes(144)),
    "alignment_64": gguf([entry("general.alignment", U32, 64)],
                         [tensor("a", [1], 0, 0), tensor("b", [1], 30, 64)], DATA, alignment=64),
    "bad_alignment": gguf([entry("general.alignment", U32, 24)], TWO, DATA),
    "bad_version": gguf(SCALARS, version=1),
    "big_endian": b"GGUF" + struct.pack(">IQQ", 3, 0, 0),
    "bad_magic": b"GGML" + gguf()[4:],
    "bad_counts": gguf(SCALARS, counts=(2**63, 2**63)),
    "bad_string": gguf([text("s") + struct.pack("<IQ", STRING, 2**64 - 1)]),
    "bad_array": gguf([text("s") + struct.pack("<IIQ", ARRAY, F64, 2**61 + 1)]),
    "bad_bool": gguf([text("flag") + struct.pack("<IB", BOOL, 2)]),
    "bad_type": gguf([text("s") + struct.pack("<IQ", 13, 0)]),
    "deep_array": gguf([DEEP + struct.pack("<IQ", U8, 0)]),
    "twin_keys": gguf([entry("a", U8, 1), entry("a", U8, 2)]),
    "twin_tensors": gguf(tensors=[TWO[0], TWO[0]], data=DATA),
    "overlap": gguf(tensors=[tensor("a", [9], 0, 0), tensor("b", [8], 0, 32)], data=DATA),
    "bad_offset": bad_tensor(offset=8),
    "bad_row": bad_tensor(dims=(33,), kind=8),
    "bad_extent": bad_tensor(dims=(0, 4)),
    "bad_product": bad_tensor(dims=(2**32, 2**32)),
    "bad_dtype": bad_tensor(kind=4),
    "beyond": bad_tensor(offset=2**64 - 32),
    "truncated": gguf(SCALARS, TWO, DATA)[:-40],
}

FOLDER.mkdir(parents=True, exist_ok=True)
for name, content in SEEDS.items():
    (FOLDER / f"{name}.gguf").write_bytes(content)
print(f"{len(SEEDS)} files in {FOLDER.name}")
