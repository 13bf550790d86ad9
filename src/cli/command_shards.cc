#include <CLI/CLI.hpp>
#include <charconv>
#include <cstdio>
#include <functional>
#include <memory>
#include <string>

#include "cli/commands.h"
#include "rexbert/core/error.h"
#include "rexbert/core/progress.h"
#include "rexbert/core/strings.h"
#include "rexbert/core/units.h"
#include "rexbert/net/web_env.h"
#include "rexbert/shard/shard.h"

namespace rexbert::cli {
namespace {

struct Options {
  std::string directory;  // or a URL
  std::string shards = "0";
  std::string samples = "0";
  size_t limit = 32;
};

// [begin, end) from "3", "2:5", "2:" or ":", within [0, size).
struct Range {
  uint64_t begin = 0;
  uint64_t end = 0;
};

Range parse_range(const std::string& option, const std::string& text, uint64_t size) {
  const auto number = [&](const std::string& digits, uint64_t fallback) {
    uint64_t value = fallback;
    const char* const end = digits.data() + digits.size();
    if (digits.empty()) return value;
    const auto [stop, status] = std::from_chars(digits.data(), end, value);
    return stop == end && status == std::errc() ? value : size + 1;
  };
  const std::vector<std::string> parts = str_split(text, ':');
  Range range;
  range.begin = number(parts[0], 0);
  range.end = parts.size() > 1 ? number(parts[1], size) : range.begin + 1;
  if (text.empty() || parts.size() > 2 || range.begin > range.end || range.end > size) {
    throw Error(ErrorCode::kUsage, str_cat(option, ": expected a number or first:end within 0:",
                                           size, ", got ", str_quote(text)));
  }
  return range;
}

void print_field(const char* name, const std::string& value) {
  std::printf("%-12s %s\n", name, value.c_str());
}

void print_info(const Options& options) {
  net::WebEnv env(Env::posix(), net::storage_options());
  const auto stream = shard::describe_stream(env, options.directory);
  print_field("shards", format_count(static_cast<int64_t>(stream.shards)));
  print_field("samples", format_count(static_cast<int64_t>(stream.samples)));
  print_field("tokens", stream.info ? format_count(static_cast<int64_t>(stream.info->tokens()))
                                    : "unknown (no rexbert.json); verify counts them");
  print_field("raw", format_bytes(stream.raw_bytes));
  print_field("stored", format_bytes(stream.stored_bytes));
  print_field("shard size", stream.size_limit ? "at most " + format_bytes(*stream.size_limit)
                                              : std::string("no limit"));
  print_field("compression", str_join(stream.compression, ", "));
  print_field("hashes", stream.hashes.empty() ? "none" : str_join(stream.hashes, ", "));
  for (const shard::Column& column : stream.columns) {
    print_field("column", column.name + "  " + column.encoding);
  }
  if (!stream.info) return;
  print_field("tokenizer", stream.info->tokenizer_fingerprint);
  print_field("vocabulary", format_count(stream.info->vocabulary_size));
  print_field("documents", stream.info->wrapped ? "[CLS] and [SEP] around each" : "as they came");
}

// Shows how many of all shards are done, from the first call on.
class ShardProgress {
 public:
  explicit ShardProgress(const char* what) : what_(what) {}

  void operator()(uint64_t done, uint64_t total) {
    if (!progress_) {
      progress_ = std::make_unique<Progress>(what_, total, [](uint64_t shards) {
        return format_count(static_cast<int64_t>(shards)) + " shards";
      });
    }
    progress_->update(done);
  }
  void finish() { progress_.reset(); }

