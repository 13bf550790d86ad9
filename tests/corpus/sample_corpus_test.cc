#include "rexbert/corpus/sample_corpus.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <regex>
#include <set>
#include <sstream>
#include <unordered_map>
#include <unordered_set>

#include "rexbert/core/error.h"
#include "rexbert/core/fault_env.h"
#include "rexbert/core/json.h"
#include "rexbert/core/strings.h"

namespace rexbert::corpus {
namespace {

std::vector<std::string> words_of(const std::string& text) {
  std::istringstream in(text);
  std::vector<std::string> words;
  for (std::string word; in >> word;) {
    while (!word.empty() && std::ispunct(static_cast<unsigned char>(word.back()))) word.pop_back();
    if (!word.empty()) words.push_back(std::move(word));
  }
  return words;
}

double share_matching(SampleKind kind, uint64_t count, const char* pattern) {
  const std::regex expression(pattern);
  uint64_t matching = 0;
  for (uint64_t i = 0; i < count; ++i) {
    matching += std::regex_search(sample_document(17, kind, i).text, expression);
  }
  return static_cast<double>(matching) / static_cast<double>(count);
}

class TemporaryDirectory {
 public:
  TemporaryDirectory() {
    std::string name = (fs::temp_directory_path() / "rexbert_sample_XXXXXX").string();
    path_ = mkdtemp(name.data());
  }
  ~TemporaryDirectory() { fs::remove_all(path_); }
  const fs::path& path() const { return path_; }

