#include <gmock/gmock.h>

#include <cstdlib>

#include "curate/parquet_cases.h"
#include "curate/source_test_util.h"

namespace rexbert::curate {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;

class Parquet : public SourceTest {
 protected:
  void SetUp() override {
    if (!parquet_available()) {
      GTEST_SKIP() << "this build does not read Parquet (scripts/setup.sh --parquet)";
    }
  }
  fs::path write_case(const std::string& name, int rows_in_a_group = 1000) const {
    const fs::path path = directory_.path() / (name + ".parquet");
    const std::string command = REXBERT_BINARY_DIR "/bin/rexbert_write_parquet " + name + " " +
                                path.string() + " " + std::to_string(rows_in_a_group);
    EXPECT_EQ(std::system(command.c_str()), 0) << command;
    return path;
  }
};

class NoParquet : public SourceTest {};

TEST_F(NoParquet, IsSaidByABuildWithoutIt) {
  if (parquet_available()) GTEST_SKIP() << "this build reads Parquet";
  const fs::path path = write("a.parquet", "PAR1");
  EXPECT_EQ(test::error_of([&] { read_source(path); }),
            "usage error: " + path.string() +
                ": this build does not read Parquet: run scripts/setup.sh --parquet and configure "
                "again with -DREXBERT_PARQUET=ON");
}

TEST_F(Parquet, GivesTheDocumentsOfJsonLines) {
  const ParquetDocuments expected;
  std::string lines;
  for (size_t i = 0; i < expected.texts.size(); ++i) {
    Document document{.id = expected.ids[i], .text = expected.texts[i]};
    if (expected.urls[i] != "-") document.url = expected.urls[i];
    document.score = expected.scores[i];
    lines += to_json_line(document);
  }
  const auto json_of = [](const SourceResult& result) {
    EXPECT_THAT(result.bad, IsEmpty());
    std::string json;
    for (Document document : result.documents) {
      document.file.clear();
      json += to_json_line(document);
    }
    return json;
  };
  const std::string json = json_of(read_source(write("a.jsonl", lines)));
  EXPECT_THAT(json, HasSubstr("19.95"));
  EXPECT_EQ(json_of(read_source(write("a.jsonl.gz", gzip(lines)))), json);
  EXPECT_EQ(json_of(read_source(write("a.jsonl.zst", zstd(lines)))), json);
  EXPECT_EQ(json_of(read_source(write_case("documents"))), json);
  EXPECT_EQ(json_of(read_source(write_case("documents", 2))), json);
  // Arrow has a simdjson of its own, whose numbers of errors are others.
  EXPECT_THAT(read_source(write("b.jsonl", "{\"text\":\"\xC3\x28\"}\n")).bad,
              ElementsAre("1: invalid UTF-8"));
}

TEST_F(Parquet, FieldsMayLieDeep) {
  SourceOptions options;
  options.text_template = "{title}\n{brand} {offers.price} {offers.currency}\n{tags}";
  const SourceResult result = read_source(write_case("nested"), options);
  EXPECT_THAT(result.bad, IsEmpty());
  EXPECT_THAT(result.texts, ElementsAre("A\nAcme 9.5 EUR\nx, y", "20"));
  EXPECT_EQ(result.documents[1].id, "nested.parquet:2");
}

TEST_F(Parquet, BadRowsAreNamedAndTheRestIsRead) {
  SourceOptions options;
  options.max_record_bytes = 100;
  const SourceResult result = read_source(write_case("bad"), options);
  EXPECT_THAT(result.texts, ElementsAre("good", "good too"));
  EXPECT_THAT(result.bad, ElementsAre("2: field \"text\": expected a string, got null",
                                      "3: invalid UTF-8", "4: expected at most 100 bytes, got more",
                                      "6: it holds a NUL character"));
  EXPECT_EQ(result.counts.empty, 1u);
  EXPECT_EQ(result.documents[1].line, 7u);
}

TEST_F(Parquet, ManyRowsComeInOrder) {
  EXPECT_THAT(read_source(write_case("many", 700)).texts,
              testing::ElementsAreArray(parquet_many_texts()));
  EXPECT_THAT(read_source(write_case("none")).texts, IsEmpty());
}

TEST_F(Parquet, DamagedFilesAreNamed) {
  const std::string damaged = "1: not a whole Parquet file of documents: ";
  EXPECT_THAT(read_source(write_case("untitled")).bad,
              ElementsAre(damaged + "expected a column \"text\" of strings, got none"));
  EXPECT_THAT(read_source(write_case("numbers")).bad,
              ElementsAre(damaged + "expected a column \"text\" of strings, got double"));
  EXPECT_THAT(read_source(write("c.parquet", "")).bad, ElementsAre(StartsWith(damaged)));
  EXPECT_THAT(read_source(write("d.parquet", std::string(1000, 'x'))).bad,
              ElementsAre(StartsWith(damaged)));
  const std::string whole = Env::posix().read_file(write_case("many"));
  EXPECT_THAT(read_source(write("f.parquet", whole.substr(0, whole.size() - 10))).bad,
              ElementsAre(StartsWith(damaged)));
  std::string middle = whole;
  middle.replace(middle.size() / 2, 64, std::string(64, '\xFF'));
  const SourceResult result = read_source(write("g.parquet", middle));
  EXPECT_FALSE(result.bad.empty());
  EXPECT_LT(result.documents.size(), parquet_many_texts().size());
}

}  // namespace
}  // namespace rexbert::curate
