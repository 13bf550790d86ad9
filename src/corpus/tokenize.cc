#include "rexbert/corpus/tokenize.h"

#include <algorithm>
#include <charconv>
#include <cstring>
#include <memory>
#include <thread>
#include <utility>

#include "corpus/holdout.h"
#include "corpus/job_inputs.h"
#include "corpus/job_layout.h"
#include "corpus/journal.h"
#include "rexbert/core/compression.h"
#include "rexbert/core/error.h"
#include "rexbert/core/hash.h"
#include "rexbert/core/input_meter.h"
#include "rexbert/core/log.h"
#include "rexbert/core/progress.h"
#include "rexbert/core/strings.h"
#include "rexbert/core/units.h"
#include "rexbert/shard/shard.h"
#include "rexbert/text/input_files.h"
#include "rexbert/text/map_documents.h"
#include "rexbert/tokenizer/tokenizer.h"

namespace rexbert::corpus {
namespace {

constexpr uint64_t kBadLinesLogged = 20;
constexpr int32_t kUint16Ids = 1 << 16;

// The encoded documents of one batch of records, end to end.
struct EncodedBatch {
  struct Item {
    Position position;
    Split split;
    size_t id_end;
    size_t token_end;  // bytes
  };
  std::vector<Item> items;
  std::string ids;
  std::string tokens;  // little-endian, in the column's type
};

void append_tokens(const std::vector<int32_t>& tokens_T, shard::DType dtype, std::string& out) {
  const size_t begin = out.size();
  out.resize(begin + tokens_T.size() * shard::dtype_size(dtype));
  if (dtype == shard::DType::kUint32) {
    std::memcpy(out.data() + begin, tokens_T.data(), tokens_T.size() * sizeof(int32_t));
    return;
  }
  for (size_t i = 0; i < tokens_T.size(); ++i) {
    const auto token = static_cast<uint16_t>(tokens_T[i]);
    std::memcpy(out.data() + begin + 2 * i, &token, sizeof(token));
  }
}

// The output must not be found among the inputs when the job is started again.
void check_output_outside_inputs(Env& env, const TokenizeOptions& options) {
  const fs::path output = fs::absolute(options.output).lexically_normal();
  for (const std::string& input : options.inputs) {
    if (!env.is_directory(input)) continue;
    const fs::path relative = output.lexically_relative(fs::absolute(input).lexically_normal());
    if (relative.empty() || *relative.begin() == "..") continue;
    throw Error(ErrorCode::kUsage, str_cat(options.output.string(), ": expected an output folder ",
                                           "outside the input folder ", input));
  }
}

void check_options(Env& env, const TokenizeOptions& options) {
  if (options.part && (options.part->count < 1 || options.part->index < 1 ||
                       options.part->index > options.part->count || options.part->count > 99999)) {
    throw Error(ErrorCode::kUsage, str_cat("part: expected 1/1 to 99999/99999, got ",
                                           options.part->index, "/", options.part->count));
  }
  if (options.holdout.share < 0 || options.holdout.share >= 1 || options.holdout.at_least < 0) {
    throw Error(ErrorCode::kUsage,
                str_cat("holdout: expected a share in [0, 1) and a count of 0 or ", "more, got ",
                        options.holdout.share, " and ", options.holdout.at_least));
  }
  if (options.threads < 0 || options.threads > 4096) {
    throw Error(ErrorCode::kUsage, str_cat("threads: expected 0 to 4096, got ", options.threads));
  }
  // What the journal will hold must be usable: a wrong value in it could not be corrected later.
  parse_compression(options.compression);
  for (const std::string& algorithm : options.hashes) make_hasher(algorithm);
  if (!std::is_sorted(options.hashes.begin(), options.hashes.end(), std::less_equal<>())) {
    throw Error(ErrorCode::kUsage, str_cat("hashes: expected sorted names, each once, got ",
                                           str_join(options.hashes, ",")));
  }
  if (options.shard_bytes < 1024 || options.shard_bytes > (uint64_t{1} << 32) - 1) {
    throw Error(
        ErrorCode::kUsage,
        str_cat("shard_bytes: expected 1,024 to 4,294,967,295 bytes, got ", options.shard_bytes));
  }
  check_output_outside_inputs(env, options);
  for (const fs::path& file : text::expand_inputs(env, options.inputs)) {
    if (options.read.format == text::FileFormat::kByExtension && !text::has_text_extension(file)) {
      text::DocumentReader(env, file, 0, options.read, {});
    }
  }
}

Json job_settings(const TokenizeOptions& options, const std::string& fingerprint) {
  const Part part = options.part.value_or(Part{});
  return {{"tokenizer", fingerprint},
          {"text_field", options.read.text_field},
          {"id_field", options.read.id_field},
          {"format", static_cast<int>(options.read.format)},
          {"plain_text_unit", static_cast<int>(options.read.plain_text_unit)},
          {"max_record_bytes", options.read.max_record_bytes},
          {"holdout_share", options.holdout.share},
          {"holdout_at_least", options.holdout.at_least},
          {"seed", options.holdout.seed},
          {"part", part.index},
          {"parts", part.count},
          {"shard_bytes", options.shard_bytes},
          {"compression", options.compression},
          {"hashes", options.hashes}};
}

class TokenizeJob {
 public:
  TokenizeJob(Env& env, const TokenizeOptions& options)
      : env_(env),
        options_(options),
        layout_(options.output, options.part, options.holdout.enabled()),
        tokenizer_(tokenizer::Tokenizer::load(env, options.tokenizer)),
        inputs_(env, options),
        meter_(env),
        dtype_(tokenizer_.vocabulary_size() > kUint16Ids ? shard::DType::kUint32
                                                         : shard::DType::kUint16) {
    map_options_.read = options.read;
    const int cores = static_cast<int>(std::max(1u, std::thread::hardware_concurrency()));
    const int threads = options.threads == 0 ? cores : options.threads;
    map_options_.threads = threads == 1 ? 0 : threads;
  }

