#include <gmock/gmock.h>

#include "tokenizer/tokenizer_test_util.h"

namespace rexbert::tokenizer {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

class Folder : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    shared_ = new test::TemporaryDirectory;
    write_corpus(shared_->path() / "corpus.jsonl");
    train(Env::posix(), small_options(), {shared_->path() / "corpus.jsonl"},
          shared_->path() / "good");
  }
  static void TearDownTestSuite() { delete shared_; }

  void SetUp() override { fs::copy(shared_->path() / "good", folder_); }
  std::string load_error() {
    return error_of([&] { Tokenizer::load(Env::posix(), folder_); });
  }
  std::string at(const std::string& name) const { return (folder_ / name).string(); }
  void write(const std::string& name, const std::string& contents) {
    std::ofstream(folder_ / name, std::ios::binary) << contents;
  }
  Json manifest() { return Json::parse(Env::posix().read_file(folder_ / kManifest)); }

  static constexpr char kManifest[] = "rexbert_tokenizer.json";
  static inline test::TemporaryDirectory* shared_ = nullptr;
  test::TemporaryDirectory directory_;
  fs::path folder_ = directory_.path() / "tokenizer";
};

TEST_F(Folder, LoadsAndSaysWhatItIs) {
  const Tokenizer tokenizer = Tokenizer::load(Env::posix(), folder_);
  EXPECT_EQ(tokenizer.fingerprint(), manifest()["fingerprint"]);
  EXPECT_EQ(tokenizer.fingerprint().size(), 32u);
  EXPECT_EQ(Json::parse(tokenizer.options_json())["vocabulary_size"], 600);
  for (const std::string& name : tokenizer_files()) EXPECT_TRUE(fs::exists(folder_ / name));
}

TEST_F(Folder, AMissingFolderOrFileIsNamed) {
  EXPECT_EQ(error_of([&] { Tokenizer::load(Env::posix(), at("none")); }),
            "not found: tokenizer " + at("none") + ": no such folder");
  fs::remove(folder_ / "tokenizer.model");
  EXPECT_EQ(load_error(),
            "not found: " + folder_.string() + ": not a tokenizer folder: no tokenizer.model");
  fs::remove(folder_ / kManifest);
  EXPECT_EQ(load_error(), "incompatible: " + at("tokenizer.json") +
                              ": model.type: expected BPE, got \"Unigram\"");
  fs::remove(folder_ / "tokenizer.json");
  EXPECT_EQ(load_error(),
            "not found: " + folder_.string() + ": not a tokenizer folder: no " + kManifest);
}

TEST_F(Folder, AnotherVersionIsRefusedByName) {
  Json changed = manifest();
  changed["format_version"] = 2;
  write(kManifest, changed.dump());
  EXPECT_EQ(load_error(), "incompatible: " + at(kManifest) + ": expected format_version 1, got 2");
  changed["format"] = "other";
  write(kManifest, changed.dump());
  EXPECT_EQ(load_error(), "incompatible: " + at(kManifest) +
                              ": expected format \"rexbert-tokenizer\", got \"other\"");
}

TEST_F(Folder, ADamagedManifestIsNamed) {
  write(kManifest, "{\"format\":");
  EXPECT_THAT(load_error(), StartsWith("corrupt data: " + at(kManifest) + ": "));
  Json changed = Json::parse(Env::posix().read_file(shared_->path() / "good" / kManifest));
  changed.erase("fingerprint");
  write(kManifest, changed.dump());
  EXPECT_THAT(load_error(), testing::AllOf(StartsWith("corrupt data: "), HasSubstr("fingerprint")));
}

TEST_F(Folder, AChangedModelDoesNotFitItsFingerprint) {
  std::string model = Env::posix().read_file(folder_ / "tokenizer.model");
  model[model.size() / 2] = static_cast<char>(model[model.size() / 2] ^ 1);
  write("tokenizer.model", model);
  EXPECT_THAT(load_error(),
              StartsWith("corrupt data: " + at("tokenizer.model") + ": expected the fingerprint " +
                         manifest()["fingerprint"].get<std::string>() +
                         " that rexbert_tokenizer.json names, got "));
}

TEST_F(Folder, AModelThatIsNoneIsRefusedEvenWithAFittingFingerprint) {
  for (const std::string& contents :
       {std::string("not a model"), std::string(), std::string("\x0a\xff\xff\xff\x7f")}) {
    write("tokenizer.model", contents);
    // The fingerprint that its error names makes it fit.
    const std::string error = load_error();
    Json changed = manifest();
    changed["fingerprint"] = error.substr(error.size() - 32);
    write(kManifest, changed.dump());
    EXPECT_THAT(load_error(), StartsWith("corrupt data: " + at("tokenizer.model") +
                                         ": not a SentencePiece model"));
  }
}

TEST_F(Folder, TheVocabularySizeMustAgree) {
  Json changed = manifest();
  changed["vocabulary_size"] = 704;
  write(kManifest, changed.dump());
  EXPECT_EQ(load_error(),
            "corrupt data: " + at("tokenizer.model") + ": expected 704 pieces, got 640");
}

TEST_F(Folder, AFolderMadeOfTheFilesIsTheSameTokenizer) {
  const fs::path copy = directory_.path() / "copy";
  fs::create_directories(copy);
  for (const auto& [name, contents] : read_tokenizer_files(Env::posix(), folder_)) {
    publish_file(Env::posix(), copy / name, contents);
  }
  EXPECT_EQ(Tokenizer::load(Env::posix(), copy).fingerprint(),
            Tokenizer::load(Env::posix(), folder_).fingerprint());
  fs::remove(folder_ / "tokenizer.json");
  EXPECT_EQ(error_of([&] { read_tokenizer_files(Env::posix(), folder_); }),
            "not found: " + folder_.string() + ": not a tokenizer folder: no tokenizer.json");
}

TEST_F(Folder, TokenizerJsonHoldsEveryPieceInOrder) {
  const Tokenizer tokenizer = Tokenizer::load(Env::posix(), folder_);
  const Json json = Json::parse(Env::posix().read_file(folder_ / "tokenizer.json"));
  const Json& vocabulary = json["model"]["vocab"];
  ASSERT_EQ(vocabulary.size(), 640u);
  for (int32_t id = 0; id < 640; ++id) {
    EXPECT_EQ(vocabulary[static_cast<size_t>(id)][0], tokenizer.piece(id));
  }
  EXPECT_EQ(json["added_tokens"].size(), 5u);
  EXPECT_EQ(json["added_tokens"][4]["content"], "[MASK]");
  EXPECT_EQ(json["model"]["byte_fallback"], true);
}

}  // namespace
}  // namespace rexbert::tokenizer
