#include "rexbert/curate/pipeline.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>

#include "curate/made_crawl.h"
#include "rexbert/batch/salience.h"
#include "rexbert/core/error.h"
#include "rexbert/core/philox.h"
#include "rexbert/core/strings.h"
#include "rexbert/shard/token_stream.h"
#include "rexbert/tokenizer/tokenizer.h"
#include "rexbert/tokenizer/train.h"
#include "support/command.h"
#include "support/errors.h"
#include "support/http_files.h"
#include "support/process.h"
#include "support/read_text.h"
#include "support/temporary_directory.h"

namespace rexbert::curate {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

constexpr const char* kConfig = R"(
run: {directory: "%s", seed: 17, threads: %d}
input: {paths: ["%s"]}
explore: {proposal: {minimum_kept_words: 1000}}
sample: {per_domain: 120}
label: {labeller: weak}
classifier: {min_labels: 100, fasttext: {buckets: 20000, quantize: false}}
dedup: {near: {partitions: 4}}
)";

// All files below a folder by their paths in it, with "OUTPUT" for the folder's own path. Without
// the manifest and journals, whose hashes are of that path too.
std::map<std::string, std::string> tree(const fs::path& folder) {
  std::map<std::string, std::string> files;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    const std::string name = entry.path().lexically_relative(folder).string();
    if (!entry.is_regular_file() || name == "manifest.json" ||
        name.find("work/") != std::string::npos) {
      continue;
    }
    std::string& text = files[name] = Env::posix().read_file(entry.path());
    for (size_t at; (at = text.find(folder.string())) != std::string::npos;) {
      text.replace(at, folder.string().size(), "OUTPUT");
    }
  }
  return files;
}

// Without [CLS] and [SEP].
uint64_t tokens_within(const shard::TokenStream& stream) {
  uint64_t tokens = 0;
  for (size_t i = 0; i < stream.shards(); ++i) {
    const auto shard = stream.open_shard(i);
    for (uint64_t sample = 0; sample < shard->samples(); ++sample) {
      tokens += shard->length(sample) - 2;
    }
  }
  return tokens;
}

class PipelineTest : public ::testing::Test {
 protected:
  static constexpr int kFiles = 4;

  PipelineTest() : crawl_(test::MadeCrawl::write(env_, directory_ / "crawl", kFiles, 60)) {}

  fs::path config(const std::string& output, int threads = 2) {
    const fs::path file = directory_ / (output + ".yaml");
    publish_file(env_, file,
                 str_printf(kConfig, (directory_ / output).c_str(), threads,
                            (directory_ / "crawl").c_str()));
    return file;
  }
  Pipeline pipeline(const std::string& output, int threads = 2, corpus::Part part = {},
                    const std::vector<std::string>& overrides = {}) {
    return {env_, load_curate_config(env_, config(output, threads), overrides), part};
  }

  std::vector<Document> documents(const fs::path& folder) {
    std::vector<Document> all;
    for (const std::string& name : env_.list_directory(folder)) {
      if (!name.ends_with(".jsonl.zst")) continue;
      const std::string text = test::read_text(folder / name);
      for (const auto line : split_lines(text)) all.push_back(parse_document(line, name));
    }
    return all;
  }

  Env& env_ = Env::posix();
  test::TemporaryDirectory directory_;
  test::MadeCrawl crawl_;
};

TEST_F(PipelineTest, KeepsTheLinesThatAreEcommerce) {
  pipeline("run").run_all();
  uint64_t kept = 0;
  uint64_t right = 0;
  uint64_t all = 0;
  for (const auto& [id, truth] : crawl_.truth) {
    all += static_cast<uint64_t>(std::count(truth.begin(), truth.end(), true));
  }
  for (const Document& document : documents(directory_ / "run" / "filter")) {
    const std::vector<bool>& truth = crawl_.truth.at(document.id);
    EXPECT_EQ(document.url, "https://example.org/" + document.id);
    for (const auto& [begin, end] : document.spans) {
      kept += end - begin;
      right += static_cast<uint64_t>(std::count(truth.begin() + begin, truth.begin() + end, true));
    }
  }
  const double precision = static_cast<double>(right) / static_cast<double>(kept);
  const double recall = static_cast<double>(right) / static_cast<double>(all);
  EXPECT_GT(2 * precision * recall / (precision + recall), 0.93) << precision << " " << recall;
}

TEST_F(PipelineTest, DropsCopiesAndWritesAFileForEachDomain) {
  pipeline("run").run_all();
  const auto filtered = documents(directory_ / "run" / "filter");
  const auto corpus = documents(directory_ / "run" / "corpus");
  std::set<std::string> texts;
  for (const Document& document : corpus) texts.insert(document.text);
  EXPECT_EQ(texts.size(), corpus.size()) << "no text twice";
  EXPECT_LT(corpus.size(), filtered.size());
  const std::string dropped = env_.read_file(directory_ / "run" / "dedup" / "duplicates.jsonl");
  EXPECT_EQ(split_lines(dropped).size(), filtered.size() - corpus.size());
  EXPECT_TRUE(env_.exists(directory_ / "run" / "corpus" / "home%20%26%20garden.jsonl.zst"));
  const Json manifest =
      parse_json(env_.read_file(directory_ / "run" / "manifest.json"), "manifest.json");
  EXPECT_EQ(manifest["stages"]["write"]["corpus"]["domains"].size(), 3u);
  EXPECT_FALSE(manifest["stages"].contains("report"));
  EXPECT_TRUE(env_.exists(directory_ / "run" / "report" / "report.html"));
}