 private:
  const char* what_;
  std::unique_ptr<Progress> progress_;
};

void print_verify(const Options& options) {
  ShardProgress progress("verify");
  net::WebEnv env(Env::posix(), net::storage_options());
  const auto report = shard::verify_stream(env, options.directory, std::ref(progress));
  progress.finish();
  for (const std::string& problem : report.problems) std::printf("%s\n", problem.c_str());
  std::printf("%s shards, %s samples, %s tokens, %s read: %s\n",
              format_count(static_cast<int64_t>(report.shards)).c_str(),
              format_count(static_cast<int64_t>(report.samples)).c_str(),
              report.tokens ? format_count(static_cast<int64_t>(*report.tokens)).c_str() : "no",
              format_bytes(report.bytes).c_str(), report.ok() ? "sound" : "damaged");
  if (!report.ok()) {
    throw Error(
        ErrorCode::kCorrupt,
        str_cat(options.directory, ": expected a sound stream, got ", report.problems.size(),
                report.problems.size() == 1 ? " problem" : " problems"));
  }
}

void print_samples(const Options& options) {
  net::WebEnv env(Env::posix(), net::storage_options());
  const auto index = shard::Index::load(env, options.directory);
  const Range shards = parse_range("--shard", options.shards, index.shards.size());
  for (uint64_t i = shards.begin; i < shards.end; ++i) {
    const auto reader = shard::ShardReader::open(env, options.directory, index.shards[i]);
    const Range samples = parse_range("--sample", options.samples, reader->samples());
    for (uint64_t sample = samples.begin; sample < samples.end; ++sample) {
      std::printf("shard %llu sample %llu\n%s", static_cast<unsigned long long>(i),
                  static_cast<unsigned long long>(sample),
                  shard::render_sample(*reader, sample, {.limit = options.limit}).c_str());
    }
  }
}

CLI::App* add_subcommand(CLI::App& parent, const char* name, const char* what, const char* example,
                         const std::shared_ptr<Options>& options, void (*body)(const Options&)) {
  CLI::App* const command = parent.add_subcommand(name, what);
  command->footer(std::string("Example:\n  ") + example);
  command
      ->add_option("directory", options->directory,
                   "Directory that holds index.json, or its URL (s3://, https://, http://)")
      ->required();
  command->callback([options, body] { body(*options); });
  return command;
}

struct SyncArguments {
  std::string from;
  std::string to;
  int32_t parallel = shard::SyncOptions().parallel;
};

void print_sync(const SyncArguments& arguments) {
  ShardProgress progress("sync");
  const auto report =
      shard::sync_stream(Env::posix(), arguments.from, arguments.to,
                         {.parallel = arguments.parallel, .progress = std::ref(progress)});
  progress.finish();
  std::printf("%s shards copied (%s), %s there already: %s\n",
              format_count(static_cast<int64_t>(report.copied)).c_str(),
              format_bytes(report.bytes).c_str(),
              format_count(static_cast<int64_t>(report.skipped)).c_str(), arguments.to.c_str());
}

void add_sync(CLI::App& shards) {
  CLI::App* const command = shards.add_subcommand(
      "sync", "Copy a stream between a directory and object storage, what is there passed over");
  command->footer(
      "Examples:\n"
      "  rexbert shards sync shards/general/train s3://bucket/general/train\n"
      "  rexbert shards sync s3://bucket/general/train /data/general/train");
  const auto arguments = std::make_shared<SyncArguments>();
  command->add_option("from", arguments->from, "Directory or URL of the stream")->required();
  command->add_option("to", arguments->to, "URL or directory, the other of the two")->required();
  command->add_option("--parallel", arguments->parallel, "Files at the same time")
      ->capture_default_str()
      ->check(CLI::Range(1, 256));
  command->callback([arguments] { print_sync(*arguments); });
}

}  // namespace

void add_shards_command(CLI::App& app) {
  CLI::App* const shards =
      app.add_subcommand("shards", "Look into and check streams of token shards");
  shards->require_subcommand(1);
  shards->footer("Example:\n  rexbert shards verify shards/general");
  const auto options = std::make_shared<Options>();
  add_subcommand(*shards, "info", "Print sizes, columns and origin, from the index alone",
                 "rexbert shards info shards/general", options, print_info);
  add_subcommand(*shards, "verify", "Read everything: sizes, hashes, headers, every sample",
                 "rexbert shards verify shards/general", options, print_verify);
  CLI::App* const show = add_subcommand(
      *shards, "show", "Print samples",
      "rexbert shards show shards/general --shard 0 --sample 10:13", options, print_samples);
  show->add_option("--shard", options->shards, "Shards: a number or first:end")
      ->capture_default_str();
  show->add_option("--sample", options->samples, "Samples of each shard: a number or first:end")
      ->capture_default_str();
  show->add_option("--limit", options->limit, "Array elements shown; 0 shows all")
      ->capture_default_str();
  add_sync(*shards);
}

}  // namespace rexbert::cli