 private:
  fs::path path_;
};

constexpr SampleKind kKinds[] = {SampleKind::kGeneral, SampleKind::kLong, SampleKind::kProduct};

TEST(SampleCorpus, DocumentIsAFunctionOfSeedKindAndNumber) {
  for (const SampleKind kind : kKinds) {
    const std::string seventh = sample_document(17, kind, 7).text;
    for (uint64_t i = 0; i < 7; ++i) sample_document(17, kind, i);
    EXPECT_EQ(sample_document(17, kind, 7).text, seventh);
    EXPECT_NE(sample_document(18, kind, 7).text, seventh);
    EXPECT_NE(sample_document(17, kind, 8).text, seventh);
  }
}

TEST(SampleCorpus, NoTwoDocumentsAreEqual) {
  std::unordered_set<std::string> texts;
  std::unordered_set<std::string> ids;
  for (uint64_t i = 0; i < 5000; ++i) {
    for (const SampleKind kind : {SampleKind::kGeneral, SampleKind::kProduct}) {
      const SampleDocument document = sample_document(17, kind, i);
      EXPECT_TRUE(texts.insert(document.text).second) << document.text;
      EXPECT_TRUE(ids.insert(document.id).second) << document.id;
    }
  }
}

TEST(SampleCorpus, TextIsCleanUtf8WithoutLeftoversOfTheGrammar) {
  for (const SampleKind kind : kKinds) {
    for (uint64_t i = 0; i < (kind == SampleKind::kLong ? 6 : 2000); ++i) {
      const std::string text = sample_document(17, kind, i).text;
      // dump() throws for invalid UTF-8.
      EXPECT_NO_THROW(Json(text).dump());
      EXPECT_EQ(text.find_first_of("{}[]|\t\r"), std::string::npos) << text;
      EXPECT_EQ(text.find("  "), std::string::npos) << text;
      EXPECT_EQ(text.find(" \n"), std::string::npos) << text;
      EXPECT_EQ(text.find(" ."), std::string::npos) << text;
      EXPECT_EQ(text.find(" ,"), std::string::npos) << text;
    }
  }
}

TEST(SampleCorpus, VocabularyIsRich) {
  std::set<std::string> general;
  std::set<std::string> product;
  for (uint64_t i = 0; i < 2000; ++i) {
    for (auto& word : words_of(sample_document(17, SampleKind::kGeneral, i).text))
      general.insert(word);
    for (auto& word : words_of(sample_document(17, SampleKind::kProduct, i).text))
      product.insert(word);
  }
  EXPECT_GT(general.size(), 7000u);
  EXPECT_GT(product.size(), 5000u);
  std::vector<std::string> shared;
  std::set_intersection(general.begin(), general.end(), product.begin(), product.end(),
                        std::back_inserter(shared));
  // The two domains speak differently: that is what specialization can show.
  EXPECT_LT(shared.size(), product.size() / 4);
}

TEST(SampleCorpus, LengthsAreAsStated) {
  for (const SampleKind kind : {SampleKind::kGeneral, SampleKind::kProduct}) {
    size_t bytes = 0;
    for (uint64_t i = 0; i < 1000; ++i) bytes += sample_document(17, kind, i).text.size();
    EXPECT_GT(bytes / 1000, kind == SampleKind::kGeneral ? 900u : 450u);
    EXPECT_LT(bytes / 1000, kind == SampleKind::kGeneral ? 1800u : 900u);
  }
  for (uint64_t i = 0; i < 12; ++i) {
    const size_t words = words_of(sample_document(17, SampleKind::kLong, i).text).size();
    EXPECT_GE(words, 7000u);
    EXPECT_LE(words, 27500u);
  }
}

TEST(SampleCorpus, ProductsCarryPricesModelsAndUnits) {
  EXPECT_EQ(share_matching(SampleKind::kProduct, 300, R"(\nPrice: \$\d+\.\d\d\n)"), 1.0);
  EXPECT_EQ(
      share_matching(SampleKind::kProduct, 300, R"(\nModel: [A-Z]{2,3}-\d{3,5}(-[A-Z]+|[A-Z])?\n)"),
      1.0);
  EXPECT_GT(share_matching(SampleKind::kProduct, 300, R"(\d (W|V|h|ml|g|kg|L|lm|mAh|oz|in)\b)"),
            0.9);
  EXPECT_EQ(share_matching(SampleKind::kGeneral, 300, R"(\$\d)"), 0.0);
}

TEST(SampleCorpus, BrandDecidesCategoryWarrantyAndModelPrefix) {
  std::map<std::string, std::set<std::string>> categories, prefixes, warranties;
  const auto field = [](const std::string& text, const std::string& name) {
    const size_t begin = text.find("\n" + name + ": ");
    if (begin == std::string::npos) return std::string();
    const size_t value = begin + name.size() + 3;
    return text.substr(value, text.find('\n', value) - value);
  };
  for (uint64_t i = 0; i < 3000; ++i) {
    const std::string text = sample_document(17, SampleKind::kProduct, i).text;
    const std::string brand = field(text, "Brand");
    const std::string model = field(text, "Model");
    categories[brand].insert(field(text, "Category"));
    prefixes[brand].insert(model.substr(0, model.find('-')));
    if (const auto years = field(text, "Warranty"); !years.empty()) warranties[brand].insert(years);
  }
  EXPECT_GT(categories.size(), 90u);
  for (const auto& [brand, names] : categories) EXPECT_EQ(names.size(), 1u) << brand;
  for (const auto& [brand, names] : prefixes) EXPECT_EQ(names.size(), 1u) << brand;
  for (const auto& [brand, names] : warranties) EXPECT_EQ(names.size(), 1u) << brand;
}

// Words with capitals or digits in the second half of a long document that were last seen between
// 400 and many thousand words before: only a long context can tell them.
TEST(SampleCorpus, LongDocumentsReferFarBack) {
  for (uint64_t i = 0; i < 8; ++i) {
    const auto words = words_of(sample_document(17, SampleKind::kLong, i).text);
    std::unordered_map<std::string, size_t> last_seen;
    size_t far = 0;
    for (size_t at = 0; at < words.size(); ++at) {
      const std::string& word = words[at];
      const bool name = std::any_of(word.begin(), word.end(), [](unsigned char c) {
        return std::isdigit(c) != 0 || std::isupper(c) != 0;
      });
      if (name) {
        const auto seen = last_seen.find(word);
        if (at > words.size() / 2 && seen != last_seen.end() && at - seen->second > 400) ++far;
        last_seen[word] = at;
      }
    }
    EXPECT_GT(far, words.size() / 2 / 100) << i;
  }
}

TEST(SampleCorpus, WritesThreeFilesOfJsonLines) {
  const TemporaryDirectory directory;
  const SampleCorpusOptions options{.general_documents = 30, .long_documents = 2, .products = 40};
  const SampleCorpusReport report =
      write_sample_corpus(Env::posix(), directory.path() / "corpus", options);
  EXPECT_EQ(report.documents, 72);
  EXPECT_THAT(Env::posix().list_directory(directory.path() / "corpus"),
              ::testing::ElementsAre("ecommerce.jsonl", "general.jsonl", "long.jsonl"));
  std::istringstream lines(Env::posix().read_file(directory.path() / "corpus" / "ecommerce.jsonl"));
  uint64_t number = 0;
  for (std::string line; std::getline(lines, line); ++number) {
    const Json json = parse_json(line, "ecommerce.jsonl");
    const SampleDocument document = sample_document(17, SampleKind::kProduct, number);
    EXPECT_EQ(json, (Json{{"id", document.id},
                          {"text", document.text},
                          {"domain", "shopping"},
                          {"source", "sample"}}));
  }
  EXPECT_EQ(number, 40u);
}

TEST(SampleCorpus, RefusesNegativeCounts) {
  const TemporaryDirectory directory;
  try {
    write_sample_corpus(Env::posix(), directory.path(), {.products = -1});
    FAIL();
  } catch (const Error& error) {
    EXPECT_STREQ(error.what(), "products: expected 0 or more documents, got -1");
  }
}

TEST(SampleCorpus, FailedWriteLeavesNoHalfFile) {
  const TemporaryDirectory directory;
  FaultInjectionEnv env(Env::posix());
  const SampleCorpusOptions options{.general_documents = 3, .long_documents = 0, .products = 3};
  for (int64_t fail_at = 1;; ++fail_at) {
    const fs::path output = directory.path() / std::to_string(fail_at);
    env.fail_after(fail_at);
    try {
      write_sample_corpus(env, output, options);
      EXPECT_GT(fail_at, 10);
      break;
    } catch (const Error&) {
      env.fail_after(0);
      env.drop_unsynced();
      for (const char* name : {"general.jsonl", "ecommerce.jsonl"}) {
        if (!env.exists(output / name)) continue;
        const std::string text = env.read_file(output / name);
        EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 3) << fail_at;
      }
    }
  }
}

}  // namespace
}  // namespace rexbert::corpus