TEST_F(PipelineTest, WritesShardsStreamsAndASalienceTable) {
  tokenizer::TrainOptions small;
  small.vocabulary_size = 640;
  small.threads = 1;
  const fs::path folder = directory_ / "tokenizer";
  tokenizer::train(env_, small, {directory_ / "crawl" / "crawl-0.jsonl"}, folder);
  pipeline("run", 2, {}, {"write.tokenizer=" + folder.string(), "write.holdout=0.2"}).run_all();

  const std::string streams = env_.read_file(directory_ / "run" / "streams.yaml");
  uint64_t documents_written = 0;
  uint64_t content_tokens = 0;
  for (const std::string name : {"fashion", "home%20%26%20garden", "sports"}) {
    const fs::path shards = directory_ / "run" / "shards" / name;
    EXPECT_THAT(streams, HasSubstr(str_cat(name, ": {path: \"", (shards / "train").string())));
    const auto train = shard::TokenStream::open(env_, shards / "train");
    const auto validation = shard::TokenStream::open(env_, shards / "validation");
    EXPECT_GT(validation.samples(), 0u);
    documents_written += train.samples() + validation.samples();
    content_tokens += tokens_within(train);
  }
  EXPECT_EQ(documents_written, documents(directory_ / "run" / "corpus").size());

  const auto table = batch::SalienceTable::load(env_, directory_ / "run" / "salience.json");
  const auto tokenizer = tokenizer::Tokenizer::load(env_, folder);
  table.require_tokenizer(tokenizer.fingerprint(), tokenizer.vocabulary_size());
  EXPECT_EQ(table.domain_tokens(), content_tokens);
  EXPECT_GT(table.general_tokens(), 1000u);

  // The general side may be shards of one's own.
  pipeline("other", 2, {},
           {"write.tokenizer=" + folder.string(),
            "write.general=" + (directory_ / "run" / "shards" / "sports" / "train").string()})
      .run_all();
  const auto sports =
      shard::TokenStream::open(env_, directory_ / "run" / "shards" / "sports" / "train");
  EXPECT_EQ(
      batch::SalienceTable::load(env_, directory_ / "other" / "salience.json").general_tokens(),
      tokens_within(sports));
}

TEST_F(PipelineTest, ThreadsAndPartsDoNotChangeAByte) {
  pipeline("whole").run_all();
  const auto whole = tree(directory_ / "whole");
  pipeline("alone", 1).run_all();
  EXPECT_EQ(tree(directory_ / "alone"), whole);
  for (const std::string& stage : Pipeline::stages()) {
    const bool in_parts = stage == "explore" || stage == "sample" || stage == "filter";
    const int64_t parts = in_parts ? 3 : 1;
    for (int64_t i = parts; i >= 1; --i) pipeline("parts", 2, {i, parts}).run(stage);
  }
  EXPECT_EQ(tree(directory_ / "parts"), whole);
}

TEST_F(PipelineTest, KilledTenTimesItEndsInTheSameBytes) {
  pipeline("whole").run_all();
  const auto whole = tree(directory_ / "whole");
  const std::vector<std::string> words = {"curate", "run", "--config", config("killed").string()};
  const auto files_there = [&] {
    size_t count = 0;
    std::error_code gone;
    for (fs::recursive_directory_iterator at(directory_ / "killed", gone), end; at != end;
         at.increment(gone)) {
      ++count;
    }
    return count;
  };
  KeyedRng rng(3, Purpose::kTest);
  int killed = 0;
  size_t wanted = 0;
  for (int i = 0; i < 10; ++i) {
    wanted = std::max(wanted, files_there()) + rng.next_below(6);
    const pid_t process = test::start_rexbert(words, directory_ / "log.txt");
    if (!test::kill_at(process, [&] { return files_there() >= wanted; })) break;
    ++killed;
  }
  EXPECT_GE(killed, 5);
  const int status = test::wait_for(test::start_rexbert(words, directory_ / "log.txt"));
  EXPECT_EQ(status, 0) << env_.read_file(directory_ / "log.txt");
  EXPECT_EQ(tree(directory_ / "killed"), whole);
}

