#include <gmock/gmock.h>

#include <algorithm>
#include <memory>
#include <ostream>
#include <string>
#include <vector>

#include "rexbert/core/philox.h"
#include "rexbert/core/strings.h"
#include "rexbert/text/record_reader.h"

namespace rexbert::text {
namespace {

// Hands out a string in pieces of random size.
class Drops final : public ByteSource {
 public:
  Drops(std::string data, uint64_t seed) : data_(std::move(data)), rng_(seed, Purpose::kTest) {}
  size_t read(char* out, size_t capacity) override {
    const size_t most = std::min({capacity, data_.size() - at_, size_t{7}});
    if (most == 0) return 0;
    const size_t size = 1 + rng_.next_below(most);
    data_.copy(out, size, at_);
    at_ += size;
    return size;
  }

 private:
  std::string data_;
  size_t at_ = 0;
  KeyedRng rng_;
};

struct Expected {
  std::string bytes;
  uint64_t line;
  uint64_t offset;
  bool too_long;
  bool operator==(const Expected&) const = default;
};

void PrintTo(const Expected& record, std::ostream* out) {
  *out << str_quote(record.bytes) << " at line " << record.line << ", offset " << record.offset
       << (record.too_long ? ", too long" : "");
}

std::vector<Expected> records(const std::string& data, PlainTextUnit unit, uint64_t limit,
                              uint64_t seed) {
  RecordReader reader(std::make_unique<Drops>(data, seed), unit, limit);
  std::vector<Expected> all;
  Record record;
  while (reader.next(record)) {
    all.push_back({std::string(record.bytes), record.line, record.offset, record.too_long});
  }
  EXPECT_EQ(reader.consumed(), data.size());
  return all;
}

// The definition, on the whole text at once.
std::vector<Expected> lines_of(const std::string& data, uint64_t limit) {
  std::vector<Expected> all;
  uint64_t line = 1;
  for (size_t at = 0; at < data.size(); ++line) {
    const size_t newline = std::min(data.find('\n', at), data.size());
    std::string bytes = data.substr(at, newline - at);
    if (bytes.ends_with('\r')) bytes.pop_back();
    const bool too_long = bytes.size() > limit;
    all.push_back({too_long ? "" : bytes, line, at, too_long});
    at = newline + 1;
  }
  return all;
}

std::string random_text(KeyedRng& rng) {
  std::string data;
  const uint64_t size = rng.next_below(120);
  for (uint64_t i = 0; i < size; ++i) data.push_back("ab\n\r\n "[rng.next_below(6)]);
  return data;
}

TEST(RecordReader, LinesFollowTheirDefinitionHoweverTheBytesArrive) {
  KeyedRng rng(1, Purpose::kTest);
  for (uint64_t seed = 0; seed < 2000; ++seed) {
    const std::string data = random_text(rng);
    const uint64_t limit = seed % 3 == 0 ? 4 : 1000;
    EXPECT_EQ(records(data, PlainTextUnit::kLine, limit, seed), lines_of(data, limit))
        << str_quote(data, 200);
  }
}

TEST(RecordReader, ParagraphsDoNotDependOnHowTheBytesArrive) {
  KeyedRng rng(2, Purpose::kTest);
  for (uint64_t seed = 0; seed < 2000; ++seed) {
    const std::string data = random_text(rng);
    const auto all = records(data, PlainTextUnit::kParagraph, 1000, seed);
    EXPECT_EQ(all, records(data, PlainTextUnit::kParagraph, 1000, seed + 10'000))
        << str_quote(data, 200);
    for (const Expected& paragraph : all) {
      EXPECT_FALSE(paragraph.bytes.empty());
      EXPECT_EQ(paragraph.bytes.find("\n\n"), std::string::npos) << str_quote(data, 200);
      EXPECT_EQ(data.compare(paragraph.offset, paragraph.bytes.size(), paragraph.bytes), 0);
      EXPECT_EQ(paragraph.line,
                1 + static_cast<uint64_t>(std::count(
                        data.begin(), data.begin() + static_cast<long>(paragraph.offset), '\n')));
    }
  }
}

TEST(RecordReader, AParagraphAboveTheLimitEndsWhereItEnds) {
  const std::string data = "ab\n\n" + std::string(3'000'000, 'x') + "\ny\n\nz\nz\n";
  for (uint64_t seed = 0; seed < 3; ++seed) {
    const auto all = records(data, PlainTextUnit::kParagraph, 100, seed);
    ASSERT_EQ(all.size(), 3u);
    EXPECT_EQ(all[0], (Expected{"ab", 1, 0, false}));
    EXPECT_EQ(all[1], (Expected{"", 3, 4, true}));
    EXPECT_EQ(all[2], (Expected{"z\nz", 6, data.size() - 4, false}));
  }
}

}  // namespace
}  // namespace rexbert::text
