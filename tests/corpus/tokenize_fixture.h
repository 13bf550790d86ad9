#pragma once

#include <gtest/gtest.h>

#include <cstring>
#include <fstream>
#include <map>
#include <set>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "rexbert/core/error.h"
#include "rexbert/core/json.h"
#include "rexbert/core/strings.h"
#include "rexbert/corpus/sample_corpus.h"
#include "rexbert/corpus/tokenize.h"
#include "rexbert/shard/shard.h"
#include "rexbert/tokenizer/tokenizer.h"
#include "rexbert/tokenizer/train.h"

namespace rexbert::corpus {

// A folder with a small tokenizer and a small corpus of four files.
class TokenizeFixture : public ::testing::Test {
 protected:
  struct Sample {
    std::string id;
    std::vector<int64_t> input_ids;
    bool operator==(const Sample&) const = default;
  };

  void SetUp() override {
    std::string name = (fs::temp_directory_path() / "rexbert_tokenize_XXXXXX").string();
    root_ = mkdtemp(name.data());
    write_sample_corpus(env(), root_ / "corpus",
                        {.general_documents = 120, .long_documents = 1, .products = 150});
    // Fewer, longer files on one side and an empty one.
    write("corpus/more.jsonl", sample_lines(5000, 40));
    tokenizer::TrainOptions options;
    options.vocabulary_size = 640;
    options.threads = 1;
    tokenizer::train(env(), options, {root_ / "corpus/general.jsonl"}, root_ / "tokenizer");
  }
  void TearDown() override { fs::remove_all(root_); }

  static Env& env() { return Env::posix(); }
  fs::path path(const std::string& name) const { return root_ / name; }

  void write(const std::string& name, const std::string& contents) const {
    fs::create_directories(path(name).parent_path());
    std::ofstream(path(name), std::ios::binary) << contents;
  }

  static std::string sample_lines(uint64_t first, uint64_t count) {
    std::string lines;
    for (uint64_t i = first; i < first + count; ++i) {
      const SampleDocument document = sample_document(17, SampleKind::kProduct, i);
      lines += Json{{"id", document.id}, {"text", document.text}}.dump() + "\n";
    }
    return lines;
  }

  // Small shards, one thread.
  TokenizeOptions options_for(const std::string& output) const {
    TokenizeOptions options;
    options.inputs = {path("corpus").string()};
    options.tokenizer = path("tokenizer");
    options.output = path(output);
    options.threads = 1;
    options.shard_bytes = 32 << 10;
    return options;
  }

  std::vector<Sample> samples_of(const fs::path& directory) const {
    std::vector<Sample> samples;
    for (const shard::ShardInfo& info : shard::Index::load(env(), directory).shards) {
      const auto reader = shard::ShardReader::open(env(), directory, info, {true});
      for (uint64_t i = 0; i < reader->samples(); ++i) {
        Sample sample{std::get<std::string>(reader->value(i, 0)), {}};
        const auto array = std::get<shard::NdArray>(reader->value(i, 1));
        const size_t width = shard::dtype_size(array.dtype);
        for (size_t at = 0; at < array.values.size(); at += width) {
          uint32_t token = 0;
          std::memcpy(&token, array.values.data() + at, width);
          sample.input_ids.push_back(token);
        }
        samples.push_back(std::move(sample));
      }
    }
    return samples;
  }

  // What the documents of these files must give, in order.
  std::vector<Sample> expected_samples(const std::vector<std::string>& files) const {
    const auto tokenizer = tokenizer::Tokenizer::load(env(), path("tokenizer"));
    std::vector<Sample> samples;
    for (const std::string& file : files) {
      std::istringstream lines(env().read_file(path(file)));
      for (std::string line; std::getline(lines, line);) {
        const Json json = parse_json(line, file);
        Sample sample{json.at("id"), {tokenizer::kClsId}};
        for (const int32_t id : tokenizer.encode(json.at("text").get<std::string>())) {
          sample.input_ids.push_back(id);
        }
        sample.input_ids.push_back(tokenizer::kSepId);
        samples.push_back(std::move(sample));
      }
    }
    return samples;
  }
  std::vector<Sample> all_samples() const {
    return expected_samples({"corpus/ecommerce.jsonl", "corpus/general.jsonl", "corpus/long.jsonl",
                             "corpus/more.jsonl"});
  }

  // Every file below a folder with its bytes.
  std::map<std::string, std::string> snapshot(const std::string& output) const {
    std::map<std::string, std::string> files;
    for (const auto& entry : fs::recursive_directory_iterator(path(output))) {
      if (!entry.is_regular_file()) continue;
      files[entry.path().lexically_relative(path(output)).string()] = env().read_file(entry.path());
    }
    return files;
  }
  static std::vector<std::string> names(const std::map<std::string, std::string>& files) {
    std::vector<std::string> result;
    for (const auto& [name, bytes] : files) result.push_back(name);
    return result;
  }

  // The message of the Error that `body` must throw, with the fixture's folder written as "ROOT".
  template <class Body>
  std::string message_of(ErrorCode code, Body&& body) const {
    try {
      body();
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), code) << error.what();
      std::string text = error.what();
      for (size_t at = 0; (at = text.find(root_.string(), at)) != std::string::npos;) {
        text.replace(at, root_.string().size(), "ROOT");
      }
      return text;
    }
    ADD_FAILURE() << "expected an error";
    return "";
  }

  fs::path root_;
};

}  // namespace rexbert::corpus
