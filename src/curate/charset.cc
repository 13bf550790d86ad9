#include "curate/charset.h"

#include <iconv.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

#include "curate/header_fields.h"
#include "rexbert/core/error.h"
#include "rexbert/core/strings.h"
#include "rexbert/text/utf8.h"

namespace rexbert::curate {
namespace {

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";

// Labels that mean another charset than their name says, or that iconv calls by another name.
constexpr std::array<std::pair<std::string_view, const char*>, 22> kLabels = {{
    {"utf8", "UTF-8"},        {"ascii", "CP1252"},         {"us-ascii", "CP1252"},
    {"latin1", "CP1252"},     {"iso-8859-1", "CP1252"},    {"iso8859-1", "CP1252"},
    {"iso_8859-1", "CP1252"}, {"windows-1252", "CP1252"},  {"iso-8859-9", "CP1254"},
    {"latin5", "CP1254"},     {"iso-8859-11", "CP874"},    {"tis-620", "CP874"},
    {"windows-874", "CP874"}, {"gb2312", "GB18030"},       {"gbk", "GB18030"},
    {"shift_jis", "CP932"},   {"shift-jis", "CP932"},      {"x-sjis", "CP932"},
    {"euc-kr", "CP949"},      {"ks_c_5601-1987", "CP949"}, {"big5", "BIG5-HKSCS"},
    {"utf-16", "UTF-16LE"},
}};

std::string meta_charset(std::string_view page) {
  const std::string head = to_lower_ascii(page.substr(0, 1024));
  constexpr std::string_view kWord = "charset";
  for (size_t at = head.find("<meta"); at != std::string::npos; at = head.find("<meta", at + 1)) {
    const std::string_view tag = std::string_view(head).substr(at, head.find('>', at) - at);
    const size_t word = tag.find(kWord);
    if (word == std::string_view::npos) continue;
    std::string_view value = str_trim(tag.substr(word + kWord.size()));
    if (!value.starts_with('=')) continue;
    const size_t begin = value.find_first_not_of("= \t\r\n\"'");
    if (begin == std::string_view::npos) continue;
    value.remove_prefix(begin);
    return std::string(value.substr(0, value.find_first_of(" \t\r\n\"';/")));
  }
  return {};
}

class Converter {
 public:
  explicit Converter(const std::string& charset) : handle_(iconv_open("UTF-8", charset.c_str())) {
    if (handle_ == reinterpret_cast<iconv_t>(-1)) {
      throw Error(ErrorCode::kCorrupt, str_cat("unknown charset ", str_quote(charset)));
    }
  }
  ~Converter() { iconv_close(handle_); }
  Converter(const Converter&) = delete;
  Converter& operator=(const Converter&) = delete;

  // `replaced` is set to how many bytes had to be.
  std::string convert(std::string_view text, size_t& replaced) {
    std::string out;
    std::array<char, 16384> block;
    char* from = const_cast<char*>(text.data());
    size_t left = text.size();
    replaced = 0;
    while (left > 0) {
      char* to = block.data();
      size_t room = block.size();
      const size_t status = iconv(handle_, &from, &left, &to, &room);
      out.append(block.data(), block.size() - room);
      if (status != static_cast<size_t>(-1) || errno == E2BIG) continue;
      out += kReplacement;
      ++replaced;
      ++from;
      --left;
    }
    return out;
  }

 private:
  iconv_t handle_;
};

std::string iconv_name(std::string_view label) {
  const std::string lower = to_lower_ascii(str_trim(label));
  for (const auto& [known, name] : kLabels) {
    if (lower == known) return name;
  }
  // iconv takes options behind slashes.
  const bool plain = std::all_of(lower.begin(), lower.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.';
  });
  if (!plain) {
    throw Error(ErrorCode::kCorrupt, str_cat("unknown charset ", str_quote(label)));
  }
  return lower;
}

std::string charset_of(std::string_view& page, std::string_view declared) {
  constexpr std::array<std::pair<std::string_view, const char*>, 3> kMarks = {
      {{"\xEF\xBB\xBF", "UTF-8"}, {"\xFF\xFE", "UTF-16LE"}, {"\xFE\xFF", "UTF-16BE"}}};
  for (const auto& [mark, name] : kMarks) {
    if (!page.starts_with(mark)) continue;
    page.remove_prefix(mark.size());
    return name;
  }
  if (!declared.empty()) return iconv_name(declared);
  const std::string meta = meta_charset(page);
  // What can be read here as ASCII is not UTF-16.
  if (meta.starts_with("utf-16")) return "UTF-8";
  if (!meta.empty()) return iconv_name(meta);
  return text::is_utf8(page) ? "UTF-8" : "CP1252";
}

}  // namespace

std::string page_to_utf8(std::string_view page, std::string_view declared) {
  const std::string charset = charset_of(page, declared);
  if ((charset == "UTF-8" || charset == "utf-8") && text::is_utf8(page)) return std::string(page);
  size_t replaced = 0;
  std::string text = Converter(charset).convert(page, replaced);
  if (replaced * 100 > page.size()) {
    throw Error(ErrorCode::kCorrupt, str_cat("expected text in ", charset, ", got ", replaced,
                                             " of ", page.size(), " bytes that are not"));
  }
  return text;
}

}  // namespace rexbert::curate
