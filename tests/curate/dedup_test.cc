#include "rexbert/curate/dedup.h"

#include <numeric>

#include "curate/dedup_fixture.h"
#include "rexbert/core/error.h"
#include "support/errors.h"

namespace rexbert::curate {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::StartsWith;

TEST(CollisionProbability, IsThatOfBands) {
  EXPECT_NEAR(collision_probability(0.8, 14, 8), 0.9236, 1e-4);  // FineWeb
  EXPECT_NEAR(collision_probability(0.8, DedupOptions().bands, DedupOptions().rows), 0.9769, 1e-4);
  EXPECT_EQ(collision_probability(1, 3, 5), 1);
  EXPECT_EQ(collision_probability(0, 3, 5), 0);
  EXPECT_DOUBLE_EQ(collision_probability(0.5, 1, 2), 0.25);
}

class Dedup : public DedupFixture {
 protected:
  DedupSummary run(const DedupJob& job, const DedupOptions& options = {}) {
    return deduplicate(Env::posix(), job, options);
  }
};

TEST_F(Dedup, ExactDuplicatesAreThoseOfEqualWords) {
  write("a.jsonl",
        {"Red shoes, size 10!", "red SHOES - size 10", "red shoes size 11", "?", "!", "?", "", ""});
  const DedupJob job = this->job({"a.jsonl"});
  const DedupSummary summary = run(job);
  EXPECT_THAT(kept_ids(job), ElementsAre("d0", "d2", "d3", "d4", "d6"));
  EXPECT_EQ(summary.documents, 8u);
  EXPECT_EQ(summary.kept, 5u);
  EXPECT_EQ(summary.exact, 3u);
  EXPECT_EQ(summary.near, 0u);
  const Json expected = {{"id", "d1"},        {"file", path("a.jsonl").string()},
                         {"line", 2},         {"reason", "exact"},
                         {"similarity", 1.0}, {"kept_id", "d0"},
                         {"kept_line", 1},    {"kept_file", path("a.jsonl").string()}};
  EXPECT_EQ(dropped(job).at("d1"), expected);
  EXPECT_EQ(dropped(job).at("d5").at("kept_id"), "d3");
}

TEST_F(Dedup, TheLongestStaysThenTheBestThenTheFirst) {
  write_documents("a.jsonl", {{.id = "short", .text = "one two"},
                              {.id = "long", .text = "one two..."},
                              {.id = "none", .text = "three four"},
                              {.id = "low", .text = "three four", .score = -1.0},
                              {.id = "high", .text = "three four", .score = 2.5},
                              {.id = "also", .text = "three four", .score = 2.5}});
  write_documents("b.jsonl", {{.id = "later", .text = "ONE TWO..."}});
  const DedupJob job = this->job({"a.jsonl", "b.jsonl"});
  run(job);
  EXPECT_THAT(kept_ids(job), ElementsAre("long", "high"));
  EXPECT_EQ(dropped(job).at("later").at("kept_id"), "long");
  EXPECT_EQ(dropped(job).at("later").at("file"), path("b.jsonl").string());
}

// Replacing `edits` words that lie five apart among `shingles` + 4 different ones takes five
// shingles each away and adds as many: J = (shingles - 5 edits) / (shingles + 5 edits).
std::pair<std::string, std::string> pair_of(TextMaker& maker, size_t shingles, size_t edits) {
  WordList words;
  for (size_t i = 0; i < shingles + 4; ++i) words.push_back(maker.new_word());
  WordList edited = words;
  for (size_t i = 0; i < edits; ++i) edited[4 + 5 * i] = maker.new_word();
  return {str_join(words, " "), str_join(edited, " ")};
}

TEST_F(Dedup, FindsPairsAtTheLimitAndNoneBelow) {
  constexpr size_t kPairs = 2000;
  TextMaker maker(1);
  std::vector<std::string> texts;
  for (size_t i = 0; i < kPairs; ++i) {
    const auto [a, b] = i % 2 == 0 ? pair_of(maker, 90, 2) : pair_of(maker, 89, 2);
    texts.insert(texts.end(), {a, b});
  }
  write("a.jsonl", texts);
  const DedupJob job = this->job({"a.jsonl"});
  const DedupSummary summary = run(job);
  // Half of the pairs have J = 80/100. 0.9769 of them are expected, with a deviation of 0.0047.
  EXPECT_GE(static_cast<double>(summary.near), 0.95 * kPairs / 2);
  EXPECT_LE(static_cast<double>(summary.near), 0.995 * kPairs / 2);
  for (const auto& [id, line] : dropped(job)) {
    EXPECT_EQ((std::stoul(id.substr(1)) / 2) % 2, 0u) << id << " of J = 79/99";
    EXPECT_DOUBLE_EQ(line.at("similarity"), 0.8);
    EXPECT_EQ(line.at("reason"), "near");
  }
}

TEST_F(Dedup, ReportsTheTrueSimilarity) {
  TextMaker maker(2);
  std::vector<std::string> texts;
  for (size_t edits = 1; edits <= 5; ++edits) {
    const auto [a, b] = pair_of(maker, 300, edits);
    texts.insert(texts.end(), {a + " ...", b});
  }
  write("a.jsonl", texts);
  const DedupJob job = this->job({"a.jsonl"});
  run(job);
  for (size_t edits = 1; edits <= 5; ++edits) {
    const Json line = dropped(job).at("d" + std::to_string(2 * edits - 1));
    const double n = 5.0 * static_cast<double>(edits);
    EXPECT_DOUBLE_EQ(line.at("similarity"), (300 - n) / (300 + n));
    EXPECT_EQ(line.at("kept_id"), "d" + std::to_string(2 * edits - 2));
  }
}

// Against all pairs: each original has one edited copy, so that clusters are pairs.
TEST_F(Dedup, RecallAndPrecisionOfEditedCopies) {
  TextMaker maker(3);
  std::vector<std::string> texts;
  std::vector<double> truth;
  for (size_t i = 0; i < 2000; ++i) {
    const WordList words = maker.words(30 + maker.below(200));
    const WordList copy = maker.edited(words, 0.002 * static_cast<double>(i % 30));
    texts.insert(texts.end(), {str_join(words, " "), str_join(copy, " ")});
    truth.push_back(brute_jaccard(shingles_of(words), shingles_of(copy)));
  }
  write("a.jsonl", texts);
  const DedupJob job = this->job({"a.jsonl"});
  run(job);
  std::set<size_t> found;
  for (const auto& [id, line] : dropped(job)) {
    const size_t pair = std::stoul(id.substr(1)) / 2;
    EXPECT_EQ(std::stoul(line.at("kept_id").get<std::string>().substr(1)) / 2, pair);
    EXPECT_TRUE(found.insert(pair).second);
  }
  size_t similar = 0, right = 0;
  for (size_t i = 0; i < truth.size(); ++i) {
    similar += truth[i] >= 0.8;
    right += truth[i] >= 0.8 && found.contains(i);
  }
  const double recall = static_cast<double>(right) / static_cast<double>(similar);
  const double precision = static_cast<double>(right) / static_cast<double>(found.size());
  RecordProperty("recall", str_cat(recall));
  RecordProperty("precision", str_cat(precision));
  EXPECT_GT(similar, 700u);
  EXPECT_LT(similar, 1300u);
  EXPECT_GE(recall, 0.95);
  EXPECT_GE(precision, 0.99);
}

// Families of copies of copies, clustered by brute force over all pairs. Many bands of few rows
// make it practically certain that all pairs are seen: 1 - (1 - 0.8^3)^100 = 1 - 7e-32.
class Families : public Dedup {
 protected:
  void SetUp() override {
    TextMaker maker(4);
    for (size_t family = 0; family < 60; ++family) {
      std::vector<WordList> members = {maker.words(20 + maker.below(60))};
      const size_t size = 1 + maker.below(20);
      while (members.size() < size) {
        members.push_back(maker.edited(members[maker.below(members.size())], 0.02));
      }
      words_.insert(words_.end(), members.begin(), members.end());
    }
    for (size_t i = words_.size() - 1; i > 0; --i) std::swap(words_[i], words_[maker.below(i + 1)]);
    for (size_t i = 0; i < words_.size(); ++i) {
      Document document = {.id = "d" + std::to_string(i), .text = str_join(words_[i], " ")};
      if (i % 3 > 0) document.score = static_cast<double>(i % 7);
      documents_.push_back(document);
    }
    options_.bands = 100;
    options_.rows = 3;
  }