  TokenizeReport run() {
    const auto lock = is_whole() ? nullptr : lock_output();
    open_journal();
    if (!state_.finished) {
      open_streams();
      read_inputs();
      finish();
    } else if (!indexes_are_there()) {
      open_streams();
      publish_indexes();
    }
    if (env_.exists(layout_.lock())) env_.remove_file(layout_.lock());
    return report();
  }

 private:
  struct Stream {
    std::unique_ptr<shard::MdsWriter> writer;
    shard::StreamInfo::Shard pending;  // in the writer, not in a shard yet
    Position last;                     // of the last document given to the writer
  };

  Split last_split() const {
    return options_.holdout.enabled() ? Split::kValidation : Split::kTrain;
  }
  template <class Body>
  void for_each_stream(Body body) {
    for (const Split split : {Split::kTrain, Split::kValidation}) {
      if (split <= last_split()) body(split, streams_[static_cast<size_t>(split)]);
    }
  }
  JobState::Stream& done(Split split) { return state_.streams[static_cast<size_t>(split)]; }

  bool is_whole() {
    Json begun;
    return env_.exists(layout_.journal()) &&
           Journal::read(env_, layout_.journal(), begun).finished && indexes_are_there();
  }

  std::unique_ptr<FileLock> lock_output() {
    if (!env_.exists(layout_.journal())) {
      layout_.check_unused(env_);
      choose_holdout();  // may refuse: nothing is made before
    }
    env_.create_directories(layout_.output());
    auto lock = env_.try_lock(layout_.lock());
    if (lock == nullptr) {
      throw Error(ErrorCode::kUsage, str_cat(layout_.output().string(),
                                             ": another process writes this output; wait for its "
                                             "end or choose another folder"));
    }
    return lock;
  }

