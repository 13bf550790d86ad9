#include "rexbert/text/map_documents.h"

#include <gmock/gmock.h>

#include <atomic>

#include "support/temporary_directory.h"
#include "text/text_test_util.h"

namespace rexbert::text {
namespace {

class MapDocuments : public testing::Test {
 protected:
  void SetUp() override {
    for (int file = 0; file < 3; ++file) {
      std::string contents;
      for (int line = 0; line < 500; ++line) {
        contents += line % 50 == 49 ? "not json\n"
                                    : "{\"text\":\"f" + std::to_string(file) + " l" +
                                          std::to_string(line) + "\"}\n";
      }
      files_.push_back(write_file(directory_.path() / (std::to_string(file) + ".jsonl"), contents));
    }
  }

  struct Joined {
    std::vector<std::string> events;
    std::vector<size_t> batches;
    ReadCounts counts;
  };

  Joined run(int threads) {
    Joined joined;
    MapOptions options;
    options.threads = threads;
    options.batch_bytes = 700;
    using Texts = std::vector<std::string>;
    joined.counts = map_documents<Texts>(
        Env::posix(), files_, options,
        [&joined](const BadLine& bad) { joined.events.push_back(to_string(bad)); },
        [] {
          return [](const Document& document, Texts& texts) {
            texts.push_back(std::string(document.id) + " " + std::string(document.text) + " " +
                            std::to_string(document.file_index));
          };
        },
        [&joined](Texts&& texts) {
          joined.batches.push_back(texts.size());
          joined.events.insert(joined.events.end(), texts.begin(), texts.end());
        });
    return joined;
  }

  test::TemporaryDirectory directory_;
  std::vector<fs::path> files_;
};

TEST_F(MapDocuments, ResultsAndBadLinesComeInInputOrderOnAnyNumberOfThreads) {
  const Joined alone = run(0);
  EXPECT_EQ(alone.counts.documents, 3u * 490);
  EXPECT_EQ(alone.counts.bad, 30u);
  EXPECT_EQ(alone.events.size(), 1500u);
  EXPECT_GT(alone.batches.size(), 30u);
  EXPECT_EQ(alone.events.front(), "0.jsonl:1 f0 l0 0");
  EXPECT_EQ(alone.events.back(), "2.jsonl:499 f2 l498 2");
  for (const int threads : {1, 2, 5}) {
    const Joined many = run(threads);
    EXPECT_EQ(many.events, alone.events);
    EXPECT_EQ(many.batches, alone.batches);
    EXPECT_EQ(many.counts.file_bytes, alone.counts.file_bytes);
    EXPECT_EQ(many.counts.text_bytes, alone.counts.text_bytes);
  }
}

TEST_F(MapDocuments, TheFirstFailureEndsTheJob) {
  files_.insert(files_.begin() + 1, directory_.path() / "missing.jsonl");
  for (const int threads : {0, 3}) {
    EXPECT_THAT(error_of([&] { run(threads); }), testing::HasSubstr("missing.jsonl"));
  }
  files_.erase(files_.begin() + 1);
  for (const int threads : {0, 1, 3}) {
    MapOptions options;
    options.threads = threads;
    options.batch_bytes = 100;
    const auto job = [&](bool in_mapper, bool in_consumer) {
      return error_of([&] {
        map_documents<int>(
            Env::posix(), files_, options, make_bad_line_handler(OnError::kStop),
            [in_mapper] {
              return [in_mapper](const Document& document, int&) {
                if (in_mapper && document.line == 20) throw Error(ErrorCode::kIo, "mapper");
              };
            },
            [in_consumer](int&&) {
              if (in_consumer) throw Error(ErrorCode::kIo, "consumer");
            });
      });
    };
    EXPECT_EQ(job(true, false), "I/O error: mapper");
    EXPECT_EQ(job(false, true), "I/O error: consumer");
    EXPECT_THAT(job(false, false),
                testing::StartsWith("corrupt data: " + files_[0].string() + ":50: broken"));
  }
}

TEST_F(MapDocuments, EachWorkerMakesItsOwnMapper) {
  std::atomic<int> mappers = 0;
  MapOptions options;
  options.threads = 2;
  map_documents<int>(
      Env::posix(), files_, options, [](const BadLine&) {},
      [&mappers] {
        ++mappers;
        return [](const Document&, int&) {};
      },
      [](int&&) {});
  EXPECT_GE(mappers, 1);
  EXPECT_LE(mappers, 2);
}

}  // namespace
}  // namespace rexbert::text
