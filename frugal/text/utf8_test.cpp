#include "frugal/text/utf8.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <random>
#include <set>
#include <string>
#include <string_view>
#include <tuple>

#include "frugal/text/tokenizer.h"

namespace frugal::text {
namespace {

constexpr const char* kReplacement = "\xEF\xBF\xBD";

std::string encode_code_point(std::uint32_t code) {
  const auto byte = [](std::uint32_t value) { return static_cast<char>(value & 0xFFU); };
  if (code < 0x80) return {byte(code)};
  if (code < 0x800) return {byte(0xC0U | (code >> 6U)), byte(0x80U | (code & 0x3FU))};
  if (code < 0x10000) {
    return {byte(0xE0U | (code >> 12U)), byte(0x80U | ((code >> 6U) & 0x3FU)),
            byte(0x80U | (code & 0x3FU))};
  }
  return {byte(0xF0U | (code >> 18U)), byte(0x80U | ((code >> 12U) & 0x3FU)),
          byte(0x80U | ((code >> 6U) & 0x3FU)), byte(0x80U | (code & 0x3FU))};
}

// Characters and all proper starts of one, listed rather than derived from byte ranges.
struct Listing {
  std::set<std::string> characters;
  std::set<std::string> starts;
};

const Listing& listing() {
  static const Listing kListing = [] {
    Listing all;
    for (std::uint32_t code = 0; code <= 0x10FFFF; ++code) {
      if (code >= 0xD800 && code <= 0xDFFF) continue;
      // The last byte takes all its 64 values alike, so those that end in a sample byte will do.
      const std::string_view last_bits("\x00\x01\x02\x03\x10\x20\x3F", 7);
      const auto bits = static_cast<char>(code & 0x3FU);
      if (code >= 0x80 && last_bits.find(bits) == std::string_view::npos) continue;
      const std::string bytes = encode_code_point(code);
      all.characters.insert(bytes);
      for (std::size_t n = 1; n < bytes.size(); ++n) all.starts.insert(bytes.substr(0, n));
    }
    return all;
  }();
  return kListing;
}

// The repaired text by search in the listing; bytes must be of sample_bytes().
std::string reference_repair(const std::string& text) {
  std::string out;
  std::size_t at = 0;
  while (at < text.size()) {
    std::size_t start = 0;
    std::size_t character = 0;
    for (std::size_t n = 1; n <= 4 && at + n <= text.size(); ++n) {
      if (listing().characters.contains(text.substr(at, n))) character = n;
      if (listing().starts.contains(text.substr(at, n))) start = n;
    }
    if (character > 0) {
      out += text.substr(at, character);
      at += character;
    } else {
      out += kReplacement;
      at += start > 0 ? start : 1;
    }
  }
  return out;
}

// Bytes at the edges of every rule, so that short random texts meet all of them.
const std::string& sample_bytes() {
  static const std::string kBytes =
      "aZ \x7F\x80\x81\x82\x83\x90\xA0\xBF\xC0\xC1\xC2\xDF\xE0\xE1\xEC\xED\xEE\xEF\xF0\xF1\xF3\xF4"
      "\xF5\xFF";
  return kBytes;
}

std::string random_bytes(std::mt19937& random, std::size_t length) {
  std::uniform_int_distribution<std::size_t> pick(0, sample_bytes().size() - 1);
  std::string out;
  for (std::size_t i = 0; i < length; ++i) out += sample_bytes()[pick(random)];
  return out;
}

std::string repair_at_once(const std::string& text) {
  Utf8Stream stream;
  std::string out = stream.push(text);
  out += stream.finish();
  return out;
}

TEST(FirstUtf8Unit, TakesEveryWholeCharacter) {
  for (const std::string& character : listing().characters) {
    const Utf8Unit unit = first_utf8_unit(character + "x");
    ASSERT_EQ(unit.kind, Utf8Kind::kCharacter);
    ASSERT_EQ(unit.length, character.size());
  }
}

TEST(FirstUtf8Unit, CallsEveryProperStartCutAtTheEndAndBrokenBeforeAscii) {
  for (const std::string& start : listing().starts) {
    EXPECT_EQ(first_utf8_unit(start).kind, Utf8Kind::kCut);
    EXPECT_EQ(first_utf8_unit(start).length, start.size());
    EXPECT_EQ(first_utf8_unit(start + "x").kind, Utf8Kind::kBroken);
    EXPECT_EQ(first_utf8_unit(start + "x").length, start.size());
  }
}

TEST(FirstUtf8Unit, RefusesOverlongFormsSurrogatesAndValuesBeyondUnicode) {
  for (const char* bytes : {"\xC0\x80", "\xC1\xBF", "\xE0\x9F\xBF", "\xED\xA0\x80", "\xF0\x8F\xBF",
                            "\xF4\x90\x80\x80", "\xF5\x80", "\xFF", "\x80"}) {
    EXPECT_EQ(first_utf8_unit(bytes).kind, Utf8Kind::kBroken) << bytes;
    EXPECT_EQ(first_utf8_unit(bytes).length, 1U) << bytes;
  }
}

TEST(FirstUtf8UnitDeath, TakesAnEmptyTextForABug) {
  EXPECT_DEATH(std::ignore = first_utf8_unit(""), "empty");
}

TEST(Utf8, ReadsBackEveryCodePointThatItWrites) {
  for (std::uint32_t code = 0; code <= 0x10FFFF; code += code < 0x1000 ? 1 : 37) {
    if (code >= 0xD800 && code <= 0xDFFF) continue;
    const std::string character = encode_utf8(code);
    ASSERT_EQ(character, encode_code_point(code));
    ASSERT_EQ(decode_utf8(character), code);
  }
}

TEST(Utf8Death, TakesWhatIsNoCharacterForABug) {
  EXPECT_DEATH(std::ignore = decode_utf8("ab"), "kCharacter");
  EXPECT_DEATH(std::ignore = decode_utf8("\xFF"), "kCharacter");
  EXPECT_DEATH(std::ignore = encode_utf8(0xD800), "0xD800");
}

TEST(Utf8Stream, HoldsBackHalfACharacter) {
  Utf8Stream stream;
  EXPECT_EQ(stream.push("a\xC3"), "a");
  EXPECT_EQ(stream.push("\xA4z"), "\xC3\xA4z");
  EXPECT_EQ(stream.finish(), "");
}

TEST(Utf8Stream, GivesACharacterAsSoonAsItsLastByteIsThere) {
  Utf8Stream stream;
  EXPECT_EQ(stream.push("\xF0"), "");
  EXPECT_EQ(stream.push("\x9F"), "");
  EXPECT_EQ(stream.push("\xA6"), "");
  EXPECT_EQ(stream.push("\x99"), "\xF0\x9F\xA6\x99");
}

TEST(Utf8Stream, ReplacesBrokenBytesAtOnce) {
  Utf8Stream stream;
  EXPECT_EQ(stream.push("\xFFz"), std::string(kReplacement) + "z");
  EXPECT_EQ(stream.push("\xE2\x96"
                        "a"),
            std::string(kReplacement) + "a");
}

TEST(Utf8Stream, FinishesHalfACharacterWithOneReplacementAndStartsAfresh) {
  Utf8Stream stream;
  EXPECT_EQ(stream.push("\xF0\x9F\xA6"), "");
  EXPECT_EQ(stream.finish(), kReplacement);
  EXPECT_EQ(stream.finish(), "");
  EXPECT_EQ(stream.push("ok"), "ok");
}

TEST(Utf8Stream, AgreesWithAListOfAllCharacters) {
  std::mt19937 random(1);
  for (int round = 0; round < 20000; ++round) {
    const std::string text = random_bytes(random, static_cast<std::size_t>(round % 9));
    ASSERT_EQ(repair_at_once(text), reference_repair(text)) << testing::PrintToString(text);
  }
}

TEST(Utf8Stream, GivesTheSameTextHoweverItIsCut) {
  std::mt19937 random(2);
  for (int round = 0; round < 5000; ++round) {
    const std::string text = random_bytes(random, static_cast<std::size_t>(round % 40));
    Utf8Stream stream;
    std::string joined;
    std::size_t at = 0;
    while (at < text.size()) {
      const std::size_t length = std::uniform_int_distribution<std::size_t>(0, 5)(random);
      const std::string part = stream.push(std::string_view(text).substr(at, length));
      ASSERT_EQ(repair_at_once(part), part) << "a part that is not well-formed";
      joined += part;
      at += length;
    }
    joined += stream.finish();
    ASSERT_EQ(joined, repair_at_once(text)) << testing::PrintToString(text);
  }
}

}  // namespace
}  // namespace frugal::text