  void open_journal() {
    const Json job = {{"settings", job_settings(options_, tokenizer_.fingerprint())},
                      {"inputs", inputs_.describe(env_)}};
    if (env_.exists(layout_.journal())) {
      if (auto resumed = Journal::resume(env_, layout_.journal(), job)) {
        state_ = std::move(resumed->state);
        journal_ = std::move(resumed->journal);
        already_finished_ = state_.finished;
        check_published();
        return;
      }
    }
    layout_.check_unused(env_);
    if (!state_.holdout_cut) choose_holdout();
    journal_ = Journal::create(env_, layout_.journal(), job, state_.holdout_cut);
  }

  void choose_holdout() {
    if (options_.holdout.at_least == 0) return;
    uint64_t bytes = 0;
    for (size_t i = 0; i < inputs_.files().size(); ++i) bytes += inputs_.file_bytes(i);
    InputMeter meter(env_);
    Progress progress("choosing the holdout", bytes, format_bytes);
    state_.holdout_cut = find_holdout_cut(
        meter, inputs_.files(), map_options_, options_.holdout,
        [this](const text::BadLine& bad) {
          if (options_.on_error == text::OnError::kStop) stop_at(bad);
        },
        [&] { progress.update(meter.bytes_read()); });
  }

  [[noreturn]] static void stop_at(const text::BadLine& bad) {
    throw Error(ErrorCode::kCorrupt, to_string(bad));
  }

  // The shards that the journal lists must be there: a gap would shift every shard after it.
  void check_published() {
    for_each_stream([&](Split split, Stream&) {
      for (const shard::ShardInfo& info : done(split).shards) {
        const fs::path path = layout_.stream(split) /
                              (info.zip_data ? info.zip_data->basename : info.raw_data.basename);
        if (env_.exists(path) && env_.file_size(path) == info.stored_bytes()) continue;
        throw Error(ErrorCode::kCorrupt,
                    str_cat(path.string(), ": expected ", info.stored_bytes(), " bytes, as ",
                            layout_.journal().string(), " says, got ",
                            env_.exists(path) ? std::to_string(env_.file_size(path)) : "no file"));
      }
    });
  }

  void open_streams() {
    shard::WriterOptions options;
    options.columns = {{"id", "str"},
                       {"input_ids", "ndarray:" + std::string(shard::dtype_name(dtype_))}};
    options.compression = options_.compression;
    options.hashes = options_.hashes;
    options.size_limit = options_.shard_bytes;
    for_each_stream([&](Split split, Stream& stream) {
      const fs::path directory = layout_.stream(split);
      // An index without "finished" in the journal is of a job that was killed in its last moments.
      if (env_.exists(directory / shard::kIndexFile)) {
        env_.remove_file(directory / shard::kIndexFile);
      }
      stream.writer =
          std::make_unique<shard::MdsWriter>(env_, directory, options, done(split).shards);
      stream.last = done(split).last;
    });
  }

  // Sets counts_ to what was read before the file from which reading must begin, and returns it.
  size_t resume_point() {
    uint64_t complete = UINT64_MAX;
    for_each_stream(
        [&](Split split, Stream&) { complete = std::min(complete, done(split).last.file); });
    size_t file = inputs_.first();
    for (const JobState::FilesDone& entry : state_.files_done) {
      if (entry.files > complete) break;
      file = entry.files;
      counts_ = entry.counts;
    }
    replayed_bad_lines_ = static_cast<uint64_t>(
        std::count_if(state_.bad_lines.begin(), state_.bad_lines.end(),
                      [file](const Position& position) { return position.file >= file; }));
    return file;
  }

  void read_inputs() {
    size_t file = resume_point();
    uint64_t bytes = 0;
    for (size_t i = file; i < inputs_.end(); ++i) bytes += inputs_.file_bytes(i);
    Progress progress("tokenizing", bytes, format_bytes);
    const HoldoutRule rule(options_.holdout, state_.holdout_cut);
    const uint64_t recorded = state_.files_done.empty() ? 0 : state_.files_done.back().files;
    while (file < inputs_.end()) {
      const size_t end = inputs_.group_end(file);
      read_group(file, end, rule, progress);
      file = end;
      if (file > recorded) journal_->add_files_done({file, counts_});
    }
  }