TEST_F(PipelineTest, AStreamIsFilteredAsTheFilesAre) {
  pipeline("run").run_all();
  const std::string command =
      str_cat(REXBERT_BINARY_DIR "/bin/rexbert curate filter --stdin --stdout --config ",
              config("run").string(), " < ", (directory_ / "crawl" / "crawl-0.jsonl").string());
  const test::CommandResult result = test::run_command({"sh", "-c", command});
  EXPECT_EQ(result.exit_code, 0) << result.err;
  std::vector<std::string> texts;
  for (const auto line : split_lines(result.out)) texts.push_back(parse_document(line, "-").text);
  std::vector<std::string> expected;
  const std::string file =
      test::read_text(directory_ / "run" / "filter" / "00000-crawl-0.jsonl.jsonl.zst");
  for (const auto line : split_lines(file)) expected.push_back(parse_document(line, "f").text);
  EXPECT_EQ(texts, expected);
  EXPECT_FALSE(texts.empty());
}

TEST_F(PipelineTest, InputsMayBeUrls) {
  pipeline("files").run_all();
  test::HttpFiles crawl;
  std::string urls;
  test::HttpServer server;
  for (const std::string& name : env_.list_directory(directory_ / "crawl")) {
    crawl.files["/" + name] = env_.read_file(directory_ / "crawl" / name);
    urls += (urls.empty() ? "" : ",") + server.url("/" + name);
  }
  server.start(std::ref(crawl));
  pipeline("urls", 2, {}, {"input.paths=[" + urls + "]"}).run_all();
  const auto of_files = documents(directory_ / "files" / "corpus");
  const auto of_urls = documents(directory_ / "urls" / "corpus");
  ASSERT_EQ(of_urls.size(), of_files.size());
  for (size_t i = 0; i < of_urls.size(); ++i) {
    EXPECT_EQ(of_urls[i].text, of_files[i].text);
    EXPECT_THAT(of_urls[i].file, HasSubstr("http://127.0.0.1"));
    EXPECT_EQ(of_urls[i].line, of_files[i].line);
  }
}

TEST_F(PipelineTest, OtherSettingsAreRefusedNamingTheFirst) {
  pipeline("run").run("explore");
  EXPECT_THAT(test::error_of([&] {
                pipeline("run", 2, {}, {"explore.proposal.minimum_share=0.2"}).run("explore");
              }),
              AllOf(HasSubstr("explore/settings.json: minimum_share: begun with 0.1, now 0.2"),
                    HasSubstr("remove the folder")));
}

TEST_F(PipelineTest, AFileOfWhichNothingStaysIsReadOn) {
  const std::string story = Json({{"id", "story"}, {"text", "Once."}, {"domain", "none"}}).dump();
  publish_file(env_, directory_ / "crawl" / "story.jsonl", story + "\n");
  pipeline("run").run_all();
  EXPECT_EQ(test::read_text(directory_ / "run" / "filter" / "00004-story.jsonl.jsonl.zst"), "");
  EXPECT_EQ(test::read_text(directory_ / "run" / "dedup" / "00004-story.jsonl.jsonl.zst"), "");
}

TEST_F(PipelineTest, AMissingStageIsNamed) {
  EXPECT_THAT(test::error_of([&] { pipeline("run").run("sample"); }),
              HasSubstr("run `rexbert curate explore` first"));
  pipeline("run", 2, {1, 2}).run("explore");
  EXPECT_THAT(test::error_of([&] { pipeline("run").run("sample"); }),
              HasSubstr("run `rexbert curate explore` first, all parts of it"));
}

TEST_F(PipelineTest, BrokenRecordsStopTheRunOrAreCountedAndLocated) {
  const fs::path file = directory_ / "crawl" / "crawl-0.jsonl";
  publish_file(env_, file, env_.read_file(file) + "{\"id\": \"broken\"\n");
  EXPECT_THAT(test::error_of([&] { pipeline("stopped").run_all(); }),
              HasSubstr("crawl-0.jsonl:61: "));
  pipeline("run", 2, {}, {"input.on_error=skip"}).run_all();
  const fs::path counts = directory_ / "run" / "filter" / "00000-crawl-0.jsonl.json";
  const Json bad = parse_json(env_.read_file(counts), "counts")["bad_records"];
  EXPECT_EQ(bad["count"], 1);
  EXPECT_EQ(bad["first"][0]["line"], 61);
}

TEST_F(PipelineTest, AnAuditBelowItsKappaStopsTheRun) {
  // Labels by file: the opposite of the truth.
  std::string labels;
  for (const auto& [id, truth] : crawl_.truth) {
    Json values = Json::array();
    for (const bool ecommerce : truth) values.push_back(ecommerce ? 0 : 1);
    labels += Json({{"id", id}, {"labels", values}}).dump() + "\n";
  }
  publish_file(env_, directory_ / "labels.jsonl", labels);
  auto audited = pipeline("run", 2, {},
                          {"audit.labeller=file", "audit.share=1", "audit.agreement.resamples=10",
                           "audit.file=" + (directory_ / "labels.jsonl").string()});
  EXPECT_THAT(test::error_of([&] { audited.run_all(); }), HasSubstr("kappa"));
  EXPECT_FALSE(env_.exists(directory_ / "run" / "train-classifier"));
  EXPECT_TRUE(env_.exists(directory_ / "run" / "audit" / "disagreements.jsonl"));
}

}  // namespace
}  // namespace rexbert::curate
