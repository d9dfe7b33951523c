// make_tiny_model OUT.gguf [TYPE] [FEED_FORWARD]: the tests' random-weight model as a file, for
// tests that drive the program from outside.

#include <cstdio>
#include <cstdlib>

#include "frugal/base/error.h"
#include "tests/support/tiny_model.h"

int main(int argc, char** argv) {
  if (argc < 2) {
    std::fputs("usage: make_tiny_model OUT.gguf [TYPE] [FEED_FORWARD]\n", stderr);
    return 2;
  }
  frugal::test::TinyModel tiny;
  if (argc > 2) tiny.type = frugal::dtype_from_name(argv[2]).value();
  if (argc > 3) tiny.feed_forward = std::strtoul(argv[3], nullptr, 10);
  frugal::test::write_tiny_model(argv[1], tiny);
}
