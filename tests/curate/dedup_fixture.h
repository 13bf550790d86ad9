#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "rexbert/core/env.h"
#include "rexbert/core/json.h"
#include "rexbert/core/philox.h"
#include "rexbert/core/strings.h"
#include "rexbert/curate/dedup.h"
#include "rexbert/curate/document.h"
#include "support/read_text.h"
#include "support/temporary_directory.h"

namespace rexbert::curate {

using WordList = std::vector<std::string>;

inline std::vector<Json> json_lines(const fs::path& path) {
  std::vector<Json> lines;
  const std::string contents = test::read_text(path);
  for (const std::string_view line : split_lines(contents)) {
    lines.push_back(parse_json(line, path.string()));
  }
  return lines;
}

// Random words of a vocabulary in which none is frequent.
class TextMaker {
 public:
  explicit TextMaker(uint64_t seed) : random_(seed, Purpose::kTest) {}

  std::string word() { return "w" + std::to_string(random_.next_below(20000)); }
  std::string new_word() { return "x" + std::to_string(++new_words_); }
  WordList words(size_t count) {
    WordList result;
    for (size_t i = 0; i < count; ++i) result.push_back(word());
    return result;
  }
  size_t below(size_t bound) { return random_.next_below(bound); }

  // Every word is replaced, deleted or followed by another with probability `rate`.
  WordList edited(const WordList& words, double rate) {
    WordList result;
    for (const std::string& original : words) {
      const bool edit = random_.next_uniform() < rate;
      const size_t how = edit ? below(3) : 3;
      if (how != 1) result.push_back(how == 0 ? word() : original);
      if (how == 2) result.push_back(word());
    }
    return result;
  }

 private:
  KeyedRng random_;
  int new_words_ = 0;
};

inline std::set<std::string> shingles_of(const WordList& words, size_t length = 5) {
  std::set<std::string> shingles;
  for (size_t i = 0; i + length <= words.size(); ++i) {
    shingles.insert(str_join({words.begin() + i, words.begin() + i + length}, " "));
  }
  return shingles;
}

inline double brute_jaccard(const std::set<std::string>& a, const std::set<std::string>& b) {
  std::vector<std::string> both;
  std::set_intersection(a.begin(), a.end(), b.begin(), b.end(), std::back_inserter(both));
  return static_cast<double>(both.size()) / static_cast<double>(a.size() + b.size() - both.size());
}

// Jobs over files in a folder of their own, in memory where the system offers it.
class DedupFixture : public testing::Test {
 protected:
  fs::path path(const std::string& name) const { return directory_ / name; }

  // Documents "d0", "d1", ... into one file; returns its name.
  std::string write(const std::string& name, const std::vector<std::string>& texts) {
    std::vector<Document> documents;
    for (size_t i = 0; i < texts.size(); ++i) {
      documents.push_back({.id = "d" + std::to_string(i), .text = texts[i]});
    }
    return write_documents(name, documents);
  }

  std::string write_documents(const std::string& name, const std::vector<Document>& documents) {
    std::string lines;
    for (const Document& document : documents) lines += to_json_line(document);
    return write_bytes(name, lines);
  }

  std::string write_bytes(const std::string& name, const std::string& bytes) {
    const auto file = Env::posix().new_writable_file(path(name));
    file->append(bytes);
    file->close();
    return name;
  }

  // Of inputs of these names, outputs beginning with `to`.
  DedupJob job(const std::vector<std::string>& names, const std::string& to = "out") const {
    DedupJob job;
    for (const std::string& name : names) job.files.push_back({path(name), path(to + "/" + name)});
    job.report = path(to + "/report.jsonl");
    job.work_directory = path(to + ".work");
    return job;
  }

  // Ids of all kept documents, in order.
  static std::vector<std::string> kept_ids(const DedupJob& job) {
    std::vector<std::string> ids;
    for (const FileRewrite& file : job.files) {
      for (const Json& line : json_lines(file.output)) ids.push_back(line.at("id"));
    }
    return ids;
  }

  // The report by dropped id.
  static std::map<std::string, Json> dropped(const DedupJob& job) {
    std::map<std::string, Json> by_id;
    for (const Json& line : json_lines(job.report)) by_id[line.at("id")] = line;
    return by_id;
  }

 private:
  static fs::path parent() {
    const fs::path memory = "/dev/shm";
    return fs::is_directory(memory) ? memory : fs::temp_directory_path();
  }

  test::TemporaryDirectory directory_{parent()};
};

}  // namespace rexbert::curate
