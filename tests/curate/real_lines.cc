#include "curate/real_lines.h"

#include "rexbert/core/hash.h"
#include "rexbert/curate/document.h"
#include "rexbert/text/document_reader.h"

namespace rexbert::test {
namespace {

int half_of(std::string_view id) {
  const char digit = hash_hex("md5", id)[1];
  return (digit <= '9' ? digit - '0' : digit - 'a') & 1;
}

}  // namespace

void read_half(const fs::path& path, int half, std::map<std::string, std::vector<Lines>>& all) {
  text::DocumentReader reader(Env::posix(), path, 0, {},
                              text::make_bad_line_handler(text::OnError::kStop));
  text::Document document;
  while (reader.next(document)) {
    if (half_of(document.id) != half) continue;
    Lines lines;
    for (const std::string_view line : curate::split_lines(document.text)) {
      if (line.find_first_not_of(" \t\r") != std::string_view::npos) lines.emplace_back(line);
    }
    const std::string source(document.id.substr(0, document.id.find('-')));
    if (!lines.empty()) all[source].push_back(std::move(lines));
  }
}

}  // namespace rexbert::test
