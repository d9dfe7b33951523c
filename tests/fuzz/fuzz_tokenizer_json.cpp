// Any bytes as a tokenizer.json and, after the first zero byte, a tokenizer_config.json: a
// vocabulary that works, or an Error about bytes.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "frugal/base/error.h"
#include "frugal/text/tokenizer_json.h"

namespace {

using frugal::ErrorKind;
using frugal::text::TokenId;
using frugal::text::Tokenizer;

void expect(bool condition) {
  if (!condition) std::abort();
}

// What is accepted encodes, or says what it lacks; ids are of the vocabulary and decode.
void use(const Tokenizer& tokenizer) {
  for (const bool special : {false, true}) {
    std::vector<TokenId> ids;
    try {
      ids = tokenizer.encode("Hello,  World's 1234\n\xE6\xBC\xA2\xC3\xA9 \xFF</s>",
                             {.add_special = special, .parse_special = special});
    } catch (const frugal::Error& error) {
      expect(error.kind() == ErrorKind::kInvalidArgument);
      expect(!tokenizer.vocabulary().unknown);
      continue;
    }
    std::string pieces;
    for (const TokenId id : ids) pieces += tokenizer.piece(id, special);
    expect(tokenizer.decode(ids, special).size() <= pieces.size());
  }
}

}  // namespace

// NOLINTNEXTLINE(readability-identifier-naming): libFuzzer's name
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string bytes(data, data + size);
  const std::string_view all = bytes;
  const std::size_t zero = all.find('\0');
  const std::string_view config = zero == std::string_view::npos ? "" : all.substr(zero + 1);
  try {
    use(*frugal::text::make_tokenizer(
        frugal::text::vocabulary_from_tokenizer_json(all.substr(0, zero), config)));
  } catch (const frugal::Error& error) {
    expect(error.kind() == ErrorKind::kCorrupt || error.kind() == ErrorKind::kUnsupported);
  }
  return 0;
}
