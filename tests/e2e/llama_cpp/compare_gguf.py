#!/usr/bin/env python3
"""Say where two GGUF files differ: metadata, tensor tables, and every byte of tensor data.

    compare_gguf.py A.gguf B.gguf [--ignore KEY]… [--order] [--verbose]

Equal tensors are counted, unequal ones listed with their first differing block. The order of
pairs and tensors is no difference unless --order asks. Exit code 0: same; 1: not; 2: unreadable.
"""

import argparse
import sys

import gguf


def metadata_differences(a, b, ignored):
    lines = []
    for key in sorted(set(a.metadata) | set(b.metadata)):
        if key in ignored:
            continue
        left, right = a.metadata.get(key), b.metadata.get(key)
        if left is None or right is None:
            lines.append(f"metadata {key}: only in {'A' if right is None else 'B'}: "
                         f"{left if right is None else right}")
        # repr tells -0.0 from 0.0 and finds nan equal to itself, as bytes would
        elif (left.kind, left.item, repr(left.data)) != (right.kind, right.item, repr(right.data)):
            lines.append(f"metadata {key}: A {left}, B {right}")
    return lines


def describe_bytes(a, b):
    """Where two equally long tensors of one type first differ, and in how many blocks."""
    _, numbers, size = gguf.TYPES[a.kind]
    blocks = [i for i in range(0, len(a.data), size) if a.data[i:i + size] != b.data[i:i + size]]
    first = blocks[0]
    row, column = divmod(first // size * numbers, a.shape[0])
    return (f"{len(blocks)} of {len(a.data) // size} blocks differ, first in row {row} at column "
            f"{column}: A {a.data[first:first + size].hex()} B {b.data[first:first + size].hex()}")


def tensor_differences(a, b):
    lines = []
    for name in sorted(set(a.tensors) | set(b.tensors)):
        left, right = a.tensors.get(name), b.tensors.get(name)
        if left is None or right is None:
            lines.append(f"tensor {name}: only in {'A' if right is None else 'B'}")
        elif (left.shape, left.kind) != (right.shape, right.kind):
            lines.append(f"tensor {name}: A {left.type_name} {list(left.shape)}, "
                         f"B {right.type_name} {list(right.shape)}")
        elif left.data != right.data:
            lines.append(f"tensor {name} ({left.type_name}): {describe_bytes(left, right)}")
    return lines


def order_differences(a, b):
    lines = []
    for what, left, right in (("metadata", a.metadata, b.metadata), ("tensor", a.tensors, b.tensors)):
        for i, (x, y) in enumerate(zip(left, right)):
            if x != y:
                lines.append(f"{what} order: place {i} is {x} in A, {y} in B")
                break
    return lines


def print_tensors(file):
    for tensor in file.tensors.values():
        print(f"  {tensor.name:40} {tensor.type_name:8} {list(tensor.shape)}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("a")
    parser.add_argument("b")
    parser.add_argument("--ignore", action="append", default=[], metavar="KEY")
    parser.add_argument("--order", action="store_true")
    parser.add_argument("--verbose", action="store_true", help="also list B's tensors")
    options = parser.parse_args()
    try:
        a, b = gguf.read(options.a), gguf.read(options.b)
    except (OSError, ValueError) as fault:
        print(f"compare_gguf.py: {fault}", file=sys.stderr)
        return 2
    lines = metadata_differences(a, b, set(options.ignore)) + tensor_differences(a, b)
    if options.order:
        lines += order_differences(a, b)
    for line in lines:
        print(line)
    if options.verbose:
        print_tensors(b)
    same = sum(1 for name, t in a.tensors.items()
               if name in b.tensors and (b.tensors[name].kind, b.tensors[name].data) == (t.kind, t.data))
    print(f"{same} of {len(set(a.tensors) | set(b.tensors))} tensors equal in type and every byte; "
          f"{len(lines)} differences")
    return 1 if lines else 0


if __name__ == "__main__":
    sys.exit(main())
