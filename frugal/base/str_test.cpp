#include "frugal/base/str.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace frugal {
namespace {

using Parts = std::vector<std::string_view>;

TEST(Str, FormatsLikeStdFormat) {
  EXPECT_EQ(str("{}: {:.2f} J", "cpu", 1.005), "cpu: 1.00 J");
}

TEST(HumanBytes, UsesBinaryPrefixes) {
  EXPECT_EQ(human_bytes(0), "0 B");
  EXPECT_EQ(human_bytes(1023), "1023 B");
  EXPECT_EQ(human_bytes(1024), "1.0 KiB");
  EXPECT_EQ(human_bytes(1536), "1.5 KiB");
  EXPECT_EQ(human_bytes(5ULL << 30U), "5.0 GiB");
  EXPECT_EQ(human_bytes(std::numeric_limits<std::uint64_t>::max()), "16.0 EiB");
}

TEST(HumanBytes, NeverPrintsAThousandAndTwentyFour) {
  EXPECT_EQ(human_bytes((1ULL << 20U) - 1), "1.0 MiB");
  EXPECT_EQ(human_bytes((1ULL << 30U) - 1), "1.0 GiB");
  EXPECT_EQ(human_bytes(1023ULL << 10U), "1023.0 KiB");
}

TEST(HumanSi, ShowsThreeDigitsAndAPrefix) {
  EXPECT_EQ(human_si(0.00123, "J"), "1.23 mJ");
  EXPECT_EQ(human_si(4567, "J"), "4.57 kJ");
  EXPECT_EQ(human_si(1, "W"), "1.00 W");
  EXPECT_EQ(human_si(10, "W"), "10.0 W");
  EXPECT_EQ(human_si(123.4, "W"), "123 W");
  EXPECT_EQ(human_si(2.5e-6, "s"), "2.50 µs");
  EXPECT_EQ(human_si(7.25e9, "B/s"), "7.25 GB/s");
}

TEST(HumanSi, RoundsAcrossAPrefixOrAPlace) {
  EXPECT_EQ(human_si(999.4, "W"), "999 W");
  EXPECT_EQ(human_si(999.96, "W"), "1.00 kW");
  EXPECT_EQ(human_si(0.99996, "W"), "1.00 W");
  EXPECT_EQ(human_si(9.996, "W"), "10.0 W");
  EXPECT_EQ(human_si(99.96, "W"), "100 W");
  EXPECT_EQ(human_si(999.6e-6, "J"), "1.00 mJ");
}

TEST(HumanSi, EveryPowerOfTenStartsWithOne) {
  EXPECT_EQ(human_si(1e-18, "J"), "1.00 aJ");
  EXPECT_EQ(human_si(1e-15, "J"), "1.00 fJ");
  EXPECT_EQ(human_si(1e-12, "J"), "1.00 pJ");
  EXPECT_EQ(human_si(1e-3, "J"), "1.00 mJ");
  EXPECT_EQ(human_si(1e3, "J"), "1.00 kJ");
  EXPECT_EQ(human_si(1e12, "J"), "1.00 TJ");
  EXPECT_EQ(human_si(1e18, "J"), "1.00 EJ");
}

TEST(HumanSi, WhatHasNoPrefixIsWrittenWithAnExponent) {
  EXPECT_EQ(human_si(1e-19, "J"), "1.00e-19 J");
  EXPECT_EQ(human_si(5e-324, "J"), "4.94e-324 J");
  EXPECT_EQ(human_si(1e21, "J"), "1.00e+21 J");
  EXPECT_EQ(human_si(999.4e18, "J"), "999 EJ");
  EXPECT_EQ(human_si(999.6e18, "J"), "1.00e+21 J");
}

TEST(HumanSi, KeepsSignsAndSaysWhatIsNoNumber) {
  EXPECT_EQ(human_si(-0.00123, "J"), "-1.23 mJ");
  EXPECT_EQ(human_si(0.0, "J"), "0 J");
  EXPECT_EQ(human_si(-0.0, "J"), "0 J");
  EXPECT_EQ(human_si(std::nan(""), "J"), "nan J");
  EXPECT_EQ(human_si(-std::numeric_limits<double>::infinity(), "J"), "-inf J");
}

TEST(ParseInt, TakesWholeTextsInRange) {
  EXPECT_EQ(parse_int("0"), 0);
  EXPECT_EQ(parse_int("-42"), -42);
  EXPECT_EQ(parse_int("9223372036854775807"), std::numeric_limits<std::int64_t>::max());
  EXPECT_EQ(parse_int("-9223372036854775808"), std::numeric_limits<std::int64_t>::min());
}

TEST(ParseInt, RefusesEverythingElse) {
  for (const char* text : {"", "-", "+1", " 1", "1 ", "1.0", "0x10", "1e3", "nine",
                           "9223372036854775808", "-9223372036854775809"}) {
    EXPECT_EQ(parse_int(text), std::nullopt) << text;
  }
}

TEST(ParseDouble, TakesWholeTextsInRange) {
  EXPECT_EQ(parse_double("1"), 1.0);
  EXPECT_EQ(parse_double("-2.5e-3"), -0.0025);
  EXPECT_EQ(parse_double(".5"), 0.5);
  EXPECT_EQ(parse_double("0.1"), 0.1);
}

TEST(ParseDouble, RefusesEverythingElse) {
  for (const char* text :
       {"", "-", ".", "+1", " 1", "1 ", "1,5", "1e", "0x1p3", "1e999", "inf", "-inf", "nan"}) {
    EXPECT_EQ(parse_double(text), std::nullopt) << text;
  }
}

TEST(Split, CutsAtEverySeparator) {
  EXPECT_EQ(split("1,4,16", ','), (Parts{"1", "4", "16"}));
  EXPECT_EQ(split("alone", ','), (Parts{"alone"}));
  EXPECT_EQ(split(",a,,b", ','), (Parts{"", "a", "", "b"}));
}

TEST(Split, NothingStandsAfterALastSeparator) {
  EXPECT_EQ(split("", ','), Parts{});
  EXPECT_EQ(split("a\nb\n", '\n'), (Parts{"a", "b"}));
  EXPECT_EQ(split(",", ','), (Parts{""}));
}

TEST(Trim, RemovesWhiteSpaceAtTheEndsOnly) {
  EXPECT_EQ(trim(" \t a b \r\n"), "a b");
  EXPECT_EQ(trim("a"), "a");
  EXPECT_EQ(trim(" \n\v\f"), "");
  EXPECT_EQ(trim(""), "");
}

TEST(Printable, LeavesGoodTextAlone) {
  EXPECT_EQ(printable("blk.0.attn_q — ünï 漢 😀"), "blk.0.attn_q — ünï 漢 😀");
  EXPECT_EQ(printable(""), "");
}

TEST(Printable, ShowsControlCharacters) {
  EXPECT_EQ(printable("\x1b[31m"), "\\x1b[31m");
  EXPECT_EQ(printable(std::string_view("a\0b\n\x7f", 5)), "a\\x00b\\x0a\\x7f");
  EXPECT_EQ(printable("\xc2\x9b"), "\\xc2\\x9b");  // U+009B starts a terminal command
  EXPECT_EQ(printable("\xc2\xa0"), "\xc2\xa0");
}

TEST(Printable, ShowsInvalidUtf8) {
  EXPECT_EQ(printable("\xff"), "\\xff");
  EXPECT_EQ(printable("\x80"), "\\x80");
  EXPECT_EQ(printable("\xc0\xaf"), "\\xc0\\xaf");
  EXPECT_EQ(printable("\xe0\x80\xaf"), "\\xe0\\x80\\xaf");
  EXPECT_EQ(printable("\xed\xa0\x80"), "\\xed\\xa0\\x80");
  EXPECT_EQ(printable("\xf0\x80\x80\xaf"), "\\xf0\\x80\\x80\\xaf");
  EXPECT_EQ(printable("\xf4\x90\x80\x80"), "\\xf4\\x90\\x80\\x80");
  EXPECT_EQ(printable("\xf5\x80\x80\x80"), "\\xf5\\x80\\x80\\x80");
  EXPECT_EQ(printable("cut \xe6\xbc"), "cut \\xe6\\xbc");
}

TEST(Printable, AcceptsTheEdgesOfUtf8) {
  for (const char* text : {"\xe0\xa0\x80", "\xed\x9f\xbf", "\xee\x80\x80", "\xf0\x90\x80\x80",
                           "\xf4\x8f\xbf\xbf", "\xdf\xbf"}) {
    EXPECT_EQ(printable(text), text);
  }
}

TEST(Printable, ShortensAndNeverCutsACharacter) {
  EXPECT_EQ(printable("abcdef", 4), "abcd…");
  EXPECT_EQ(printable("abcd", 4), "abcd");
  EXPECT_EQ(printable("漢漢漢", 4), "漢漢…");
  EXPECT_LT(printable(std::string(100'000, '\x01')).size(), 100U);
}

}  // namespace
}  // namespace frugal
