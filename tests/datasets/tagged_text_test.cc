#include "rexbert/datasets/tagged_text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "datasets/made_file.h"

namespace rexbert::datasets::test {
namespace {

using testing::ElementsAre;
using Names = std::vector<std::string>;
using Reader = TaggedTexts (*)(Env&, const fs::path&, const LabelSet*);

TaggedTexts read(Reader reader, std::string_view contents, const LabelSet* tags = nullptr) {
  return reader(Env::posix(), MadeFile(contents).path(), tags);
}

std::string error(Reader reader, std::string_view contents, const LabelSet* tags = nullptr) {
  return MadeFile(contents).error_of(
      [&](const fs::path& path) { reader(Env::posix(), path, tags); });
}

Names words_of(const TaggedText& text) {
  Names words;
  for (const Word& word : text.words) {
    words.push_back(text.text.substr(word.begin, word.end - word.begin));
  }
  return words;
}

Names tags_of(const TaggedTexts& texts, size_t index) {
  Names names;
  for (const int tag : texts.texts[index].tags) names.push_back(texts.tags.name(tag));
  return names;
}

TEST(BioJson, GivesWordsAndTags) {
  const TaggedTexts got =
      read(read_bio_json,
           "\xEF\xBB\xBF{\"tokens\": [\"größe\", \"xl\"], \"tags\": [\"O\", \"B-size\"]}\r\n"
           "\r\n"
           "{\"tags\": [\"I-color\"], \"tokens\": [\"red\"], \"source\": 7}");
  EXPECT_THAT(got.tags.names(), ElementsAre("B-color", "B-size", "I-color", "I-size", "O"));
  ASSERT_EQ(got.texts.size(), 2u);
  EXPECT_EQ(got.texts[0].text, "größe xl");
  EXPECT_THAT(got.texts[0].words, ElementsAre(Word{0, 7}, Word{8, 10}));
  EXPECT_THAT(tags_of(got, 0), ElementsAre("O", "B-size"));
  EXPECT_EQ(got.texts[1].line, 3u);
  EXPECT_THAT(tags_of(got, 1), ElementsAre("I-color"));
}

TEST(BioJson, KeepsToTheTagsGiven) {
  const LabelSet known({"O", "B-size", "I-size"});
  const std::string line = R"({"tokens": ["xl"], "tags": ["B-size"]})";
  EXPECT_THAT(read(read_bio_json, line, &known).texts[0].tags, ElementsAre(1));
  EXPECT_EQ(error(read_bio_json, R"({"tokens": ["xl"], "tags": ["B-color"]})", &known),
            "made.jsonl:1: expected a tag of O, B-size, I-size, got \"B-color\"");
}

TEST(BioJson, NamesTheLineOfAMistake) {
  const auto second_line = [](std::string_view line) {
    return error(read_bio_json, "{\"tokens\": [\"a\"], \"tags\": [\"O\"]}\n" + std::string(line));
  };
  EXPECT_EQ(second_line(R"({"tokens": ["a", "b"], "tags": ["O"]})"),
            "made.jsonl:2: expected a tag for each of 2 tokens, got 1 tags");
  EXPECT_EQ(second_line(R"({"tokens": ["a"], "tags": ["E-size"]})"),
            "made.jsonl:2: expected a tag O, B-type or I-type, got \"E-size\"");
  EXPECT_EQ(second_line(R"({"tokens": ["a"], "tags": ["B-"]})"),
            "made.jsonl:2: expected a tag O, B-type or I-type, got \"B-\"");
  EXPECT_EQ(second_line(R"({"tokens": [" "], "tags": ["O"]})"),
            "made.jsonl:2: expected a token with a text, got \" \"");
  EXPECT_EQ(second_line(R"({"tokens": [], "tags": []})"),
            "made.jsonl:2: expected at least one token, got none");
  EXPECT_EQ(second_line(R"({"tokens": ["a", 1], "tags": ["O"]})"),
            "made.jsonl:2: expected a list of strings as \"tokens\", got number \"1\"");
  EXPECT_EQ(second_line(R"({"tokens": "a", "tags": ["O"]})"),
            "made.jsonl:2: expected a list as \"tokens\", got \"a\"");
  EXPECT_EQ(second_line(R"({"tokens": ["a"]})"),
            "made.jsonl:2: expected a line with a member \"tags\", got none");
  EXPECT_EQ(second_line("[1]"), "made.jsonl:2: expected a JSON object, got array \"[1]\"");
  EXPECT_EQ(second_line("{\"tokens\": [\"\xE9\"]}"),
            R"(made.jsonl:2: expected UTF-8, got "{\"tokens\": [\"\xe9\"]}")");
  EXPECT_THAT(second_line("{\"tokens\": "),
              testing::StartsWith("made.jsonl:2: line 1, column 12: not valid JSON: "));
  EXPECT_EQ(error(read_bio_json, ""), "made.jsonl:1: expected at least one text, got none");
}

TEST(Conll, GivesTextsBetweenEmptyLines) {
  const TaggedTexts got = read(read_conll,
                               "\nred\tB-color\r\nshoe\tO\r\n\r\n \n"
                               "light B-color\nblue I-color");
  EXPECT_THAT(got.tags.names(), ElementsAre("B-color", "I-color", "O"));
  ASSERT_EQ(got.texts.size(), 2u);
  EXPECT_EQ(got.texts[0].text, "red shoe");
  EXPECT_EQ(got.texts[0].line, 2u);
  EXPECT_THAT(tags_of(got, 0), ElementsAre("B-color", "O"));
  EXPECT_THAT(words_of(got.texts[1]), ElementsAre("light", "blue"));
  EXPECT_EQ(got.texts[1].line, 6u);
  EXPECT_THAT(tags_of(got, 1), ElementsAre("B-color", "I-color"));
}

TEST(Conll, NamesTheLineOfAMistake) {
  EXPECT_EQ(error(read_conll, "red O\nshoe\n"),
            "made.jsonl:2: expected a word and a tag, with one tab or blank between them, got "
            "\"shoe\"");
  EXPECT_EQ(error(read_conll, "EU NNP I-NP B-ORG\n"),
            "made.jsonl:1: expected a word and a tag, with one tab or blank between them, got "
            "\"EU NNP I-NP B-ORG\"");
  EXPECT_EQ(error(read_conll, "red\t\n"),
            "made.jsonl:1: expected a word and a tag, with one tab or blank between them, got "
            "\"red\\t\"");
  EXPECT_EQ(error(read_conll, "\nred color\n"),
            "made.jsonl:2: expected a tag O, B-type or I-type, got \"color\"");
  EXPECT_EQ(error(read_conll, "red O\n\xFF O\n"), "made.jsonl:2: expected UTF-8, got \"\\xff O\"");
  EXPECT_EQ(error(read_conll, "\n\n"), "made.jsonl:2: expected at least one text, got none");
}

TEST(SplitWords, CutsAtWhiteSpaceAndPunctuation) {
  const std::string title = " 12.5g/Größe\t(XL) ";
  TaggedText text;
  text.text = title;
  text.words = split_words(title);
  EXPECT_THAT(words_of(text), ElementsAre("12", ".", "5g", "/", "Größe", "(", "XL", ")"));
  EXPECT_TRUE(split_words(" \n").empty());
}

std::string spans_line(std::string_view title, std::string_view spans) {
  return "{\"title\": \"" + std::string(title) + "\", \"category\": \"Lure\", \"spans\": [" +
         std::string(spans) + "]}\n";
}

std::string span(int start, int end, std::string_view attribute) {
  return "{\"start\": " + std::to_string(start) + ", \"end\": " + std::to_string(end) +
         ", \"attribute\": \"" + std::string(attribute) + "\"}";
}

TEST(AttributeSpans, CountCodePoints) {
  // Two characters of two and three bytes stand before the span.
  const TaggedTexts got = read(read_attribute_spans, spans_line("é€ red 5cm", span(3, 6, "Color")));
  EXPECT_THAT(words_of(got.texts[0]), ElementsAre("é€", "red", "5cm"));
  EXPECT_THAT(tags_of(got, 0), ElementsAre("O", "B-Color", "O"));
  EXPECT_THAT(got.texts[0].words[1], (Word{6, 9}));
  EXPECT_THAT(got.tags.names(), ElementsAre("B-Color", "I-Color", "O"));
  EXPECT_EQ(got.dropped_spans, 0u);
}

TEST(AttributeSpans, TakeEveryWordThatTheyOverlap) {
  const TaggedTexts got =
      read(read_attribute_spans,
           spans_line("Lure 10cm 7.5g Caps", span(9, 14, "Weight") + ", " + span(15, 18, "Item")));
  EXPECT_THAT(words_of(got.texts[0]), ElementsAre("Lure", "10cm", "7", ".", "5g", "Caps"));
  EXPECT_THAT(tags_of(got, 0), ElementsAre("O", "O", "B-Weight", "I-Weight", "I-Weight", "B-Item"));
}

TEST(AttributeSpans, OfSharedWordsServeTheLongestFirst) {
  const std::string title = "red deep blue";
  const std::string all =
      span(0, 3, "A") + ", " + span(4, 13, "B") + ", " + span(9, 13, "C") + ", " + span(0, 3, "D");
  const TaggedTexts got = read(read_attribute_spans, spans_line(title, all));
  EXPECT_THAT(tags_of(got, 0), ElementsAre("B-A", "B-B", "I-B"));
  EXPECT_EQ(got.dropped_spans, 2u);
  // Of dropped spans the attribute stays known.
  EXPECT_TRUE(got.tags.find("B-C").has_value());
}

TEST(AttributeSpans, MayBeNone) {
  EXPECT_THAT(tags_of(read(read_attribute_spans, spans_line("red shoe", "")), 0),
              ElementsAre("O", "O"));
}

TEST(AttributeSpans, NameTheLineOfAMistake) {
  const auto of = [](std::string_view spans, const LabelSet* tags = nullptr) {
    return error(read_attribute_spans, spans_line("é shoe", spans), tags);
  };
  EXPECT_EQ(of(span(2, 7, "A")),
            "made.jsonl:1: expected a span inside of the title's 6 characters, got 2 to 7");
  EXPECT_EQ(of(span(2, 2, "A")),
            "made.jsonl:1: expected a span inside of the title's 6 characters, got 2 to 2");
  EXPECT_EQ(of(span(-1, 2, "A")),
            "made.jsonl:1: expected a whole number as \"start\", got number \"-1\"");
  EXPECT_EQ(of(span(1, 2, "A")), "made.jsonl:1: expected a span with a word, got \" \"");
  EXPECT_EQ(of(span(0, 1, "")), "made.jsonl:1: expected the name of an attribute, got \"\"");
  EXPECT_EQ(of("{\"start\": 0}"), "made.jsonl:1: expected a span with a member \"end\", got none");
  EXPECT_EQ(of("[0, 1, \"A\"]"),
            "made.jsonl:1: expected an object as a span, got array \"[0,1,\\\"A\\\"]\"");
  const LabelSet known({"O", "B-Color", "I-Color"});
  EXPECT_EQ(of(span(0, 1, "A"), &known),
            "made.jsonl:1: expected a tag of O, B-Color, I-Color, got \"B-A\"");
  EXPECT_EQ(error(read_attribute_spans, spans_line(" ", "")),
            "made.jsonl:1: expected a title with a word, got \" \"");
  EXPECT_EQ(error(read_attribute_spans, ""), "made.jsonl:1: expected at least one text, got none");
}

TEST(LabelSet, RefusesNamesThatAreNone) {
  EXPECT_EQ(rexbert::test::error_of([] { LabelSet({"a", "a"}); }),
            "usage error: label 1: expected a name that is not empty and comes once, got \"a\"");
  EXPECT_EQ(rexbert::test::error_of([] { LabelSet({""}); }),
            "usage error: label 0: expected a name that is not empty and comes once, got \"\"");
}

}  // namespace
}  // namespace rexbert::datasets::test