  void read_group(size_t begin, size_t end, const HoldoutRule& rule, Progress& progress) {
    const std::vector<fs::path> files(inputs_.files().begin() + static_cast<std::ptrdiff_t>(begin),
                                      inputs_.files().begin() + static_cast<std::ptrdiff_t>(end));
    const text::ReadCounts counts = text::map_documents<EncodedBatch>(
        meter_, files, map_options_, [this](const text::BadLine& bad) { add_bad_line(bad); },
        [&] {
          return [this, &rule, begin, ids_T = std::vector<int32_t>()](
                     const text::Document& document, EncodedBatch& batch) mutable {
            encode(document, begin, rule, ids_T, batch);
          };
        },
        [&](EncodedBatch&& batch) {
          write(batch);
          progress.update(meter_.bytes_read(),
                          str_cat(format_count(documents_written_), " documents, ",
                                  format_count(tokens_written_), " tokens"));
        });
    // Bad lines were counted one by one: with dealt documents only this part's.
    const uint64_t bad = counts_.bad;
    counts_ += counts;
    counts_.bad = bad;
  }

  // Runs in many threads.
  void encode(const text::Document& document, size_t first_file, const HoldoutRule& rule,
              std::vector<int32_t>& ids_T, EncodedBatch& batch) const {
    const Position position{first_file + document.file_index, document.line};
    if (!inputs_.owns(position)) return;
    const Split split = rule.split(document.id, position);
    if (position <= state_.streams[static_cast<size_t>(split)].last) return;
    ids_T.clear();
    tokenizer_.encode_document(document.text, ids_T);
    append_tokens(ids_T, dtype_, batch.tokens);
    batch.ids += document.id;
    batch.items.push_back({position, split, batch.ids.size(), batch.tokens.size()});
  }

  void write(const EncodedBatch& batch) {
    size_t id_begin = 0;
    size_t token_begin = 0;
    for (const EncodedBatch::Item& item : batch.items) {
      std::get<std::string>(values_[0]).assign(batch.ids, id_begin, item.id_end - id_begin);
      auto& array = std::get<shard::NdArray>(values_[1]);
      const size_t bytes = item.token_end - token_begin;
      array.dtype = dtype_;
      array.shape.assign(1, bytes / shard::dtype_size(dtype_));
      array.values.assign(batch.tokens, token_begin, bytes);
      Stream& stream = streams_[static_cast<size_t>(item.split)];
      if (stream.writer->write(values_)) record_shard(item.split, stream);
      stream.pending.documents += 1;
      stream.pending.tokens += array.shape[0];
      stream.last = item.position;
      documents_written_ += 1;
      tokens_written_ += static_cast<int64_t>(array.shape[0]);
      id_begin = item.id_end;
      token_begin = item.token_end;
    }
  }

  void record_shard(Split split, Stream& stream) {
    JobState::Stream& published = done(split);
    published.shards.push_back(stream.writer->shards().back());
    published.counts.push_back(stream.pending);
    journal_->add_shard(split, published.shards.back(), stream.pending, stream.last);
    stream.pending = {};
  }

  void add_bad_line(const text::BadLine& bad) {
    const Position position{inputs_.index_of(bad.file), bad.line};
    if (!inputs_.owns(position)) return;
    counts_.bad += 1;
    if (replayed_bad_lines_ > 0) {
      --replayed_bad_lines_;
      return;
    }
    if (options_.on_error == text::OnError::kStop) stop_at(bad);
    journal_->add_bad_line(position, bad.reason);
    if (counts_.bad <= kBadLinesLogged) log::warning("skipped: " + to_string(bad));
    if (counts_.bad == kBadLinesLogged + 1) {
      log::warning("further bad lines go to " + layout_.bad_lines().string() + " only");
    }
  }

