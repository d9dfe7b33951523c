#include "frugal/text/byte_alphabet.h"

#include <gtest/gtest.h>

#include <set>

namespace frugal::text {
namespace {

std::string all_bytes() {
  std::string bytes;
  for (int value = 0; value < 256; ++value) bytes += static_cast<char>(value);
  return bytes;
}

TEST(ByteAlphabet, LetsPrintableAsciiStandForItself) {
  EXPECT_EQ(byte_to_character('!'), "!");
  EXPECT_EQ(byte_to_character('a'), "a");
  EXPECT_EQ(byte_to_character('~'), "~");
}

TEST(ByteAlphabet, WritesSpaceLineEndAndTabAsInGpt2) {
  EXPECT_EQ(spell_bytes(" "), "Ġ");
  EXPECT_EQ(spell_bytes("\n"), "Ċ");
  EXPECT_EQ(spell_bytes("\t"), "ĉ");
  EXPECT_EQ(spell_bytes(std::string(1, '\0')), "Ā");
  EXPECT_EQ(spell_bytes("\xAD"), "Ń");
  EXPECT_EQ(spell_bytes("é"), "Ã©");
}

TEST(ByteAlphabet, HasACharacterOfItsOwnForEveryByte) {
  std::set<std::string> characters;
  for (const char c : all_bytes()) {
    characters.insert(byte_to_character(static_cast<unsigned char>(c)));
  }
  EXPECT_EQ(characters.size(), 256U);
}

TEST(ByteAlphabet, ReadsBackWhatItWrites) {
  EXPECT_EQ(unspell_bytes(spell_bytes(all_bytes())), all_bytes());
}

TEST(ByteAlphabet, LeavesOtherCharactersAsTheyAre) {
  EXPECT_EQ(unspell_bytes("漢Ġ\xFFx"), "漢 \xFFx");
  EXPECT_FALSE(first_spelled_byte("漢").has_value());
  EXPECT_FALSE(first_spelled_byte("").has_value());
  EXPECT_FALSE(first_spelled_byte("\xC4").has_value());
}

}  // namespace
}  // namespace frugal::text
