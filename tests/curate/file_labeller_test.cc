#include "rexbert/curate/file_labeller.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "rexbert/core/compression.h"
#include "support/errors.h"
#include "support/temporary_directory.h"

namespace rexbert::curate {
namespace {

using test::error_of;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

class FileLabelling : public ::testing::Test {
 protected:
  FileLabeller labeller(const std::string& contents) {
    write_synced_file(Env::posix(), folder / "labels.jsonl", contents);
    return FileLabeller(Env::posix(), folder / "labels.jsonl");
  }
  std::string problem(const std::string& contents) {
    return error_of([&] { labeller(contents); });
  }

  test::TemporaryDirectory folder;
};

LabelTask task(const std::string& id, const std::string& text, std::vector<uint32_t> lines) {
  return {.document = {.id = id, .text = text}, .lines = std::move(lines), .labels = {}};
}

constexpr const char* kLabels =
    "{\"id\": \"a\", \"line\": 2, \"label\": 1}\n"
    "{\"id\": \"b\", \"labels\": [1, null, 0]}\n"
    "\n"
    "{\"id\": \"a\", \"line\": 0, \"label\": 0}\n";

TEST_F(FileLabelling, GivesLabelsAndCountsThoseMissing) {
  FileLabeller file = labeller(kLabels);
  std::vector<LabelTask> tasks = {task("b", "x\ny\nz\n", {0, 1, 2}), task("c", "x", {0}),
                                  task("a", "x\ny\nz\nz\n", {0, 1, 2})};
  file.label(tasks);
  EXPECT_THAT(tasks[0].labels, ElementsAre(Label::kEcommerce, Label::kFailed, Label::kOther));
  EXPECT_THAT(tasks[1].labels, ElementsAre(Label::kFailed));
  EXPECT_THAT(tasks[2].labels, ElementsAre(Label::kOther, Label::kFailed, Label::kEcommerce));
  EXPECT_EQ(file.report(),
            Json({{"labelled_lines", 4}, {"failed_lines", 3}, {"documents_not_asked_about", 0}}));
}

TEST_F(FileLabelling, ReadsCompressedFiles) {
  write_synced_file(Env::posix(), folder / "labels.jsonl.zst",
                    compress(parse_compression("zstd"), kLabels));
  FileLabeller file(Env::posix(), folder / "labels.jsonl.zst");
  std::vector<LabelTask> tasks = {task("b", "x\ny\nz\n", {0})};
  file.label(tasks);
  EXPECT_THAT(tasks[0].labels, ElementsAre(Label::kEcommerce));
}

TEST_F(FileLabelling, LocatesSecondLabels) {
  const std::string one = "{\"id\": \"a\", \"line\": 2, \"label\": 1}\n";
  const std::string all = "{\"id\": \"a\", \"labels\": [1, 1, 0]}\n";
  for (const std::string& contents : {one + one, all + all, one + all, all + one}) {
    EXPECT_THAT(problem(contents),
                AllOf(HasSubstr("corrupt data: "), HasSubstr("labels.jsonl:2: a second label"),
                      HasSubstr("of \"a\", which begins at line 1")))
        << contents;
  }
}

TEST_F(FileLabelling, LocatesWhatIsNoLabel) {
  const auto at_two = [&](const std::string& line) { return problem("\n" + line + "\n"); };
  EXPECT_THAT(at_two("{"), HasSubstr("labels.jsonl:2: line 1, column 2"));
  EXPECT_THAT(at_two("{\"line\": 0, \"label\": 1}"), HasSubstr("labels.jsonl:2: id: missing"));
  EXPECT_THAT(at_two("{\"id\": \"a\", \"label\": 1}"), HasSubstr("labels.jsonl:2: line: missing"));
  EXPECT_THAT(at_two("{\"id\": \"a\", \"line\": 0}"), HasSubstr("labels.jsonl:2: label: missing"));
  EXPECT_THAT(at_two("{\"id\": \"a\", \"line\": -1, \"label\": 1}"),
              HasSubstr("labels.jsonl:2: line"));
  EXPECT_THAT(at_two("{\"id\": \"a\", \"line\": 0, \"label\": \"yes\"}"),
              HasSubstr("labels.jsonl:2: expected the label 1, 0 or null"));
  EXPECT_THAT(at_two("{\"id\": \"a\", \"labels\": [1, 3]}"),
              HasSubstr("labels.jsonl:2: labels[1]"));
  EXPECT_THAT(error_of([&] { FileLabeller(Env::posix(), folder / "none"); }),
              HasSubstr("not found"));
}

TEST_F(FileLabelling, LocatesLabelsOfOtherDocuments) {
  FileLabeller file = labeller(kLabels);
  std::vector<LabelTask> shorter = {task("b", "x\ny\n", {0})};
  EXPECT_THAT(error_of([&] { file.label(shorter); }),
              HasSubstr("labels.jsonl:2: labels for 3 lines of \"b\", which has 2"));
  std::vector<LabelTask> too_few = {task("a", "x\ny\n", {0})};
  EXPECT_THAT(error_of([&] { file.label(too_few); }),
              HasSubstr("labels.jsonl:1: labels for 3 lines of \"a\", which has 2"));
  FileLabeller unused = labeller(kLabels);
  std::vector<LabelTask> only_a = {task("a", "x\ny\nz\n", {0})};
  unused.label(only_a);
  EXPECT_EQ(unused.report()["documents_not_asked_about"], 1);
}

}  // namespace
}  // namespace rexbert::curate
