#!/usr/bin/env python3
"""Make a small random llama model in GGUF, with numbers that are hard to quantise.

    make_model.py OUT.gguf [--type f32|f16] [--seed 1] [--embedding 256] [--feed-forward 512]

Two layers, 8 heads over 4 key/value heads, a 512-token SPM vocabulary (three control tokens, 256
bytes, 253 letters and pairs). The weights are normal with standard deviation 0.05. The embedding rows of
the byte tokens 0 to 127, which plain text never uses, hold the hard cases instead: whole blocks of
zeros of both signs, denormals, values whose scale underflows or overflows half precision's usual
range, exact ties of rounding, equal magnitudes of opposite sign, one spike, and amplitudes from 1e-7
to 1e3. So the model still runs, and every block encoder meets them.
"""

import argparse
import math
import random
import struct
import sys

import gguf

LAYERS, HEADS, KV_HEADS, VOCABULARY = 2, 8, 4, 512
BLOCK = 32
FIRST_BYTE, HARD_ROWS, SCALED_ROWS = 3, 16, 112
LARGEST_HALF = 65504.0


def hard_blocks(rng, half):
    """One generator of 32 numbers for each kind of trouble."""
    largest = LARGEST_HALF if half else 5.2e5  # 5.2e5 / 8 is still a finite half

    def spread(amplitude):
        return [rng.uniform(-amplitude, amplitude) for _ in range(BLOCK)]

    def ties(limit, sign):
        steps = [sign * (i % (2 * limit) - limit + 0.5) for i in range(BLOCK - 1)]
        return [float(sign * limit)] + steps

    def opposite(first):
        block = spread(0.5)
        block[7], block[19] = first, -first
        return block

    def spike(value):
        block = [0.0] * BLOCK
        block[rng.randrange(BLOCK)] = value
        return block

    return [
        lambda: [0.0] * BLOCK,
        lambda: [-0.0] * BLOCK,
        lambda: [0.0, -0.0] * (BLOCK // 2),
        lambda: spread(1.0e-39),       # float32 denormals; 1/scale is infinite
        lambda: spread(1.0e-30),       # the scale is zero in half precision
        lambda: spread(5.0e-6),        # the scale is a half denormal
        lambda: spread(6.0e-5),
        lambda: ties(127, 1),          # q8_0: scale 1, all others at n + 0.5
        lambda: ties(127, -1),
        lambda: ties(8, 1),            # q4_0: scale -1 or 1
        lambda: ties(8, -1),
        lambda: opposite(1.0),         # which of two equal magnitudes sets the sign
        lambda: opposite(-1.0),
        lambda: spread(largest),
        lambda: spike(largest),
        lambda: spike(-1.0e-3),
        lambda: [0.25] * BLOCK,
        lambda: [-0.25] * BLOCK,
        lambda: [0.1 + 1.0e-7 * i for i in range(BLOCK)],
    ]


def embedding(rng, columns, half):
    """Token embeddings, [512, columns], row by row."""
    rows = []
    makers = hard_blocks(rng, half)
    turn = 0
    for token in range(VOCABULARY):
        row = []
        if FIRST_BYTE <= token < FIRST_BYTE + HARD_ROWS:
            while len(row) < columns:
                row += makers[turn % len(makers)]()
                turn += 1
        elif FIRST_BYTE + HARD_ROWS <= token < FIRST_BYTE + HARD_ROWS + SCALED_ROWS:
            amplitude = math.exp(rng.uniform(math.log(1.0e-7), math.log(1.0e3)))
            row = [rng.gauss(0.0, amplitude) for _ in range(columns)]
        else:
            row = [rng.gauss(0.0, 0.05) for _ in range(columns)]
        rows += row[:columns]
    return rows


def vocabulary():
    """512 pieces with scores and types (1 normal, 2 unknown, 3 control, 6 byte) as llama's SPM."""
    pieces = ["<unk>", "<s>", "</s>"] + [f"<0x{i:02X}>" for i in range(256)]
    types = [2, 3, 3] + [6] * 256
    letters = ["\u2581"] + [chr(c) for c in range(ord("a"), ord("z") + 1)] + list(".,!?'")
    pairs = [x + y for x in ["\u2581", *"etaoinsh"] for y in "etaoinshrdlucmfwypvbgkjqxz"]
    extra = (letters + pairs)[:VOCABULARY - len(pieces)]
    scores = [0.0] * len(pieces) + [float(-i) for i in range(len(extra))]
    return pieces + extra, scores, types + [1] * len(extra)


def metadata(half, columns, feed_forward):
    pieces, scores, types = vocabulary()
    value = gguf.Value
    return {
        "general.architecture": value(8, "llama"),
        "general.name": value(8, "random"),
        "llama.context_length": value(4, 128),
        "llama.embedding_length": value(4, columns),
        "llama.block_count": value(4, LAYERS),
        "llama.feed_forward_length": value(4, feed_forward),
        "llama.attention.head_count": value(4, HEADS),
        "llama.attention.head_count_kv": value(4, KV_HEADS),
        "llama.attention.layer_norm_rms_epsilon": value(6, 1.0e-5),
        "llama.rope.dimension_count": value(4, columns // HEADS),
        "llama.vocab_size": value(4, VOCABULARY),
        "general.file_type": value(4, 1 if half else 0),
        "tokenizer.ggml.model": value(8, "llama"),
        "tokenizer.ggml.tokens": value(9, pieces, 8),
        "tokenizer.ggml.scores": value(9, scores, 6),
        "tokenizer.ggml.token_type": value(9, types, 5),
        "tokenizer.ggml.bos_token_id": value(4, 1),
        "tokenizer.ggml.eos_token_id": value(4, 2),
        "tokenizer.ggml.unknown_token_id": value(4, 0),
        "tokenizer.ggml.add_bos_token": value(7, True),
    }


def pack(numbers, half):
    if not half:
        return struct.pack(f"<{len(numbers)}f", *numbers)
    clipped = (max(-LARGEST_HALF, min(LARGEST_HALF, x)) for x in numbers)
    return struct.pack(f"<{len(numbers)}e", *clipped)


def build(half, seed, columns, feed_forward):
    rng = random.Random(seed)
    file = gguf.File(metadata=metadata(half, columns, feed_forward))

    def add(name, shape, numbers, as_half):
        file.tensors[name] = gguf.Tensor(name, shape, 1 if as_half else 0, pack(numbers, as_half))

    def matrix(name, inputs, outputs):
        numbers = [rng.gauss(0.0, 0.05) for _ in range(inputs * outputs)]
        add(name, (inputs, outputs), numbers, half)

    def norm(name):
        add(name, (columns,), [1.0 + rng.gauss(0.0, 0.05) for _ in range(columns)], False)

    kv_columns = columns // HEADS * KV_HEADS
    add("token_embd.weight", (columns, VOCABULARY), embedding(rng, columns, half), half)
    norm("output_norm.weight")
    matrix("output.weight", columns, VOCABULARY)
    for layer in range(LAYERS):
        prefix = f"blk.{layer}."
        norm(prefix + "attn_norm.weight")
        matrix(prefix + "attn_q.weight", columns, columns)
        matrix(prefix + "attn_k.weight", columns, kv_columns)
        matrix(prefix + "attn_v.weight", columns, kv_columns)
        matrix(prefix + "attn_output.weight", columns, columns)
        norm(prefix + "ffn_norm.weight")
        matrix(prefix + "ffn_gate.weight", columns, feed_forward)
        matrix(prefix + "ffn_up.weight", columns, feed_forward)
        matrix(prefix + "ffn_down.weight", feed_forward, columns)
    return file


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("target")
    parser.add_argument("--type", choices=("f32", "f16"), default="f32")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--embedding", type=int, default=256)
    parser.add_argument("--feed-forward", type=int, default=512)
    options = parser.parse_args()
    if options.embedding % (2 * HEADS) != 0:
        sys.exit(f"make_model.py: embedding {options.embedding}, expected a multiple of {2 * HEADS}")
    gguf.write(options.target, build(options.type == "f16", options.seed, options.embedding,
                                     options.feed_forward))


if __name__ == "__main__":
    main()