  // The best document of each one's component.
  std::vector<std::string> brute_force() const {
    std::vector<std::set<std::string>> shingles;
    for (const WordList& words : words_) shingles.push_back(shingles_of(words));
    std::vector<size_t> component(words_.size());
    std::iota(component.begin(), component.end(), size_t{0});
    for (size_t i = 0; i < words_.size(); ++i) {
      for (size_t j = 0; j < i; ++j) {
        if (component[i] == component[j] || brute_jaccard(shingles[i], shingles[j]) < 0.8) continue;
        std::replace(component.begin(), component.end(), component[i], component[j]);
      }
    }
    std::map<size_t, size_t> best;
    for (size_t i = 0; i < words_.size(); ++i) {
      const auto [entry, is_new] = best.emplace(component[i], i);
      const auto quality = [this](size_t k) {
        return std::pair(documents_[k].text.size(), documents_[k].score.value_or(-1e9));
      };
      if (!is_new && quality(i) > quality(entry->second)) entry->second = i;
    }
    std::vector<std::string> result;
    for (const size_t c : component) result.push_back(documents_[best.at(c)].id);
    return result;
  }

  // The same documents over `files` files of uneven sizes.
  std::vector<std::string> write_split(const std::string& prefix, size_t files) {
    std::vector<std::string> names;
    size_t begin = 0;
    for (size_t f = 0; f < files; ++f) {
      const size_t rest = documents_.size() - begin;
      const size_t end = begin + (f + 1 == files ? rest : rest / (f + 2));
      names.push_back(prefix + std::to_string(f) + ".jsonl");
      write_documents(names.back(), {documents_.begin() + static_cast<ptrdiff_t>(begin),
                                     documents_.begin() + static_cast<ptrdiff_t>(end)});
      begin = end;
    }
    return names;
  }

