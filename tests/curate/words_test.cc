#include "rexbert/curate/words.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "curate/ngram_hashes.h"

namespace rexbert::curate {
namespace {

using namespace std::string_literals;

std::string normal(std::string_view text) { return std::string(Words(text).text()); }

TEST(Words, AreLowerCaseWithoutPunctuation) {
  EXPECT_EQ(normal("  Hello,\tWORLD!\n(3.5%) a_b "), "hello world 3 5 a b");
  EXPECT_EQ(normal(""), "");
  EXPECT_EQ(normal(" \n.-!"), "");
  EXPECT_EQ(normal("\0a\0"s), "a");
}

TEST(Words, KnowOtherScripts) {
  EXPECT_EQ(normal("ÄÖÜ Straße ŁÓDŹ Ÿ İ"), "äöü straße łódź ÿ i");
  EXPECT_EQ(normal("ΟΔΟΣ οδος Ἀθῆναι"), "οδοσ οδοσ ἀθῆναι");
  EXPECT_EQ(normal("ЁЖИК Ґава Ѐ"), "ёжик ґава ѐ");
  EXPECT_EQ(normal("ՀԱՅ"), "հայ");
  EXPECT_EQ(normal("“Don’t” — 20 €…"), "don t 20");
  EXPECT_EQ(normal("ＡＢＣ，１２"), "abc 12");
  EXPECT_EQ(normal("日本語、カナ。abc한국어 말"), "日 本 語 カ ナ abc한국어 말");
  EXPECT_EQ(normal("so\u00ADft zero\u200Bwidth x\u200Dy"), "soft zero width xy");
  EXPECT_EQ(normal("5★ 👍 ok"), "5 ok");
}

TEST(Words, TakeBytesThatAreNotUtf8AsSeparators) {
  EXPECT_EQ(normal("a\xFF"
                   "b\xC3"),
            "a b");
  EXPECT_EQ(normal("a\xE2\x82"
                   "b"),
            "a b");
  EXPECT_EQ(normal("x\xC0\xAFy"), "x y");
}

TEST(Words, HaveSpans) {
  Words words("one two");
  words.append("THREE");
  ASSERT_EQ(words.size(), 3u);
  EXPECT_EQ(words[0], "one");
  EXPECT_EQ(words[2], "three");
  EXPECT_EQ(words.span(1, 2), "two three");
  EXPECT_EQ(words.span(0, 3), words.text());
  EXPECT_EQ(words.span(3, 0), "");
  words.clear();
  EXPECT_EQ(words.size(), 0u);
}

TEST(NgramHashes, AreThoseOfTheWordsWhereverTheyStand) {
  const Words a("x y one two three four z"), b("one two three four");
  NgramHashes of_a, of_b;
  of_a.assign(a);
  of_b.assign(b);
  EXPECT_EQ(of_a(2, 4), of_b(0, 4));
  EXPECT_NE(of_a(1, 4), of_b(0, 4));
  of_b.assign(Words("two one three four"));
  EXPECT_NE(of_a(2, 4), of_b(0, 4));
  of_a.assign(Words("a bc"));
  of_b.assign(Words("ab c"));
  EXPECT_NE(of_a(0, 2), of_b(0, 2));
}

}  // namespace
}  // namespace rexbert::curate
