#include "datasets/line_reader.h"

#include <algorithm>

#include "rexbert/core/compression.h"
#include "rexbert/core/error.h"
#include "rexbert/core/strings.h"
#include "rexbert/text/document_reader.h"
#include "rexbert/text/utf8.h"

namespace rexbert::datasets {

LineReader::LineReader(Env& env, const fs::path& path)
    : file_(path.string()),
      records_(open_byte_source(env, path), text::PlainTextUnit::kLine,
               text::ReadOptions().max_record_bytes) {}

bool LineReader::next() {
  if (!records_.next(record_)) return false;
  if (record_.too_long) {
    fail(str_cat("a line of at most ", text::ReadOptions().max_record_bytes, " bytes"), "more");
  }
  if (!text::is_utf8(record_.bytes)) fail("UTF-8", str_quote(record_.bytes));
  return true;
}

std::string LineReader::where() const {
  return str_cat(file_, ":", std::max<uint64_t>(record_.line, 1));
}

void LineReader::fail(std::string_view expected, std::string_view got) const {
  throw Error(ErrorCode::kCorrupt, str_cat(where(), ": expected ", expected, ", got ", got));
}

}  // namespace rexbert::datasets
