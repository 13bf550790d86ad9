#include "rexbert/infer/embed_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>

#include "infer/made_encoder.h"
#include "rexbert/core/fault_env.h"
#include "rexbert/hf/safetensors.h"
#include "support/errors.h"
#include "support/read_text.h"

namespace rexbert::infer {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

class EmbedFileTest : public ::testing::Test {
 protected:
  fs::path write(const std::string& name, const std::string& contents) {
    publish_file(env_, directory_ / name, contents);
    return directory_ / name;
  }

  static const Embedder& embedder() {
    static const Embedder made(Env::posix(), encoder_folder(),
                               {.encoder = {.precision = nn::Precision::kF32}, .dimensions = 6});
    return made;
  }

  EmbedReport embed(const fs::path& input, const std::string& output,
                    const EmbedFileOptions& options = {}) {
    return embed_file(env_, embedder(), input, directory_ / output, options);
  }

  // A .npy file as NumPy reads it, of 6 columns.
  torch::Tensor read_npy(const std::string& name, int64_t rows) {
    const std::string bytes = env_.read_file(directory_ / name);
    EXPECT_EQ(bytes.substr(0, 10), std::string("\x93NUMPY\x01\x00\x76\x00", 10));
    const std::string header = bytes.substr(10, 118);
    EXPECT_THAT(header,
                ::testing::StartsWith(str_cat("{'descr': '<f4', 'fortran_order': False, 'shape': (",
                                              rows, ", 6), }")));
    EXPECT_EQ(header.back(), '\n');
    const torch::Tensor vectors = torch::empty({rows, 6});
    EXPECT_EQ(bytes.size(), 128 + vectors.nbytes());
    std::memcpy(vectors.data_ptr(), bytes.data() + 128,
                std::min(bytes.size() - 128, vectors.nbytes()));
    return vectors;
  }

