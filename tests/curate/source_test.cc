#include "rexbert/curate/source.h"

#include <gmock/gmock.h>

#include "curate/source_test_util.h"
#include "rexbert/text/input_files.h"

namespace rexbert::curate {
namespace {

using test::error_of;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;

class Source : public SourceTest {};

constexpr std::string_view kFineWeb =
    "{\"text\":\"One.\\r\\nTwo.\",\"id\":\"<urn:uuid:1>\",\"dump\":\"CC-MAIN-2024-10\","
    "\"url\":\"https://a.example/1\",\"date\":\"2024-02-21T01:02:03Z\",\"file_path\":\"s3://x\","
    "\"language\":\"en\",\"language_score\":0.9375,\"token_count\":4}\n"
    "{\"text\":\"Three.\",\"id\":7,\"url\":null}\n";

TEST_F(Source, JsonLinesGiveTheFieldsOfADataset) {
  SourceOptions options;
  options.fields = fields_of("fineweb");
  options.domain = "beauty";
  const fs::path path = write("a.jsonl", kFineWeb);
  const SourceResult result = read_source(path, options);
  EXPECT_THAT(result.bad, IsEmpty());
  ASSERT_EQ(result.documents.size(), 2u);
  EXPECT_EQ(to_json_line(result.documents[0]), to_json_line({.id = "<urn:uuid:1>",
                                                             .text = "One.\nTwo.",
                                                             .url = "https://a.example/1",
                                                             .domain = "beauty",
                                                             .date = "2024-02-21T01:02:03Z",
                                                             .score = 0.9375,
                                                             .file = path.string(),
                                                             .line = 1}));
  EXPECT_EQ(
      to_json_line(result.documents[1]),
      to_json_line(
          {.id = "7", .text = "Three.", .domain = "beauty", .file = path.string(), .line = 2}));
  EXPECT_EQ(result.counts.text_bytes, 15u);
  EXPECT_EQ(result.counts.file_bytes, kFineWeb.size());
}

TEST_F(Source, FieldsMayLieDeepAndHaveOwnNames) {
  SourceOptions options;
  options.fields = {.text = "content",
                    .id = "meta.key",
                    .url = "meta.url",
                    .domain = "tags",
                    .date = "a.b",
                    .score = "meta.quality.value"};
  const SourceResult result = read_source(
      write("a.jsonl",
            "{\"content\":\"x\",\"meta\":{\"key\":12,\"url\":\"u\",\"quality\":{\"value\":-2.5e1}},"
            "\"tags\":[\"one\",null,2],\"a.b\":\"dotted\"}\n"
            "{\"content\":\"y\"}\n"),
      options);
  ASSERT_EQ(result.documents.size(), 2u);
  EXPECT_EQ(result.documents[0].id, "12");
  EXPECT_EQ(result.documents[0].url, "u");
  EXPECT_EQ(result.documents[0].domain, "one, 2");
  EXPECT_EQ(result.documents[0].date, "dotted");
  EXPECT_EQ(result.documents[0].score, -25.0);
  EXPECT_EQ(result.documents[1].id, "a.jsonl:2");
  EXPECT_EQ(result.documents[1].score, std::nullopt);
}

TEST_F(Source, DatasetsThatAreNotKnownAreRefused) {
  EXPECT_EQ(fields_of("finefineweb").domain, "domain");
  EXPECT_EQ(error_of([] { fields_of("fine"); }),
            "usage error: fields \"fine\": expected default, finefineweb, fineweb or fineweb-edu");
}

TEST_F(Source, CompressionChangesNothing) {
  const auto lines_of = [](const SourceResult& result) {
    std::string lines;
    for (Document document : result.documents) {
      document.file.clear();
      lines += to_json_line(document);
    }
    return lines;
  };
  const SourceOptions options{.fields = fields_of("fineweb")};
  const std::string expected = lines_of(read_source(write("a.jsonl", kFineWeb), options));
  EXPECT_THAT(expected, HasSubstr("Three."));
  EXPECT_EQ(lines_of(read_source(write("b.jsonl.gz", gzip(kFineWeb)), options)), expected);
  EXPECT_EQ(lines_of(read_source(write("c.jsonl.zst", zstd(kFineWeb)), options)), expected);
  // Many members and frames behind each other.
  std::string members;
  std::string frames;
  for (size_t at = 0; at < kFineWeb.size(); at += 7) {
    members += gzip(kFineWeb.substr(at, 7));
    frames += zstd(kFineWeb.substr(at, 7));
  }
  EXPECT_EQ(lines_of(read_source(write("d.jsonl.gz", members), options)), expected);
  EXPECT_EQ(lines_of(read_source(write("e.jsonl.zstd", frames), options)), expected);
}

TEST_F(Source, WhatIsBrokenIsNamedAndTheRestIsRead) {
  SourceOptions options;
  options.max_record_bytes = 100;
  const SourceResult result = read_source(write("a.jsonl",
                                                "{\"text\":\"good\"}\n"
                                                "{\"text\":\"cut off\n"
                                                "{\"title\":\"no text\"}\n"
                                                "{\"text\":\"\xC3\x28\"}\n"
                                                "{\"text\":\"" +
                                                    std::string(100, 'x') +
                                                    "\"}\n"
                                                    "{\"text\":\"x\",\"score\":\"high\"}\n"
                                                    "{\"text\":\"x\",\"url\":\"a\\u0000b\"}\n"
                                                    "\n"
                                                    "{\"text\":\" \"}\n"
                                                    "{\"text\":\"good too\",\"score\":\"2\"}\n"),
                                          options);
  EXPECT_THAT(result.texts, ElementsAre("good", "good too"));
  EXPECT_THAT(result.bad, ElementsAre(StartsWith("2: broken JSON: "), "3: no field \"text\"",
                                      "4: invalid UTF-8", "5: expected at most 100 bytes, got more",
                                      "6: field \"score\": expected a number, got \"high\"",
                                      "7: it holds a NUL character"));
  EXPECT_EQ(result.counts.empty, 2u);
  EXPECT_EQ(result.documents[1].line, 10u);
  EXPECT_EQ(result.documents[1].score, 2.0);
}

TEST_F(Source, AHandlerThatThrowsStops) {
  const fs::path path = write("a.jsonl", "{\"text\":\"a\"}\n{}\n");
  const auto source =
      open_source(Env::posix(), path, {}, text::make_bad_line_handler(text::OnError::kStop));
  Document document;
  EXPECT_TRUE(source->next(document));
  EXPECT_EQ(error_of([&] { source->next(document); }),
            "corrupt data: " + path.string() + ":2: no field \"text\"");
}

TEST_F(Source, AFileThatIsCutOffGivesWhatIsWhole) {
  std::string lines;
  for (int i = 0; i < 40000; ++i) lines += "{\"text\":\"line " + std::to_string(i * 7919) + "\"}\n";
  for (const auto& [name, data] :
       {std::pair("cut.jsonl.gz", gzip(lines)), std::pair("cut.jsonl.zst", zstd(lines))}) {
    const SourceResult result =
        read_source(write(name, std::string_view(data).substr(0, data.size() - 3)));
    EXPECT_GT(result.documents.size(), 100u) << name;
    ASSERT_EQ(result.bad.size(), 1u) << name;
    EXPECT_THAT(result.bad[0],
                StartsWith(std::to_string(result.documents.size() + 1) + ": damaged "));
    EXPECT_THAT(result.bad[0], HasSubstr("it ends in the middle"));
  }
  EXPECT_THAT(read_source(write("empty.jsonl.gz", "")).bad,
              ElementsAre("1: damaged gzip data: it is empty at compressed offset 0"));
  EXPECT_THAT(read_source(write("none.jsonl.gz", "no gzip")).bad,
              ElementsAre(StartsWith("1: damaged gzip data: ")));
}

TEST_F(Source, AnEmptyFileHasNoDocuments) {
  for (const char* name : {"a.jsonl", "a.txt", "a.wet", "a.warc", "a.html"}) {
    const SourceResult result = read_source(write(name, ""));
    EXPECT_THAT(result.documents, IsEmpty()) << name;
    EXPECT_THAT(result.bad, IsEmpty()) << name;
  }
}

TEST_F(Source, ALineOfAHundredMegabytesIsSteppedOver) {
  const std::string good = "{\"text\":\"good\"}\n";
  const SourceResult result =
      read_source(write("long.jsonl", good + std::string(100 << 20, 'x') + "\n" + good));
  EXPECT_THAT(result.texts, ElementsAre("good", "good"));
  EXPECT_THAT(result.bad, ElementsAre("2: expected at most 67108864 bytes, got more"));
}

TEST_F(Source, PlainTextIsReadByItsUnit) {
  SourceOptions options;
  options.plain_text_unit = text::PlainTextUnit::kParagraph;
  const SourceResult result = read_source(write("a.txt", "One\r\nmore\r\n\r\n\nTwo\n"), options);
  EXPECT_THAT(result.texts, ElementsAre("One\nmore", "Two"));
  EXPECT_EQ(result.documents[1].id, "a.txt:5");
}

TEST_F(Source, FormatsAreKnownByTheirNames) {
  EXPECT_EQ(error_of([&] { read_source(write("a.csv.gz", "x")); }),
            "usage error: " + (directory_.path() / "a.csv.gz").string() +
                ": the name does not say the format: expected .jsonl, .json, .txt, .tsv, .html, "
                ".htm, .wet, .warc or .parquet (plain, .zst, .zstd or .gz), or a format given");
  EXPECT_THAT(error_of([&] { read_source(directory_.path() / "none.jsonl"); }),
              StartsWith("not found: "));
  SourceOptions options;
  options.format = SourceFormat::kTsv;
  EXPECT_THAT(read_source(write("a.csv", "id\ttext\n1\tx\n"), options).texts, ElementsAre("x"));
}

TEST_F(Source, DirectoriesGiveFilesOfAllFormats) {
  for (const char* name : {"CC-1.warc.gz", "CC-1.warc.wet.gz", "b.parquet", "c.tsv.zst", "d.jsonl",
                           "e.html", "readme.md"}) {
    write(name, "x");
  }
  std::vector<std::string> names;
  for (const fs::path& file :
       text::expand_inputs(Env::posix(), {directory_.path().string()}, source_extensions())) {
    names.push_back(file.filename().string());
  }
  EXPECT_THAT(names, ElementsAre("CC-1.warc.gz", "CC-1.warc.wet.gz", "b.parquet", "c.tsv.zst",
                                 "d.jsonl", "e.html"));
}

// Products.

TEST_F(Source, TemplatesMakeTextsOfFields) {
  SourceOptions options;
  options.text_template =
      "{title}\n{brand} {offers.price} {offers.currency}\nSizes: {sizes}\n{{{x}}}";
  const SourceResult result =
      read_source(write("feed.jsonl",
                        "{\"id\":\"p1\",\"title\":\"Red lipstick\",\"brand\":{\"name\":\"Acme\"},"
                        "\"offers\":[{\"price\":19.5,\"currency\":\"EUR\"},{\"price\":20}],"
                        "\"sizes\":[\"S\",\"M\"],\"x\":true}\n"
                        "{\"id\":\"p2\",\"title\":\"Brush\",\"offers\":{\"currency\":\"USD\"}}\n"
                        "{\"id\":\"p3\"}\n"
                        "{\"id\":\"p4\",\"brand\":\"B\"}\n"),
                  options);
  EXPECT_THAT(result.bad, IsEmpty());
  EXPECT_THAT(result.texts, ElementsAre("Red lipstick\nAcme 19.5, 20 EUR\nSizes: S, M\n{true}",
                                        "Brush\nUSD", "B"));
  EXPECT_EQ(result.documents[2].id, "p4");
  EXPECT_EQ(result.counts.empty, 1u);
}

TEST_F(Source, AnEmptyFieldLeavesNoGap) {
  SourceOptions options;
  options.text_template = "{a} {b} {c}, {d}";
  EXPECT_THAT(read_source(write("feed.jsonl",
                                "{\"a\":\"A\",\"c\":\"C\",\"d\":\"D\"}\n"
                                "{\"d\":\"D\"}\n"),
                          options)
                  .texts,
              ElementsAre("A C, D", ", D"));
}

TEST_F(Source, TemplatesMustBeWhole) {
  const fs::path path = write("feed.jsonl", "{}\n");
  for (const auto& [text, problem] :
       {std::pair("{title", "expected } behind {"), std::pair("title}", "expected { before }"),
        std::pair("{}", "expected a name between { and }"),
        std::pair("title", "expected a field in braces")}) {
    SourceOptions options;
    options.text_template = text;
    EXPECT_EQ(error_of([&] { read_source(path, options); }),
              "usage error: template \"" + std::string(text) + "\": " + problem);
  }
}

TEST_F(Source, TsvIsReadByItsHeader) {
  SourceOptions options;
  options.text_template = "{title}\n{brand} {price}";
  const SourceResult result = read_source(write("feed.tsv",
                                                "\xEF\xBB\xBFid\ttitle\tbrand\tprice\r\n"
                                                "1\t\"Say \"\"hi\"\"\"\tAcme\t5 EUR\r\n"
                                                "2\tonly\n"
                                                "3\tBrush\t\t\n"
                                                "\n"
                                                "4\t\xFF\ta\tb\n"
                                                "5\t\t\t\n"),
                                          options);
  EXPECT_THAT(result.texts, ElementsAre("Say \"hi\"\nAcme 5 EUR", "Brush"));
  EXPECT_THAT(result.bad, ElementsAre("3: expected 4 columns, got 2", "6: invalid UTF-8"));
  EXPECT_EQ(result.counts.empty, 2u);
  EXPECT_EQ(result.documents[1].id, "3");
  EXPECT_EQ(result.documents[1].line, 4u);
}

TEST_F(Source, ATsvHeaderMustHoldTheText) {
  EXPECT_THAT(read_source(write("a.tsv", "id\ttitle\n1\tx\n")).bad,
              ElementsAre("1: expected a column \"text\", got id, title"));
  EXPECT_THAT(read_source(write("b.tsv", "")).bad,
              ElementsAre("1: expected the names of columns, got an empty file"));
}

TEST_F(Source, JsonLdProductsAreFoundWhereTheyLie) {
  SourceOptions options;
  options.json_type = "Product";
  const SourceResult result =
      read_source(write("ld.jsonl",
                        "{\"@type\":\"Product\",\"name\":\"A\",\"description\":\"About A\","
                        "\"isRelatedTo\":{\"@type\":\"Product\",\"name\":\"not me\"}}\n"
                        "{\"@graph\":[{\"@type\":\"WebPage\",\"name\":\"page\"},"
                        "{\"@type\":[\"Thing\",\"https://schema.org/Product\"],\"name\":\"B\","
                        "\"brand\":{\"@type\":\"Brand\",\"name\":\"Acme\"},"
                        "\"offers\":{\"price\":\"9.90\",\"priceCurrency\":\"EUR\"}},"
                        "{\"@type\":\"Product\",\"name\":\"C\"}]}\n"
                        "{\"@type\":\"NotAProduct\",\"name\":\"other\"}\n"
                        "[{\"@type\":\"Product\",\"name\":\"D\"}]\n"),
                  options);
  EXPECT_THAT(result.texts, ElementsAre("A\nAbout A", "B\nAcme 9.90 EUR\n\nC", "D"));
  EXPECT_EQ(result.counts.skipped, 1u);
  ASSERT_EQ(result.documents.size(), 3u);
  EXPECT_EQ(result.documents[2].id, "ld.jsonl:4");
}

}  // namespace
}  // namespace rexbert::curate