  std::vector<WordList> words_;
  std::vector<Document> documents_;
  DedupOptions options_;
};

TEST_F(Families, KeepTheBestOfEveryComponentAndLoseNothing) {
  const DedupJob job = this->job(write_split("a", 1));
  const DedupSummary summary = run(job, options_);
  const std::vector<std::string> expected = brute_force();
  const auto reported = dropped(job);
  std::vector<std::string> kept;
  for (size_t i = 0; i < documents_.size(); ++i) {
    if (expected[i] == documents_[i].id) {
      kept.push_back(expected[i]);
      EXPECT_FALSE(reported.contains(documents_[i].id));
    } else {
      ASSERT_TRUE(reported.contains(documents_[i].id)) << documents_[i].id;
      EXPECT_EQ(reported.at(documents_[i].id).at("kept_id"), expected[i]);
    }
  }
  EXPECT_EQ(kept_ids(job), kept);
  EXPECT_GT(summary.exact, 10u);
  EXPECT_GT(summary.near, 100u);
  EXPECT_EQ(summary.kept, kept.size());
  EXPECT_EQ(summary.kept + summary.exact + summary.near, documents_.size());
  EXPECT_EQ(json_lines(job.report).size(), summary.exact + summary.near);
}

TEST_F(Families, DoNotDependOnThreadsPartitionsOrFiles) {
  const DedupJob one = job(write_split("a", 1), "one");
  run(one, options_);
  const std::vector<std::string> kept = kept_ids(one);
  DedupJob threads = one;
  threads.threads = 3;
  threads.report = path("threads/report.jsonl");
  threads.files[0].output = path("threads/a.jsonl");
  threads.work_directory = path("threads.work");
  run(threads, options_);
  EXPECT_EQ(test::read_text(threads.files[0].output), test::read_text(one.files[0].output));
  EXPECT_EQ(test::read_text(threads.report), test::read_text(one.report));
  for (const int partitions : {1, 7}) {
    DedupJob split = job(write_split(str_cat("s", partitions), 5), str_cat("split", partitions));
    split.threads = 2;
    DedupOptions options = options_;
    options.partitions = partitions;
    run(split, options);
    EXPECT_EQ(kept_ids(split), kept);
    const auto of_one = dropped(one), of_split = dropped(split);
    ASSERT_EQ(of_one.size(), of_split.size());
    for (const auto& [id, line] : of_one) {
      EXPECT_EQ(of_split.at(id).at("kept_id"), line.at("kept_id"));
      EXPECT_EQ(of_split.at(id).at("similarity"), line.at("similarity"));
      EXPECT_EQ(of_split.at(id).at("reason"), line.at("reason"));
    }
  }
}

TEST_F(Families, OfMoreThanTheWindowStayTogether) {
  // All in one bucket of every band, each similar to its neighbours.
  TextMaker maker(5);
  const WordList words = maker.words(300);
  std::vector<std::string> texts;
  for (size_t i = 0; i < 200; ++i) {
    WordList copy = words;
    copy[i] = maker.new_word();
    texts.push_back(str_join(copy, " "));
  }
  write("w.jsonl", texts);
  DedupOptions options;
  options.bucket_window = 2;
  const DedupSummary summary = run(job({"w.jsonl"}), options);
  EXPECT_EQ(summary.kept, 1u);
}

TEST_F(Dedup, WithoutBandsFindsExactDuplicatesAlone) {
  TextMaker maker(6);
  const auto [a, b] = pair_of(maker, 100, 1);
  write("a.jsonl", {a, b, a});
  const DedupJob job = this->job({"a.jsonl"});
  DedupOptions options;
  options.bands = 0;
  run(job, options);
  EXPECT_THAT(kept_ids(job), ElementsAre("d0", "d1"));
}

TEST_F(Dedup, ReadsAndWritesCompressedFilesAndKeepsLinesAsTheyAre) {
  const std::string line = "{\"text\": \"Caf\\u00e9 noir\", \"extra\": [1, 2], \"id\": \"a\"}";
  write_bytes("in.jsonl.zst", compress(parse_compression("zstd"), line + "\n" + line));
  write_bytes("same.jsonl", line + "\n");
  write_bytes("none.jsonl", "");
  DedupJob job = this->job({"in.jsonl.zst", "same.jsonl", "none.jsonl"});
  job.files[1].output = path("out/same.jsonl.zst");
  job.files[2].output = path("out/none.jsonl.zst");
  job.report = path("out/report.jsonl.zst");
  const DedupSummary summary = run(job);
  EXPECT_EQ(test::read_text(job.files[0].output), line + "\n");
  EXPECT_EQ(test::read_text(job.files[1].output), "");
  EXPECT_EQ(test::read_text(job.files[2].output), "");
  EXPECT_EQ(json_lines(job.report).size(), 2u);
  EXPECT_EQ(summary.documents, 3u);
}

TEST_F(Dedup, DoneOnceIsNotDoneAgainUnlessSomethingChanged) {
  write("a.jsonl", {"one", "One", "two"});
  const DedupJob job = this->job({"a.jsonl"});
  EXPECT_EQ(run(job).kept, 2u);
  write_bytes("out/report.jsonl", std::string(fs::file_size(job.report), '#'));
  EXPECT_EQ(run(job).kept, 2u);
  EXPECT_THAT(test::read_text(job.report), StartsWith("###"));  // still: nothing was done
  fs::remove(job.files[0].output);
  EXPECT_EQ(run(job).kept, 2u);
  EXPECT_THAT(kept_ids(job), ElementsAre("d0", "d2"));
  EXPECT_EQ(dropped(job).size(), 1u);
  write("a.jsonl", {"one", "One", "two", "TWO"});
  EXPECT_EQ(run(job).exact, 2u);
  write("a.jsonl", {"one", "One", "two", "SIX"});  // of the same size
  EXPECT_EQ(run(job).exact, 1u);
  EXPECT_THAT(fs::directory_iterator(job.work_directory)->path().filename().string(),
              testing::AnyOf("journal.json", "lock"));
}

TEST_F(Dedup, RefusesWhatCannotBe) {
  write("a.jsonl", {"one"});
  write_bytes("bad.jsonl", "{\"id\":\"a\",\"text\":\"b\"}\n\n");
  const auto error = [&](const DedupJob& job, const DedupOptions& options = {}) {
    return test::error_of([&] { run(job, options); });
  };
  EXPECT_THAT(error(job({"bad.jsonl"})), HasSubstr("bad.jsonl:2"));
  EXPECT_THAT(error(job({"missing.jsonl"})), HasSubstr("missing.jsonl"));
  EXPECT_THAT(error(job({})), HasSubstr("expected files of documents"));
  EXPECT_THAT(error(job({"a.jsonl"}), {.bands = -1}), HasSubstr("bands: expected 0 to 1000"));
  EXPECT_THAT(error(job({"a.jsonl"}), {.similarity = 0}), HasSubstr("similarity"));
  DedupJob same = job({"a.jsonl"});
  same.files[0].output = same.files[0].input;
  EXPECT_THAT(error(same), HasSubstr("expected an output of its own"));
  DedupJob gzip = job({"a.jsonl"});
  gzip.report = path("report.gz");
  EXPECT_THAT(error(gzip), HasSubstr("plain or ends in .zst"));
  DedupJob foreign = job({"a.jsonl"});
  foreign.work_directory = path(".");
  EXPECT_THAT(error(foreign), HasSubstr("other files and no journal"));
  EXPECT_TRUE(fs::exists(path("a.jsonl")));
}

}  // namespace
}  // namespace rexbert::curate
