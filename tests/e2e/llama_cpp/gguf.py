"""A small GGUF reader and writer on the standard library, independent of the one under test.

File = "GGUF", u32 version (3), u64 tensor count, u64 pair count, pairs, tensor table, padding to
general.alignment (32 unless told), data. A string is u64 length and UTF-8 bytes; a tensor entry is
name, u32 dimension count, u64 dimensions (fastest first), u32 type, u64 offset from the data.
"""

import struct
from dataclasses import dataclass, field

SCALARS = {0: "<B", 1: "<b", 2: "<H", 3: "<h", 4: "<I", 5: "<i", 6: "<f", 7: "<?", 10: "<Q",
           11: "<q", 12: "<d"}
STRING, ARRAY = 8, 9
VALUE_NAMES = {0: "u8", 1: "i8", 2: "u16", 3: "i16", 4: "u32", 5: "i32", 6: "f32", 7: "bool",
               8: "str", 9: "arr", 10: "u64", 11: "i64", 12: "f64"}

# type id: (name, numbers in a block, bytes of a block)
TYPES = {0: ("f32", 1, 4), 1: ("f16", 1, 2), 2: ("q4_0", 32, 18), 3: ("q4_1", 32, 20),
         6: ("q5_0", 32, 22), 7: ("q5_1", 32, 24), 8: ("q8_0", 32, 34), 10: ("q2_k", 256, 84),
         11: ("q3_k", 256, 110), 12: ("q4_k", 256, 144), 13: ("q5_k", 256, 176),
         14: ("q6_k", 256, 210), 20: ("iq4_nl", 32, 18), 23: ("iq4_xs", 256, 136),
         24: ("i8", 1, 1), 25: ("i16", 1, 2), 26: ("i32", 1, 4), 27: ("i64", 1, 8),
         28: ("f64", 1, 8), 30: ("bf16", 1, 2)}


@dataclass
class Value:
    """One metadata value; `item` is the type of an array's elements."""

    kind: int
    data: object
    item: int = -1

    def __str__(self):
        name = VALUE_NAMES[self.kind]
        if self.kind == ARRAY:
            head = ", ".join(repr(x) for x in self.data[:4])
            return f"arr[{VALUE_NAMES[self.item]},{len(self.data)}] [{head}, …]"
        return f"{name} {self.data!r}"


@dataclass
class Tensor:
    name: str
    shape: tuple
    kind: int
    data: bytes

    @property
    def type_name(self):
        return TYPES[self.kind][0] if self.kind in TYPES else f"type {self.kind}"


@dataclass
class File:
    metadata: dict = field(default_factory=dict)
    tensors: dict = field(default_factory=dict)
    version: int = 3


class _Cursor:
    def __init__(self, data, path):
        self.data, self.at, self.path = data, 0, path

    def take(self, count):
        if self.at + count > len(self.data):
            raise ValueError(f"{self.path}: ends at byte {len(self.data)}, expected {count} more "
                             f"bytes at {self.at}")
        self.at += count
        return self.data[self.at - count:self.at]

    def scalar(self, layout):
        return struct.unpack(layout, self.take(struct.calcsize(layout)))[0]

    def string(self):
        return bytes(self.take(self.scalar("<Q"))).decode("utf-8", "surrogateescape")

    def value(self, kind):
        if kind == STRING:
            return Value(kind, self.string())
        if kind == ARRAY:
            item = self.scalar("<I")
            return Value(kind, [self.value(item).data for _ in range(self.scalar("<Q"))], item)
        return Value(kind, self.scalar(SCALARS[kind]))


def byte_size(shape, kind, where="tensor"):
    """Bytes of a tensor: blocks of the first dimension times the other dimensions."""
    if kind not in TYPES:
        raise ValueError(f"{where}: unknown type {kind}")
    _, numbers, size = TYPES[kind]
    if shape[0] % numbers != 0:
        raise ValueError(f"{where}: {shape[0]} columns, expected a multiple of {numbers}")
    total = shape[0] // numbers * size
    for extent in shape[1:]:
        total *= extent
    return total


def read(path):
    """All of a GGUF file; raises ValueError naming the file where it is not one."""
    with open(path, "rb") as stream:
        cursor = _Cursor(memoryview(stream.read()), path)
    if bytes(cursor.take(4)) != b"GGUF":
        raise ValueError(f"{path}: does not start with GGUF")
    file = File(version=cursor.scalar("<I"))
    tensor_count, pair_count = cursor.scalar("<Q"), cursor.scalar("<Q")
    for _ in range(pair_count):
        key = cursor.string()
        file.metadata[key] = cursor.value(cursor.scalar("<I"))
    table = []
    for _ in range(tensor_count):
        name = cursor.string()
        shape = tuple(cursor.scalar("<Q") for _ in range(cursor.scalar("<I")))
        kind, offset = cursor.scalar("<I"), cursor.scalar("<Q")
        table.append((name, shape, kind, offset))
    alignment = file.metadata["general.alignment"].data if "general.alignment" in file.metadata else 32
    start = (cursor.at + alignment - 1) // alignment * alignment
    for name, shape, kind, offset in table:
        cursor.at = start + offset
        data = bytes(cursor.take(byte_size(shape, kind, f"{path}: tensor '{name}'")))
        file.tensors[name] = Tensor(name, shape, kind, data)
    return file


def _string(text):
    encoded = text.encode("utf-8", "surrogateescape")
    return struct.pack("<Q", len(encoded)) + encoded


def _value(value):
    if value.kind == STRING:
        return _string(value.data)
    if value.kind == ARRAY:
        items = b"".join(_value(Value(value.item, x)) for x in value.data)
        return struct.pack("<IQ", value.item, len(value.data)) + items
    return struct.pack(SCALARS[value.kind], value.data)


def write(path, file, alignment=32):
    """FILE as GGUF version 3, tensors in the order of the dictionary."""
    head = b"GGUF" + struct.pack("<IQQ", 3, len(file.tensors), len(file.metadata))
    for key, value in file.metadata.items():
        head += _string(key) + struct.pack("<I", value.kind) + _value(value)
    body = bytearray()
    for tensor in file.tensors.values():
        head += _string(tensor.name) + struct.pack("<I", len(tensor.shape))
        head += struct.pack(f"<{len(tensor.shape)}Q", *tensor.shape)
        head += struct.pack("<IQ", tensor.kind, len(body))
        body += tensor.data + bytes(-len(tensor.data) % alignment)
    with open(path, "wb") as stream:
        stream.write(head + bytes(-len(head) % alignment) + body)
