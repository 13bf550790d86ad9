// Curation by parts in processes of their own and by the scripts for Slurm, and what those who run
// it elsewhere take from the command.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <set>
#include <string>
#include <vector>

#include "curate/cluster_crawl.h"
#include "rexbert/core/json.h"
#include "rexbert/core/strings.h"
#include "rexbert/curate/document.h"
#include "support/command.h"
#include "support/process.h"

namespace rexbert::curate {
namespace {

using test::CommandResult;
using test::run_command;
using ::testing::HasSubstr;

class ClusterTest : public ::testing::Test {
 protected:
  CommandResult shell(const std::string& command) const {
    return run_command({"sh", "-c", command});
  }
  std::string command(const std::string& words) const {
    return str_cat(REXBERT_BINARY_DIR "/bin/rexbert curate ", words);
  }

  // By `env`, as a shell takes the last of two entries of a name.
  CommandResult submit(const std::vector<std::string>& more) const {
    std::vector<std::string> words = {
        "env",
        str_cat("PATH=" REXBERT_SOURCE_DIR "/tests/slurm/fake:", std::getenv("PATH")),
        "REXBERT=" REXBERT_BINARY_DIR "/bin/rexbert",
        "PARTS=3",
        "CPUS=1",
        str_cat("LOGS=", (crawl_ / "logs").string()),
        "bash",
        REXBERT_SOURCE_DIR "/scripts/slurm/curate.sh",
        crawl_.config("slurm").string()};
    words.insert(words.end(), more.begin(), more.end());
    return run_command(words, crawl_ / "crawl");
  }

