#include "rexbert/text/document_reader.h"

#include <gmock/gmock.h>

#include "rexbert/core/compression.h"
#include "support/temporary_directory.h"
#include "text/text_test_util.h"

namespace rexbert::text {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using namespace std::string_literals;

class Documents : public testing::Test {
 protected:
  fs::path write(const std::string& name, std::string_view contents) {
    return write_file(directory_.path() / name, contents);
  }
  test::TemporaryDirectory directory_;
};

TEST_F(Documents, JsonLinesGiveTextIdLineAndOffset) {
  const fs::path path = write("a.jsonl",
                              "{\"id\":\"one\",\"text\":\"first \\u00e9\\n\"}\n"
                              "\n"
                              "{\"text\":\"second\",\"id\":7,\"more\":[1,{\"text\":\"no\"}]}\r\n"
                              "{\"text\":\"last\"}");
  const ReadResult result = read_all(path);
  EXPECT_THAT(result.texts, ElementsAre("first \u00e9\n", "second", "last"));
  EXPECT_THAT(result.ids, ElementsAre("one", "7", "a.jsonl:4"));
  EXPECT_THAT(result.lines, ElementsAre(1, 3, 4));
  EXPECT_THAT(result.offsets, ElementsAre(0, 38, 89));
  EXPECT_THAT(result.bad, IsEmpty());
  EXPECT_EQ(result.counts.documents, 3u);
  EXPECT_EQ(result.counts.empty, 1u);
  EXPECT_EQ(result.counts.text_bytes, 9u + 6 + 4);
  EXPECT_EQ(result.counts.file_bytes, fs::file_size(path));
}

TEST_F(Documents, BadLinesAreNamedAndTheRestIsRead) {
  const ReadResult result = read_all(write("bad.jsonl",
                                           "{\"text\":\"good\"}\n"
                                           "{\"text\":\"cut off\n"
                                           "{\"text\":\"x\"} {\"text\":\"y\"}\n"
                                           "{\"title\":\"no text\"}\n"
                                           "{\"text\":5}\n"
                                           "{\"text\":null}\n"
                                           "[\"text\"]\n"
                                           "{\"text\":\"x\",\"id\":[1]}\n"
                                           "{\"text\":\"x\",\"text\":\"y\"}\n"
                                           "{\"text\":\"\xC3\x28\"}\n"
                                           "{\"text\":\"a\\u0000b\"}\n"
                                           "{\"text\":\"half \\ud800\"}\n"
                                           "{\"text\":\"  \\n\"}\n"
                                           "{\"text\":tru}\n"
                                           "{\"text\":\"good too\"}\n"));
  EXPECT_THAT(result.texts, ElementsAre("good", "good too"));
  EXPECT_EQ(result.counts.bad, 12u);
  EXPECT_EQ(result.counts.empty, 1u);
  const auto broken = [](const std::string& line) {
    return testing::StartsWith(line + ": broken JSON: ");
  };
  EXPECT_THAT(result.bad,
              ElementsAre(broken("2"), broken("3"), "4: no field \"text\"",
                          "5: field \"text\": expected a string, got a number",
                          "6: field \"text\": expected a string, got null",
                          "7: expected a JSON object, got an array",
                          "8: field \"id\": expected a string or an integer, got an array",
                          "9: field \"text\" appears twice", "10: invalid UTF-8",
                          "11: the text holds a NUL character", broken("12"), broken("14")));
}

TEST_F(Documents, IdsAreStringsOrAnyWholeNumbers) {
  const ReadResult result = read_all(write("ids.jsonl",
                                           "{\"text\":\"a\",\"id\":\"x-1\"}\n"
                                           "{\"text\":\"b\",\"id\":-7}\n"
                                           "{\"text\":\"c\",\"id\":18446744073709551615}\n"
                                           "{\"text\":\"d\",\"id\":null}\n"
                                           "{\"text\":\"e\"}\n"));
  EXPECT_THAT(result.bad, testing::IsEmpty());
  ASSERT_EQ(result.ids.size(), 5u);
  EXPECT_EQ(result.ids[0], "x-1");
  EXPECT_EQ(result.ids[1], "-7");
  EXPECT_EQ(result.ids[2], "18446744073709551615");
  EXPECT_NE(result.ids[3], result.ids[4]) << "made from file and line where there is none";
}

TEST_F(Documents, OtherFieldsCanBeNamed) {
  ReadOptions options;
  options.text_field = "body";
  options.id_field = "key";
  const ReadResult result =
      read_all(write("a.json", "{\"body\":\"b\",\"key\":\"k\",\"text\":1,\"id\":{}}\n"), options);
  EXPECT_THAT(result.texts, ElementsAre("b"));
  EXPECT_THAT(result.ids, ElementsAre("k"));
}

TEST_F(Documents, ALineAboveTheLimitIsBadAndStillCounted) {
  ReadOptions options;
  options.max_record_bytes = 100;
  const std::string long_text(5'000'000, 'x');
  const ReadResult result =
      read_all(write("a.txt", "short\n" + std::string(101, 'y') + "\n" + std::string(100, 'z') +
                                  "\n" + long_text + "\nend\n" + long_text),
               options);
  EXPECT_THAT(result.texts, ElementsAre("short", std::string(100, 'z'), "end"));
  EXPECT_THAT(result.lines, ElementsAre(1, 3, 5));
  EXPECT_THAT(result.bad, ElementsAre("2: expected at most 100 bytes, got more",
                                      "4: expected at most 100 bytes, got more",
                                      "6: expected at most 100 bytes, got more"));
}

TEST_F(Documents, PlainTextIsReadByLineParagraphOrFile) {
  const fs::path path = write("a.txt",
                              "\xEF\xBB\xBF"
                              "one\ntwo\r\n\r\n\n\nthree\nfour\n\n \nfive\n");
  ReadOptions options;
  EXPECT_THAT(read_all(path, options).texts, ElementsAre("one", "two", "three", "four", "five"));
  EXPECT_EQ(read_all(path, options).counts.empty, 5u);
  options.plain_text_unit = PlainTextUnit::kParagraph;
  const ReadResult paragraphs = read_all(path, options);
  EXPECT_THAT(paragraphs.texts, ElementsAre("one\ntwo", "three\nfour", " \nfive"));
  EXPECT_THAT(paragraphs.lines, ElementsAre(1, 6, 9));
  options.plain_text_unit = PlainTextUnit::kFile;
  EXPECT_THAT(read_all(path, options).texts,
              ElementsAre("one\ntwo\r\n\r\n\n\nthree\nfour\n\n \nfive"));
}

TEST_F(Documents, PlainTextIsValidated) {
  const ReadResult result = read_all(write("a.txt", "a\n\xff\nb\0c\nd\n"s));
  EXPECT_THAT(result.texts, ElementsAre("a", "d"));
  EXPECT_THAT(result.bad, ElementsAre("2: invalid UTF-8", "3: the text holds a NUL character"));
}

TEST_F(Documents, EmptyTextsAreKeptOnRequest) {
  ReadOptions options;
  options.keep_empty = true;
  const ReadResult plain = read_all(write("a.txt", "one\n\n \r\ntwo"), options);
  EXPECT_THAT(plain.texts, ElementsAre("one", "", " ", "two"));
  EXPECT_THAT(plain.lines, ElementsAre(1, 2, 3, 4));
  const ReadResult json =
      read_all(write("a.jsonl", "{\"text\":\"\",\"id\":\"x\"}\n\n{\"text\":\"\\n\"}\n"), options);
  EXPECT_THAT(json.texts, ElementsAre("", "\n"));
  EXPECT_THAT(json.ids, ElementsAre("x", "a.jsonl:3"));
  EXPECT_EQ(json.counts.empty, 1u) << "a line without an object is no document";
}

TEST_F(Documents, CompressedFilesReadTheSame) {
  const std::string plain = "{\"text\":\"one\"}\n{\"text\":\"two\"}\n";
  for (const auto& [name, compression] :
       {std::pair("a.jsonl.zst", "zstd"), std::pair("a.jsonl.gz", "gz")}) {
    const std::string packed = compress(parse_compression(compression), plain);
    EXPECT_THAT(read_all(write(name, packed)).texts, ElementsAre("one", "two"));
    const fs::path cut = write("cut_"s + name, packed.substr(0, packed.size() - 6));
    const std::string error = error_of([&] { read_all(cut); });
    EXPECT_THAT(error, testing::StartsWith("corrupt data: " + cut.string() + ": damaged "));
  }
}

TEST_F(Documents, AnUnknownNameIsAnErrorUnlessTheFormatIsGiven) {
  const fs::path path = write("a.data", "{\"text\":\"one\"}\n");
  EXPECT_EQ(error_of([&] { read_all(path); }),
            "usage error: " + path.string() +
                ": the name does not say the format: expected .jsonl, .json or .txt (plain, .zst, "
                ".zstd or .gz), or a format given");
  ReadOptions options;
  options.format = FileFormat::kJsonLines;
  EXPECT_THAT(read_all(path, options).texts, ElementsAre("one"));
}

TEST_F(Documents, TheStopPolicyThrowsWithFileAndLine) {
  const fs::path path = write("a.jsonl", "{\"text\":\"x\"}\n{}\n");
  DocumentReader reader(Env::posix(), path, 0, {}, make_bad_line_handler(OnError::kStop));
  Document document;
  EXPECT_TRUE(reader.next(document));
  EXPECT_EQ(error_of([&] { reader.next(document); }),
            "corrupt data: " + path.string() + ":2: no field \"text\"");
  EXPECT_EQ(reader.counts().bad, 1u);
  EXPECT_EQ(error_of([] { parse_on_error("ignore"); }),
            "usage error: expected \"stop\" or \"skip\", got \"ignore\"");
}

TEST_F(Documents, AMissingFileIsNamed) {
  EXPECT_THAT(error_of([&] { read_all(directory_.path() / "none.jsonl"); }),
              testing::AllOf(testing::StartsWith("not found: "), testing::HasSubstr("none.jsonl")));
}

}  // namespace
}  // namespace rexbert::text