  Env& env_ = Env::posix();
  test::TemporaryDirectory directory_;
};

TEST_F(EmbedFileTest, AllFormatsHoldTheVectorsOfTheTexts) {
  const fs::path input = write("a.jsonl",
                               "{\"text\": \"running shoes\", \"id\": \"one\"}\n"
                               "{\"text\": \"\"}\n\n"
                               "{\"id\": 3, \"text\": \"Brand 9: size 7\"}");
  const EmbedReport report = embed(input, "a.npy");
  EXPECT_EQ(report.texts, 3);
  EXPECT_EQ(report.truncated, 0);
  std::vector<int32_t> ids;
  const std::vector<std::string_view> texts = {"running shoes", "", "Brand 9: size 7"};
  for (const std::string_view text : texts) embedder().encode(text, ids);
  EXPECT_EQ(report.tokens, static_cast<int64_t>(ids.size()));
  const torch::Tensor vectors = read_npy("a.npy", 3);
  EXPECT_TRUE(torch::equal(vectors, embedder().embed(texts)));

  embed(input, "out/a.safetensors");
  EXPECT_EQ(env_.list_directory(directory_ / "out"), std::vector<std::string>{"a.safetensors"});
  const auto tensors = hf::read_safetensors(env_, directory_ / "out/a.safetensors");
  ASSERT_EQ(tensors.size(), 1u);
  EXPECT_TRUE(torch::equal(tensors.at("embeddings"), vectors));

  embed(input, "vectors", {.format = VectorFormat::kJsonLines});
  std::vector<std::string> names;
  const std::string lines = test::read_text(directory_ / "vectors");
  for (const std::string& line : str_split(lines, '\n')) {
    if (line.empty()) continue;
    const Json json = Json::parse(line);
    const auto row = static_cast<int64_t>(names.size());
    EXPECT_TRUE(
        torch::equal(torch::tensor(json.at("embedding").get<std::vector<float>>()), vectors[row]));
    names.push_back(json.at("id"));
  }
  EXPECT_EQ(names, (std::vector<std::string>{"one", "a.jsonl:2", "3"}));
}

TEST_F(EmbedFileTest, RowsFollowTheLinesOverManyBlocks) {
  std::string lines;
  std::vector<std::string> texts;
  for (int i = 0; i < 9000; ++i) texts.push_back(i % 5 == 0 ? "" : str_cat("size ", i));
  for (const std::string& text : texts) lines += text + "\n";
  EXPECT_EQ(embed(write("a.txt", lines), "a.npy").texts, 9000);
  const torch::Tensor vectors = read_npy("a.npy", 9000);
  for (const size_t i : {0, 1, 4095, 4096, 4097, 8191, 8192, 8999}) {
    const std::vector<std::string_view> text = {texts[i]};
    expect_near(vectors[static_cast<int64_t>(i)], embedder().embed(text)[0]);
  }
  EXPECT_EQ(embed(write("empty.txt", ""), "empty.npy").texts, 0);
  EXPECT_EQ(read_npy("empty.npy", 0).size(0), 0);
}

TEST_F(EmbedFileTest, LongTextsAreCounted) {
  std::string longer;
  for (int i = 0; i < 200; ++i) longer += "shoes ";
  EXPECT_EQ(embed(write("a.txt", "short\n" + longer + "\nshort\n" + longer), "a.npy").truncated, 2);
}

TEST_F(EmbedFileTest, ABadLineIsNamedAndLeavesNothing) {
  const fs::path input = write("a.jsonl", "{\"text\": \"fine\"}\n{\"title\": \"x\"}\n");
  EXPECT_EQ(test::error_of([&] { embed(input, "out/a.npy"); }),
            str_cat("corrupt data: ", input.string(), ":2: no field \"text\""));
  EXPECT_THAT(env_.list_directory(directory_ / "out"), IsEmpty());
  EXPECT_THAT(test::error_of([&] { embed(directory_ / "none.txt", "out/a.npy"); }),
              HasSubstr("none.txt"));
  EXPECT_THAT(test::error_of([&] { embed(input, "a.bin"); }),
              HasSubstr("a.bin: the name does not say the format: expected .npy, .jsonl or "
                        ".safetensors"));
}

TEST_F(EmbedFileTest, AVectorThatIsNotFiniteIsNamed) {
  const fs::path broken = directory_ / "broken";
  const auto tokenizer = tokenizer::Tokenizer::load(env_, encoder_folder());
  const int32_t bad = tokenizer.encode("shoes").front();
  copy_encoder(broken, [bad](nn::MaskedLanguageModel& model) {
    model.named_parameters()["model.embeddings.tok_embeddings.weight"][bad].fill_(NAN);
  });
  const Embedder embedder(env_, broken, {.encoder = {.precision = nn::Precision::kF32}});
  const fs::path input = write("a.txt", "Brand 7\nshoes\n");
  EXPECT_EQ(test::error_of([&] { embed_file(env_, embedder, input, directory_ / "a.npy"); }),
            str_cat("numeric error: ", input.string(), ":2: the vector is not finite"));
  EXPECT_FALSE(env_.exists(directory_ / "a.npy"));
}

TEST_F(EmbedFileTest, AFailureAtAnyPointKeepsTheFileBefore) {
  const fs::path input = write("a.txt", "running shoes\nsize 7\n");
  for (const char* name : {"a.npy", "a.jsonl", "a.safetensors"}) {
    const fs::path output = write(name, "the file before");
    FaultInjectionEnv faults(env_);
    int64_t failures = 0;
    for (bool failed = true; failed; failures += failed) {
      faults.fail_after(failures + 1);
      failed = test::error_of([&] { embed_file(faults, embedder(), input, output); }) != "no error";
      if (failed && env_.read_file(output) != "the file before") {
        // Published, but not known to be durable: only the last step may leave that.
        EXPECT_EQ(failures + 1, faults.operations()) << name;
        write(name, "the file before");
      }
    }
    EXPECT_GE(failures, 5) << name << ": create, append, sync, rename, sync of the directory";
    EXPECT_NE(env_.read_file(output), "the file before");
  }
}

}  // namespace
}  // namespace rexbert::infer
