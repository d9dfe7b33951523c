#!/usr/bin/env python3
"""Make a reference file with llama.cpp's own quantiser, for byte-by-byte comparison.

    FRUGAL_LLAMA_CPP=/path/to/folder python3 quantize_reference.py IN.gguf OUT.gguf \
        --type q8_0|q4_0|… [--mixed] [--requantize]

FRUGAL_LLAMA_CPP names a folder in which `npm install --ignore-scripts node-llama-cpp` was run; the
prebuilt libraries in it export llama.cpp's C API. Without it the script ends with code 77 (skipped)
and says why. `--mixed` asks for llama.cpp's usual mixture (q4_0 then gives output.weight q6_K);
without it every tensor that may be quantised gets the type named (`pure`).
"""

import argparse
import ctypes
import os
import pathlib
import sys

SKIPPED = 77
FTYPES = {"f32": 0, "f16": 1, "q4_0": 2, "q4_1": 3, "q8_0": 7, "q5_0": 8, "q5_1": 9,
          "q2_k": 10, "q3_k_s": 11, "q3_k_m": 12, "q3_k_l": 13, "q4_k": 14, "q4_k_s": 14,
          "q4_k_m": 15, "q5_k_s": 16, "q5_k_m": 17, "q6_k": 18, "iq4_nl": 25, "iq4_xs": 30,
          "bf16": 32}


class QuantizeParams(ctypes.Structure):
    """The fields of llama_model_quantize_params whose place has been stable since 2023, then room
    for what later releases append. The struct is returned through a pointer, so room to spare is
    harmless, and the callee reads only its own fields of what it is handed back."""

    _fields_ = [
        ("nthread", ctypes.c_int32),
        ("ftype", ctypes.c_int32),
        ("output_tensor_type", ctypes.c_int32),
        ("token_embedding_type", ctypes.c_int32),
        ("allow_requantize", ctypes.c_bool),
        ("quantize_output_tensor", ctypes.c_bool),
        ("only_copy", ctypes.c_bool),
        ("pure", ctypes.c_bool),
        ("rest", ctypes.c_uint8 * 492),
    ]


def skip(reason):
    print(f"skipped: {reason}", file=sys.stderr)
    sys.exit(SKIPPED)


def library_folder():
    """The folder with libllama*.so below FRUGAL_LLAMA_CPP; ends the script where there is none."""
    root = os.environ.get("FRUGAL_LLAMA_CPP")
    if not root:
        skip("FRUGAL_LLAMA_CPP is not set; point it at a folder holding node_modules/node-llama-cpp")
    found = sorted(pathlib.Path(root).glob("node_modules/@node-llama-cpp/linux-x64/bins/*/libllama.*so"))
    if not found:
        skip(f"{root}: no node_modules/@node-llama-cpp/linux-x64/bins/*/libllama.*so below it")
    return found[0].parent


def load(folder):
    """libllama with its CPU backend: the quantiser itself is in libggml-base, but the loader asks
    the registry for a CPU device."""
    for name in ("libggml-base.so", "libggml.*so"):
        for path in sorted(folder.glob(name)):
            ggml = ctypes.CDLL(str(path), mode=ctypes.RTLD_GLOBAL)
    ggml.ggml_backend_load_all_from_path(str(folder).encode())
    return ctypes.CDLL(str(sorted(folder.glob("libllama.*so"))[0]))


def default_params(llama):
    """The library's own defaults; ends the script where they do not look as this layout expects."""
    llama.llama_model_quantize_default_params.restype = QuantizeParams
    params = llama.llama_model_quantize_default_params()
    expected = (params.nthread == 0 and params.output_tensor_type == params.token_embedding_type
                and params.output_tensor_type > 30 and not params.allow_requantize
                and params.quantize_output_tensor and not params.only_copy and not params.pure)
    if not expected:
        sys.exit("quantize_reference.py: llama_model_quantize_params has another layout in this "
                 "release, expected nthread, ftype, two tensor types, four flags")
    return params


LOG_CALLBACK = ctypes.CFUNCTYPE(None, ctypes.c_int, ctypes.c_char_p, ctypes.c_void_p)


def quantize(source, target, kind, pure=True, requantize=False, threads=1, log=sys.stderr):
    """Write TARGET from SOURCE with llama.cpp; False and a message on LOG where it refuses."""
    llama = load(library_folder())
    params = default_params(llama)
    params.nthread = threads
    params.ftype = FTYPES[kind]
    params.pure = pure
    params.allow_requantize = requantize

    @LOG_CALLBACK
    def relay(_level, text, _data):
        log.write(text.decode("utf-8", "replace"))

    llama.llama_log_set(relay, None)
    llama.llama_backend_init()
    llama.llama_model_quantize.restype = ctypes.c_uint32
    llama.llama_model_quantize.argtypes = [ctypes.c_char_p, ctypes.c_char_p,
                                           ctypes.POINTER(QuantizeParams)]
    return llama.llama_model_quantize(os.fsencode(source), os.fsencode(target),
                                      ctypes.byref(params)) == 0


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("source")
    parser.add_argument("target")
    parser.add_argument("--type", choices=sorted(FTYPES), required=True)
    parser.add_argument("--mixed", action="store_true", help="llama.cpp's mixture, not `pure`")
    parser.add_argument("--requantize", action="store_true", help="allow quantised input")
    parser.add_argument("--quiet", action="store_true", help="keep llama.cpp's log to itself")
    options = parser.parse_args()
    with open(os.devnull, "w") as nothing:
        done = quantize(options.source, options.target, options.type, not options.mixed,
                        options.requantize, log=nothing if options.quiet else sys.stderr)
    if not done:
        sys.exit(f"quantize_reference.py: {options.source}: llama.cpp refused, see its log")


if __name__ == "__main__":
    main()