  void finish() {
    for_each_stream([&](Split split, Stream& stream) {
      const size_t before = stream.writer->shards().size();
      stream.writer->publish_pending();
      if (stream.writer->shards().size() > before) record_shard(split, stream);
    });
    // Bad lines must not be lost with a power failure that the shards survive.
    if (counts_.bad > 0) {
      journal_->sync();
      publish_file(env_, layout_.bad_lines(), bad_lines_report(env_, layout_.journal()));
    }
    publish_indexes();
    journal_->finish(counts_);
    state_.counts = counts_;
  }

  void publish_indexes() {
    for_each_stream([&](Split split, Stream& stream) {
      stream_info(split).save(env_, layout_.stream(split));
      const shard::Index index = stream.writer->finish();
      if (index.samples() == 0 && !options_.part) {
        log::warning(str_cat(layout_.stream(split).string(), ": no documents"));
      }
    });
  }

  bool indexes_are_there() {
    bool all = true;
    for_each_stream([&](Split split, Stream&) {
      const fs::path folder = layout_.stream(split);
      all = all && env_.exists(folder / shard::kIndexFile) &&
            env_.exists(folder / shard::kStreamInfoFile);
    });
    return all;
  }

  shard::StreamInfo stream_info(Split split) {
    shard::StreamInfo info;
    info.tokenizer_fingerprint = tokenizer_.fingerprint();
    info.vocabulary_size = tokenizer_.vocabulary_size();
    info.wrapped = true;
    info.shards = done(split).counts;
    Json files = Json::array();
    for (const fs::path& file : inputs_.files()) files.push_back(file.string());
    info.source = {{"command", "tokenize"},
                   {"split", split_name(split)},
                   {"settings", job_settings(options_, tokenizer_.fingerprint())},
                   {"inputs", files}};
    return info;
  }

  TokenizeReport report() {
    TokenizeReport report;
    report.already_finished = already_finished_;
    report.read = state_.counts;
    report.bad_lines_file = layout_.bad_lines();
    for_each_stream([&](Split split, Stream&) {
      StreamReport stream{layout_.stream(split), 0, 0, done(split).shards.size(), 0};
      for (const auto& counts : done(split).counts) {
        stream.documents += counts.documents;
        stream.tokens += counts.tokens;
      }
      for (const auto& info : done(split).shards) stream.stored_bytes += info.stored_bytes();
      report.streams.push_back(std::move(stream));
    });
    return report;
  }

  Env& env_;
  const TokenizeOptions& options_;
  const JobLayout layout_;
  const tokenizer::Tokenizer tokenizer_;
  const JobInputs inputs_;
  InputMeter meter_;
  const shard::DType dtype_;
  text::MapOptions map_options_;
  // Of what the journal said at the start; streams grow as shards are published. encode() reads
  // streams[].last from other threads: that member stays as it was at the start.
  JobState state_;
  std::optional<Journal> journal_;
  Stream streams_[2];
  text::ReadCounts counts_;
  uint64_t replayed_bad_lines_ = 0;
  int64_t documents_written_ = 0;
  int64_t tokens_written_ = 0;
  bool already_finished_ = false;
  std::array<shard::Value, 2> values_ = {std::string(), shard::NdArray()};
};

}  // namespace

Part parse_part(std::string_view text) {
  Part part;
  const char* const end = text.data() + text.size();
  const auto index = std::from_chars(text.data(), end, part.index);
  const bool slash = index.ec == std::errc() && index.ptr != end && *index.ptr == '/';
  const auto count = slash ? std::from_chars(index.ptr + 1, end, part.count) : index;
  if (!slash || count.ec != std::errc() || count.ptr != end || part.index < 1 ||
      part.index > part.count) {
    throw Error(ErrorCode::kUsage,
                str_cat("part: expected i/n with 1 <= i <= n, got ", str_quote(text)));
  }
  return part;
}

TokenizeReport tokenize(Env& env, const TokenizeOptions& options) {
  check_options(env, options);
  return TokenizeJob(env, options).run();
}

}  // namespace rexbert::corpus
