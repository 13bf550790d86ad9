#include "rexbert/curate/sample.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "rexbert/core/error.h"
#include "support/errors.h"
#include "support/temporary_directory.h"

namespace rexbert::curate {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

constexpr SampleOptions kSmall = {.seed = 3, .per_domain = 12};

// Three domains; lengths of 1 to 1000 characters.
std::vector<Document> make_documents(uint64_t count) {
  std::vector<Document> documents;
  for (uint64_t i = 0; i < count; ++i) {
    documents.push_back({.id = "doc-" + std::to_string(i),
                         .text = std::string(1 + i * i % 1000, 'a'),
                         .domain = i % 5 == 0   ? "toys"
                                   : i % 2 == 0 ? "beauty"
                                                : "autos"});
  }
  return documents;
}

std::string lines_of(const DocumentSampler& sampler) {
  std::string lines;
  for (const SampledDocument& drawn : sampler.sample()) {
    lines += std::to_string(drawn.stratum) + " " + std::to_string(drawn.weight) + " " +
             to_json_line(drawn.document);
  }
  return lines;
}

DocumentSampler sampler_of(const std::vector<Document>& documents, SampleOptions options) {
  DocumentSampler sampler(std::move(options));
  for (const Document& document : documents) sampler.add(document);
  return sampler;
}

TEST(Sample, IsTheSameForAnyOrderAndSplit) {
  std::vector<Document> documents = make_documents(500);
  documents.push_back(documents[7]);  // met again
  documents.push_back({.id = "doc-7", .text = "another text of the name", .domain = "autos"});
  const std::string whole = lines_of(sampler_of(documents, kSmall));

  std::vector<Document> reversed(documents.rbegin(), documents.rend());
  EXPECT_EQ(lines_of(sampler_of(reversed, kSmall)), whole);

  for (const size_t parts : {2, 7}) {
    std::vector<DocumentSampler> samplers(parts, DocumentSampler(kSmall));
    for (size_t i = 0; i < documents.size(); ++i) samplers[i * i % parts].add(documents[i]);
    DocumentSampler merged(kSmall);
    for (size_t i = parts; i-- > 0;) merged.merge(samplers[i]);
    EXPECT_EQ(lines_of(merged), whole);
    EXPECT_EQ(merged.seen(), documents.size());
  }
}

TEST(Sample, HangsOnTheSeed) {
  const std::vector<Document> documents = make_documents(500);
  EXPECT_NE(lines_of(sampler_of(documents, {.seed = 4, .per_domain = 12})),
            lines_of(sampler_of(documents, {.seed = 5, .per_domain = 12})));
}

TEST(Sample, TakesEqualPartsOfStrata) {
  // Strata [0, 10), [10, 100) and [100, inf) of 3, 50 and 50 documents.
  DocumentSampler sampler({.seed = 1, .per_domain = 20, .length_edges = {10, 100}});
  for (int i = 0; i < 103; ++i) {
    const size_t length = i < 3 ? 9 : i < 53 ? 10 : 100;
    std::string text;
    for (size_t c = 0; c < length; ++c) text += "\xC3\xA9";  // lengths are in characters
    sampler.add({.id = std::to_string(i), .text = text, .domain = "x"});
  }
  std::map<uint32_t, int> drawn;
  std::map<uint32_t, double> weight;
  for (const SampledDocument& document : sampler.sample()) {
    ++drawn[document.stratum];
    weight[document.stratum] += document.weight;
  }
  EXPECT_EQ(drawn, (std::map<uint32_t, int>{{0, 3}, {1, 8}, {2, 9}}));
  EXPECT_DOUBLE_EQ(weight[0], 3);
  EXPECT_DOUBLE_EQ(weight[1], 50);
  EXPECT_DOUBLE_EQ(weight[2], 50);
}

TEST(Sample, DrawsAllDocumentsAlike) {
  // 40 documents, 10 drawn, 2000 seeds: each is drawn 500 times, deviation sqrt(2000 / 4 * 3 / 4)
  // = 19.4. Five deviations fail for 40 documents once in 40,000.
  std::map<std::string, int> drawn;
  for (uint64_t seed = 0; seed < 2000; ++seed) {
    DocumentSampler sampler({.seed = seed, .per_domain = 10});
    for (int i = 0; i < 40; ++i) sampler.add({.id = std::to_string(i), .text = "same"});
    for (const SampledDocument& document : sampler.sample()) ++drawn[document.document.id];
  }
  ASSERT_EQ(drawn.size(), 40);
  for (const auto& [id, times] : drawn) EXPECT_NEAR(times, 500, 97) << id;
}

TEST(Sample, HoldsEqualDocumentsOnce) {
  DocumentSampler sampler({.seed = 1, .per_domain = 10});
  for (const char* file : {"b.jsonl", "a.jsonl", "c.jsonl"}) {
    sampler.add({.id = "one", .text = "text", .domain = "x", .file = file, .line = 1});
  }
  ASSERT_EQ(sampler.sample().size(), 1);
  EXPECT_EQ(sampler.sample()[0].document.file, "a.jsonl");
  EXPECT_EQ(sampler.seen(), 3);
}

TEST(Sample, ComesBackFromFilesAndMerges) {
  const test::TemporaryDirectory directory;
  Env& env = Env::posix();
  const std::vector<Document> documents = make_documents(300);
  DocumentSampler merged(kSmall);
  for (size_t part = 0; part < 3; ++part) {
    DocumentSampler sampler(kSmall);
    for (size_t i = part; i < documents.size(); i += 3) sampler.add(documents[i]);
    const fs::path path = directory.path() / std::to_string(part);
    sampler.save(env, path);
    merged.merge(DocumentSampler::load(env, path));
  }
  EXPECT_EQ(lines_of(merged), lines_of(sampler_of(documents, kSmall)));
}

TEST(Sample, RefusesWhatDoesNotFit) {
  EXPECT_EQ(test::error_of([] { DocumentSampler({.length_edges = {5, 5}}); }),
            "config error: sample: length_edges: expected an edge above 5, got 5");
  EXPECT_THROW(DocumentSampler({.per_domain = 0}), Error);
  DocumentSampler sampler(kSmall);
  EXPECT_THROW(sampler.merge(DocumentSampler({.seed = 4, .per_domain = 12})), Error);

  const test::TemporaryDirectory directory;
  Env& env = Env::posix();
  const fs::path path = directory.path() / "sample";
  sampler_of(make_documents(20), kSmall).save(env, path);
  const std::string text = env.read_file(path);
  const auto load = [&](const std::string& contents) {
    write_synced_file(env, path, contents);
    return test::error_of([&] { DocumentSampler::load(env, path); });
  };
  EXPECT_THAT(load(text.substr(0, text.rfind('\n', text.size() - 2) + 1)),
              HasSubstr("documents, got"));
  EXPECT_THAT(load(text.substr(0, text.size() - 5)), HasSubstr("sample:"));
  EXPECT_THAT(load(""), HasSubstr(":1: "));
  std::string newer = text;
  newer.replace(newer.find("\"version\":1"), 11, "\"version\":2");
  EXPECT_THAT(load(newer), HasSubstr("expected rexbert-sample version 1, got rexbert-sample 2"));
}

}  // namespace
}  // namespace rexbert::curate