  Env& env_ = Env::posix();
  test::ClusterCrawl crawl_;
};

TEST_F(ClusterTest, PartsInProcessesOfTheirOwnGiveTheSame) {
  const auto expected = test::outputs(crawl_.plain());
  EXPECT_GT(split_lines(expected.at("decontaminate/contaminated.jsonl")).size(), 3u);
  EXPECT_THAT(expected.at("dedup/duplicates.jsonl"), HasSubstr("\"near\""));
  EXPECT_THAT(expected.at("dedup/duplicates.jsonl"), HasSubstr("\"exact\""));
  const std::string config = crawl_.config("parts").string();
  for (const char* stage : {"explore", "sample", "label", "audit", "train-classifier", "filter",
                            "dedup", "decontaminate", "write", "report"}) {
    const bool in_parts =
        std::set<std::string>{"explore", "sample", "filter", "decontaminate"}.contains(stage);
    std::vector<pid_t> processes;
    for (int part = 1; part <= (in_parts ? 3 : 1); ++part) {
      std::vector<std::string> words = {"curate", stage, "--config", config};
      if (in_parts) words.insert(words.end(), {"--part", str_cat(part, "/3")});
      processes.push_back(test::start_rexbert(words, crawl_ / "log.txt"));
    }
    for (const pid_t process : processes) {
      ASSERT_EQ(test::wait_for(process), 0) << env_.read_file(crawl_ / "log.txt");
    }
  }
  test::expect_same_outputs(test::outputs(crawl_ / "parts"), expected);
}

// tests/slurm/fake/sbatch runs what is submitted, the tasks of an array all at once.
TEST_F(ClusterTest, SlurmGivesTheSame) {
  const auto expected = test::outputs(crawl_.plain());
  const CommandResult run = submit({});
  EXPECT_EQ(run.exit_code, 0) << run.out << run.err;
  EXPECT_THAT(run.out, HasSubstr("5: filter --array 1-3"));
  test::expect_same_outputs(test::outputs(crawl_ / "slurm"), expected);
}

TEST_F(ClusterTest, AStageThatFailsUnderSlurmStopsThoseBehindIt) {
  const CommandResult run = submit({"--set", "explore.domains=[\"of nobody\"]"});
  EXPECT_THAT(run.err, HasSubstr("job 4 failed"));
  EXPECT_TRUE(env_.exists(crawl_ / "slurm" / "sample"));
  EXPECT_FALSE(env_.exists(crawl_ / "slurm" / "filter"));
}

TEST_F(ClusterTest, AStreamThatSaysItsPlacesIsFilteredAsTheFilesAre) {
  const fs::path folder = crawl_.plain();
  const fs::path input = crawl_ / "crawl" / "broken.jsonl";
  const fs::path near = crawl_ / "crawl" / "near copies%20{1}.jsonl";
  const auto located = [](const fs::path& file) {
    // The byte order mark is no part of the record.
    return str_cat("sed '1s/^\\xEF\\xBB\\xBF//' '", file.string(), "' | awk -v OFS='\\t' ",
                   "'{print \"", file.string(), "\", NR, $0}'");
  };
  const fs::path counts = crawl_ / "counts.json";
  const CommandResult result =
      shell(str_cat("(", located(near), "; ", located(input), ") | ",
                    command("filter --stdin --stdout --located --config "),
                    crawl_.config("plain").string(), " --counts ", counts.string()));
  ASSERT_EQ(result.exit_code, 0) << result.err;
  const auto files = test::outputs(folder);
  std::string expected;
  for (const auto line :
       split_lines(files.at("filter/00007-near%20copies%2520%7B1%7D.jsonl.jsonl.zst"))) {
    const Document document = parse_document(line, "expected");
    expected += str_cat(near.string(), "\t", document.line, "\t", line, "\n");
  }
  EXPECT_EQ(result.out, expected);
  const Json by_file = Json::parse(env_.read_file(counts))["files"];
  EXPECT_EQ(by_file[near.string()].dump(1) + "\n",
            files.at("filter/00007-near%20copies%2520%7B1%7D.jsonl.json"));
  EXPECT_EQ(by_file[input.string()].dump(1) + "\n", files.at("filter/00000-broken.jsonl.json"));
}

TEST_F(ClusterTest, AStreamThatDoesNotSayItsPlacesIsRefused) {
  crawl_.plain();
  const std::string filter =
      command("filter --stdin --stdout --located --config ") + crawl_.config("plain").string();
  for (const char* line : {"{\\\"text\\\": \\\"x\\\"}", "a\\tb\\t{}", "a\\t0\\t{}", "a\\t1"}) {
    const CommandResult result = shell(str_cat("printf \"a\\t1\\t{}\\n", line, "\\n\" | ", filter));
    EXPECT_EQ(result.exit_code, 2) << line;
    EXPECT_THAT(result.err, HasSubstr("line 2 of the stream: expected a file's name")) << line;
  }
}

TEST_F(ClusterTest, CopiesLeaveLinesOut) {
  const fs::path input = crawl_ / "lines.txt";
  publish_file(env_, input, "one\ntwo\n\nfour\nfive");
  publish_file(env_, crawl_ / "numbers", "2\n5\n");
  const std::string copy = str_cat("copy --input ", input.string(), " --drop ",
                                   (crawl_ / "numbers").string(), " --output ");
  EXPECT_EQ(shell(command(copy + "-")).out, "one\n\nfour\n");
  const std::string packed = (crawl_ / "packed.zst").string();
  EXPECT_EQ(shell(command(copy + packed)).exit_code, 0);
  EXPECT_EQ(shell(command("copy --input " + packed)).out, "one\n\nfour\n");
  publish_file(env_, input, "{ \"b\": 1.50, \"a\": \"\\u00e9\" }\n");
  EXPECT_EQ(shell(command("copy --json --input " + input.string())).out,
            "{\"a\":\"\u00e9\",\"b\":1.5}\n");
  publish_file(env_, input, "one\ntwo\n\nfour\nfive");
  publish_file(env_, crawl_ / "numbers", "5\n2\n");
  const CommandResult failed = shell(command(copy + (crawl_ / "other.zst").string()));
  EXPECT_THAT(failed.err, HasSubstr("got 2 out of order"));
  EXPECT_FALSE(env_.exists(crawl_ / "other.zst"));
}

TEST_F(ClusterTest, SketchesAreTheDocumentsInOrder) {
  const fs::path documents = crawl_ / "documents.jsonl";
  const auto line = [](const std::string& id, const std::string& text) {
    return to_json_line({.id = id, .text = text});
  };
  publish_file(env_, documents,
               line("a", "One two three four five six") +
                   line("b", "one, TWO three four five six!") + line("c", "one two"));
  const CommandResult result = shell(command(str_cat(
      "sketch --input ", documents.string(), " --config ", crawl_.config("plain").string())));
  std::vector<Json> sketches;
  for (const auto sketch : split_lines(result.out)) sketches.push_back(Json::parse(sketch));
  ASSERT_EQ(sketches.size(), 3u) << result.err;
  EXPECT_EQ(sketches[0]["hash"], sketches[1]["hash"]);
  EXPECT_EQ(sketches[0]["bands"], sketches[1]["bands"]);
  EXPECT_EQ(sketches[0]["bands"].get<std::string>().size(), 16u * 16);
  EXPECT_EQ(sketches[0]["shingles"].get<std::string>().size(), 2u * 8);
  EXPECT_EQ(sketches[1]["bytes"], 29);
  EXPECT_EQ(sketches[2]["line"], 3);
  EXPECT_EQ(sketches[2]["shingles"], "");
  EXPECT_EQ(sketches[2]["bands"], "");
}

}  // namespace
}  // namespace rexbert::curate
