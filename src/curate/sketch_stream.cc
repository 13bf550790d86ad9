// What deduplication on many machines takes from here: sketches, and lines copied without some.

#include "curate/document_fields.h"
#include "curate/line_batches.h"
#include "curate/sketcher.h"
#include "curate/stages.h"
#include "rexbert/core/error.h"
#include "rexbert/core/strings.h"
#include "rexbert/curate/pipeline.h"

namespace rexbert::curate {
namespace {

constexpr size_t kSketchBytes = size_t{1} << 20;
// As rewrite_files() has them, so that the copies have the same bytes.
constexpr size_t kCopyBytes = size_t{4} << 20;

template <class Number>
std::string hex(const Number* numbers, size_t count) {
  constexpr char kDigits[] = "0123456789abcdef";
  std::string text;
  text.reserve(count * sizeof(Number) * 2);
  for (size_t i = 0; i < count; ++i) {
    for (int shift = 8 * sizeof(Number) - 4; shift >= 0; shift -= 4) {
      text += kDigits[numbers[i] >> shift & 15];
    }
  }
  return text;
}

std::string sketch_lines(const SketchFunctions& functions, const LineBatch& batch,
                         const std::string& path) {
  FieldParser parser;
  Sketcher sketcher(functions);
  std::string lines;
  uint64_t number = batch.first;
  for (const std::string_view line : batch.lines()) {
    ++number;
    const DocumentFields fields = parser.parse(line, str_cat(path, ":", number));
    const DocumentSketch& sketch = sketcher(fields.text);
    Json json = {{"line", number},
                 {"id", fields.id},
                 {"bytes", fields.text.size()},
                 {"hash", hex(sketch.hash.data(), sketch.hash.size())},
                 {"bands", hex(sketch.band_keys.data(), sketch.band_keys.size())},
                 {"shingles", hex(sketch.shingles.data(), sketch.shingles.size())}};
    if (fields.score) json["score"] = *fields.score;
    lines += json.dump() + "\n";
  }
  return lines;
}

// `next`: of the dropped lines, the first that is not met yet.
std::string copied_lines(const LineBatch& batch, const CopyOptions& options,
                         const std::string& path, size_t& next) {
  const std::vector<uint64_t>& dropped = options.dropped;
  std::string lines;
  uint64_t number = batch.first;
  for (const std::string_view line : batch.lines()) {
    ++number;
    if (next < dropped.size() && dropped[next] == number) {
      ++next;
    } else if (options.json) {
      lines += parse_json(line, str_cat(path, ":", number)).dump() + "\n";
    } else {
      lines.append(line).append(1, '\n');
    }
  }
  return lines;
}

}  // namespace

void sketch_stream(Env& env, const CurateConfig& config, const fs::path& input,
                   const std::function<void(const std::string&)>& write) {
  const SketchFunctions functions(config.dedup.near);
  LineBatchReader reader(env, input, kSketchBytes);
  ordered_map<LineBatch, std::string>(
      threads_for(config.run.threads), [&] { return reader.next(); },
      [&] {
        return [&](LineBatch&& batch) { return sketch_lines(functions, batch, input.string()); };
      },
      [&](std::string&& lines) { write(lines); });
}

void copy_lines(Env& env, const fs::path& input, const CopyOptions& options,
                const std::function<void(const std::string&)>& write) {
  LineBatchReader reader(env, input, kCopyBytes);
  size_t next = 0;
  while (const auto batch = reader.next()) {
    write(copied_lines(*batch, options, input.string(), next));
  }
  if (next == options.dropped.size()) return;
  throw Error(ErrorCode::kUsage,
              str_cat(input.string(), ": expected rising numbers of its lines, got ",
                      options.dropped[next], " out of order or behind the last"));
}

void copy_lines(Env& env, const fs::path& input, const CopyOptions& options,
                const fs::path& output) {
  const bool compressed = output.extension() == ".zst";
  PublishedFile file(env, output);
  copy_lines(env, input, options, [&](const std::string& lines) {
    file.append(compressed && !lines.empty() ? zstd_frame(lines) : lines);
  });
  file.publish();
}

}  // namespace rexbert::curate
