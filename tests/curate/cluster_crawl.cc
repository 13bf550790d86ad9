#include "curate/cluster_crawl.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "curate/made_crawl.h"
#include "rexbert/core/compression.h"
#include "rexbert/core/json.h"
#include "rexbert/core/strings.h"
#include "rexbert/curate/document.h"
#include "rexbert/curate/source.h"
#include "support/command.h"

namespace rexbert::test {
namespace {

constexpr const char* kConfig = R"(
run: {directory: "%s", seed: 17, threads: 1}
input: {paths: ["%s"], on_error: skip}
explore: {proposal: {minimum_kept_words: 1000}}
sample: {per_domain: 100}
label: {labeller: weak}
classifier: {min_labels: 100, fasttext: {buckets: 20000, quantize: false}}
dedup: {near: {partitions: 4, bucket_window: 3}}
decontaminate: {evaluation: {exam: {path: "%s"}}}
)";

std::string text_of(const fs::path& path) {
  const auto source = open_byte_source(Env::posix(), path);
  std::string text;
  char block[4096];
  while (const size_t size = source->read(block, sizeof(block))) text.append(block, size);
  return text;
}

void write(const fs::path& path, const std::string& text) {
  publish_file(Env::posix(), path, text);
}

}  // namespace

ClusterCrawl::ClusterCrawl() {
  const fs::path crawl = directory_ / "crawl";
  MadeCrawl::write(Env::posix(), crawl, 5, 60);
  const std::string lines = text_of(crawl / "crawl-0.jsonl");
  write_near_copies(lines);
  write_broken_records();
  write_evaluation(lines);
  write(crawl / "empty.jsonl", "");
  // A format that no reader of Spark's knows.
  std::string table = "text\tdomain\n";
  const std::string rows = text_of(crawl / "crawl-3.jsonl");
  for (const auto line : curate::split_lines(rows)) {
    std::string text = Json::parse(line)["text"];
    std::replace(text.begin(), text.end(), '\n', ' ');
    std::replace(text.begin(), text.end(), '\t', ' ');
    table += text + "\tfashion\n";
  }
  write(crawl / "table.tsv", table);
  if (curate::parquet_available()) {
    write(directory_ / "rows.jsonl", text_of(crawl / "crawl-4.jsonl.gz"));
    const CommandResult written =
        run_command({REXBERT_BINARY_DIR "/bin/rexbert_write_parquet", directory_ / "rows.jsonl",
                     crawl / "rows [1].parquet", "20"});
    EXPECT_EQ(written.exit_code, 0) << written.err;
  }
}

// Of every document three copies: with another last word, with one more, and with other white
// space. Some have no id, no domain, a score.
void ClusterCrawl::write_near_copies(const std::string& lines) const {
  std::string copies;
  size_t number = 0;
  for (const auto line : curate::split_lines(lines)) {
    Json json = Json::parse(line);
    const std::string text = json["text"];
    ++number;
    json["score"] = 1.0 / static_cast<double>(number % 5 + 1);
    json["text"] = text.substr(0, text.rfind(' ')) + " otherwise";
    json["id"] = str_cat("other-", number);
    copies += json.dump() + "\n";
    json["text"] = text.substr(0, text.rfind(' ')) + " otherwise again and again";
    if (number % 3 == 0) json.erase("id");
    if (number % 21 == 0) json.erase("domain");
    copies += json.dump() + "\n";
    std::string spaced;
    for (const char c : text) spaced += c == ' ' ? "  " : std::string(1, c);
    json["text"] = spaced;
    json["id"] = str_cat("spaced \"\u00e9\" ", number);
    copies += json.dump() + "\n";
  }
  write(directory_ / "crawl" / "near copies%20{1}.jsonl", copies);
}

void ClusterCrawl::write_broken_records() const {
  const std::string nul = Json({{"id", "nul"}, {"text", std::string("a\0b", 3)}}).dump();
  write(directory_ / "crawl" / "broken.jsonl",
        "\xEF\xBB\xBF{\"id\": \"marked\", \"text\": \"A byte order mark.\"}\n"
        "{\"id\": \"cut\n"
        "{\"id\": \"bytes\", \"text\": \"\xFF\xFE\"}\n\n" +
            nul +
            "\n[1, 2]\r\n{\"text\": 5}\n{\"text\": \" \"}\n"
            "{\"id\": \"last\", \"text\": \"No end\", \"file\": \"other\", \"line\": 7}");
}

// The text of some documents.
void ClusterCrawl::write_evaluation(const std::string& lines) const {
  std::string texts;
  size_t number = 0;
  for (const auto line : curate::split_lines(lines)) {
    if (++number % 6 == 0) texts += Json({{"text", Json::parse(line)["text"]}}).dump() + "\n";
  }
  write(directory_ / "exam.jsonl", texts);
}

fs::path ClusterCrawl::config(const std::string& output) const {
  const fs::path file = directory_ / (output + ".yaml");
  write(file, str_printf(kConfig, (directory_ / output).c_str(), (directory_ / "crawl").c_str(),
                         (directory_ / "exam.jsonl").c_str()));
  return file;
}

fs::path ClusterCrawl::plain() const {
  const CommandResult run = run_rexbert({"curate", "run", "--config", config("plain")});
  EXPECT_EQ(run.exit_code, 0) << run.err;
  return directory_ / "plain";
}

std::map<std::string, std::string> outputs(const fs::path& folder) {
  std::map<std::string, std::string> files;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    const std::string name = entry.path().lexically_relative(folder).string();
    if (!entry.is_regular_file() || name == "manifest.json" || name == "spark.yaml" ||
        name.find("work/") != std::string::npos || name.ends_with("/lock")) {
      continue;
    }
    std::string& text = files[name] = text_of(entry.path());
    for (size_t at = 0; (at = text.find(folder.string(), at)) != std::string::npos;) {
      text.replace(at, folder.string().size(), "OUTPUT");
    }
  }
  return files;
}

void expect_same_outputs(const std::map<std::string, std::string>& got,
                         const std::map<std::string, std::string>& expected) {
  for (const auto& [name, text] : got) {
    if (!expected.contains(name)) ADD_FAILURE() << name << ": not expected";
  }
  for (const auto& [name, text] : expected) {
    const auto found = got.find(name);
    if (found == got.end()) {
      ADD_FAILURE() << name << ": missing";
    } else if (found->second != text) {
      const auto [a, b] = std::ranges::mismatch(found->second, text);
      const auto at = static_cast<size_t>(a - found->second.begin());
      const size_t begin = at - std::min<size_t>(at, 60);
      ADD_FAILURE() << name << ": differs at byte " << at << ": got \""
                    << found->second.substr(begin, 160) << "\", expected \""
                    << text.substr(begin, 160) << '"';
    }
  }
}

}  // namespace rexbert::test
