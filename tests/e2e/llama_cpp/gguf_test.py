#!/usr/bin/env python3
"""Tests of the parity tools themselves; they need neither llama.cpp nor frugal."""

import contextlib
import io
import pathlib
import struct
import sys
import tempfile
import unittest
from unittest import mock

import compare_gguf
import gguf
import make_model
import quantize_reference


def sample():
    file = gguf.File()
    file.metadata = {
        "general.name": gguf.Value(8, "gräm"),
        "a.count": gguf.Value(4, 7),
        "a.scale": gguf.Value(6, 0.5),
        "a.flag": gguf.Value(7, True),
        "a.words": gguf.Value(9, ["x", "", "yz"], 8),
        "a.large": gguf.Value(10, 2**63),
    }
    file.tensors = {
        "first": gguf.Tensor("first", (3, 2), 0, struct.pack("<6f", *range(6))),
        "second": gguf.Tensor("second", (32, 2), 8, bytes(range(68))),
    }
    return file


class Folder(unittest.TestCase):
    def setUp(self):
        self._folder = tempfile.TemporaryDirectory(prefix="frugal-gguf-")
        self.addCleanup(self._folder.cleanup)
        self.folder = pathlib.Path(self._folder.name)

    def written(self, file, name="a.gguf"):
        gguf.write(self.folder / name, file)
        return self.folder / name


class Gguf(Folder):
    def test_reads_back_what_it_wrote(self):
        self.assertEqual(gguf.read(self.written(sample())), sample())

    def test_places_each_tensor_on_a_multiple_of_32(self):
        data = self.written(sample()).read_bytes()
        self.assertEqual(data.index(bytes(range(68))) % 32, 0)
        self.assertEqual(len(data) % 32, 0)

    def test_refuses_every_truncation_of_the_last_tensor(self):
        data = self.written(sample()).read_bytes()
        for cut in (10, 40, len(data) - 40):
            path = self.folder / "cut.gguf"
            path.write_bytes(data[:cut])
            with self.assertRaisesRegex(ValueError, "cut.gguf"):
                gguf.read(path)

    def test_refuses_another_format(self):
        path = self.folder / "x.gguf"
        path.write_bytes(b"GGML" + bytes(64))
        with self.assertRaisesRegex(ValueError, "GGUF"):
            gguf.read(path)

    def test_refuses_a_row_that_is_no_whole_number_of_blocks(self):
        with self.assertRaisesRegex(ValueError, "172 columns"):
            gguf.byte_size((172, 64), 8)


class CompareGguf(Folder):
    def differences(self, change):
        other = sample()
        change(other)
        return (compare_gguf.metadata_differences(sample(), other, set())
                + compare_gguf.tensor_differences(sample(), other))

    def test_finds_no_difference_in_a_copy(self):
        self.assertEqual(self.differences(lambda other: None), [])

    def test_names_the_row_and_column_of_the_first_differing_block(self):
        def change(other):
            data = bytearray(other.tensors["second"].data)
            data[40] ^= 1
            other.tensors["second"].data = bytes(data)

        lines = self.differences(change)
        self.assertEqual(len(lines), 1)
        self.assertIn("second (q8_0): 1 of 2 blocks differ, first in row 1 at column 0", lines[0])

    def test_tells_a_changed_type_of_value(self):
        def change(other):
            other.metadata["a.count"] = gguf.Value(5, 7)

        self.assertEqual(self.differences(change), ["metadata a.count: A u32 7, B i32 7"])

    def test_tells_a_missing_tensor_and_key(self):
        def change(other):
            del other.tensors["first"], other.metadata["a.flag"]

        self.assertEqual(self.differences(change),
                         ["metadata a.flag: only in A: bool True", "tensor first: only in A"])

    def test_tells_another_shape_of_the_same_bytes(self):
        def change(other):
            other.tensors["first"].shape = (2, 3)

        self.assertEqual(self.differences(change), ["tensor first: A f32 [3, 2], B f32 [2, 3]"])

    def test_exit_code_is_that_of_the_answer(self):
        other = sample()
        other.metadata["a.count"] = gguf.Value(4, 8)
        a, b = self.written(sample()), self.written(other, "b.gguf")
        for arguments, code in (((a, a), 0), ((a, b), 1), ((a, b, "--ignore", "a.count"), 0),
                                ((a, self.folder / "none.gguf"), 2)):
            with mock.patch.object(sys, "argv", ["compare_gguf.py", *map(str, arguments)]), \
                    contextlib.redirect_stdout(io.StringIO()), \
                    contextlib.redirect_stderr(io.StringIO()):
                self.assertEqual(compare_gguf.main(), code, arguments)


class MakeModel(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.file = make_model.build(False, 1, 64, 96)

    def embedding_row(self, token):
        data = self.file.tensors["token_embd.weight"].data
        return struct.unpack_from("<64f", data, 64 * 4 * token)

    def test_is_the_same_for_the_same_seed_only(self):
        self.assertEqual(self.file, make_model.build(False, 1, 64, 96))
        self.assertNotEqual(self.file, make_model.build(False, 2, 64, 96))

    def test_has_as_many_pieces_as_embedding_rows(self):
        self.assertEqual(len(self.file.metadata["tokenizer.ggml.tokens"].data), 512)
        self.assertEqual(len(set(self.file.metadata["tokenizer.ggml.tokens"].data)), 512)
        self.assertEqual(self.file.tensors["token_embd.weight"].shape, (64, 512))

    def test_holds_zeros_of_both_signs_denormals_and_large_numbers(self):
        hard = [x for t in range(3, 19) for x in self.embedding_row(t)]
        self.assertIn(struct.pack("<f", -0.0), [struct.pack("<f", x) for x in hard])
        self.assertTrue(any(0.0 < abs(x) < 1.17e-38 for x in hard))
        self.assertTrue(any(abs(x) > 1.0e5 for x in hard))
        self.assertTrue(any(x == 0.5 for x in hard))

    def test_leaves_the_rows_of_plain_text_tame(self):
        self.assertTrue(all(abs(x) < 1.0 for t in range(259, 512) for x in self.embedding_row(t)))

    def test_keeps_norms_in_float32_when_matrices_are_halves(self):
        file = make_model.build(True, 1, 64, 96)
        kinds = {name: tensor.type_name for name, tensor in file.tensors.items()}
        self.assertEqual(kinds["output_norm.weight"], "f32")
        self.assertEqual(kinds["blk.1.ffn_down.weight"], "f16")


class QuantizeReference(unittest.TestCase):
    def test_skips_with_a_reason_where_llama_cpp_is_absent(self):
        for folder in ("", "/nowhere"):
            said = io.StringIO()
            with mock.patch.dict("os.environ", {"FRUGAL_LLAMA_CPP": folder}), \
                    contextlib.redirect_stderr(said), self.assertRaises(SystemExit) as ended:
                quantize_reference.library_folder()
            self.assertEqual(ended.exception.code, 77)
            self.assertIn("skipped", said.getvalue())

    def test_refuses_a_struct_it_does_not_know(self):
        llama = mock.Mock()
        llama.llama_model_quantize_default_params.return_value = quantize_reference.QuantizeParams()
        with self.assertRaisesRegex(SystemExit, "another layout"):
            quantize_reference.default_params(llama)


if __name__ == "__main__":
    unittest.main()
