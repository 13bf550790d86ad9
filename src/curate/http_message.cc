#include "curate/http_message.h"

#include <charconv>
#include <optional>

#include "rexbert/core/compression.h"
#include "rexbert/core/error.h"
#include "rexbert/core/strings.h"

namespace rexbert::curate {
namespace {

// The chunks' contents (RFC 9112, section 7.1); nothing when the body is not chunked. A body that
// ends in a chunk gives what is there: crawls cut long ones.
std::optional<std::string> unchunked(std::string_view body) {
  std::string whole;
  while (true) {
    const size_t line_end = body.find('\n');
    if (line_end == std::string_view::npos) break;
    const std::string_view line = str_trim(body.substr(0, line_end));
    const std::string_view digits = str_trim(line.substr(0, line.find(';')));
    uint64_t size = 0;
    const char* const digits_end = digits.data() + digits.size();
    const auto [end, status] = std::from_chars(digits.data(), digits_end, size, 16);
    if (digits.empty() || status != std::errc() || end != digits_end) return std::nullopt;
    if (size == 0) return whole;
    body.remove_prefix(line_end + 1);
    whole += body.substr(0, size);
    if (size >= body.size()) return whole;
    body.remove_prefix(size);
    if (body.starts_with('\r')) body.remove_prefix(1);
    if (!body.starts_with('\n')) return std::nullopt;
    body.remove_prefix(1);
  }
  if (whole.empty()) return std::nullopt;
  return whole;
}

std::optional<Compression> compression_of(std::string_view encoding, std::string_view body) {
  if (encoding == "gzip" || encoding == "x-gzip") {
    return body.starts_with("\x1f\x8b") ? Compression::kGzip : Compression::kNone;
  }
  if (encoding == "zstd") {
    return body.starts_with("\x28\xb5\x2f\xfd") ? Compression::kZstd : Compression::kNone;
  }
  if (encoding == "br") {
    // Brotli has no mark; a page that can be read is none.
    return str_trim(body.substr(0, 64)).starts_with('<') ? Compression::kNone
                                                         : Compression::kBrotli;
  }
  if (encoding.empty() || encoding == "identity" || str_trim(body).starts_with('<')) {
    return Compression::kNone;
  }
  return std::nullopt;
}

}  // namespace

HttpResponse parse_http_response(std::string_view text) {
  const HeaderEnd end = find_header_end(text);
  const std::string_view line = text.substr(0, text.find('\n'));
  const size_t blank = line.find(' ');
  HttpResponse response;
  if (text.starts_with("HTTP/") && blank != std::string_view::npos) {
    std::from_chars(line.data() + blank + 1, line.data() + line.size(), response.status);
  }
  if (response.status == 0 || end.body == std::string_view::npos) {
    throw Error(ErrorCode::kCorrupt,
                str_cat("expected an HTTP response, got ", str_quote(text.substr(0, 40))));
  }
  response.header = HeaderFields(text.substr(0, end.end));
  response.body = text.substr(end.body);
  return response;
}

std::string decoded_body(const HttpResponse& response, uint64_t max_bytes) {
  std::optional<std::string> joined;
  if (to_lower_ascii(response.header.get("Transfer-Encoding")).find("chunked") !=
      std::string::npos) {
    joined = unchunked(response.body);
  }
  const std::string_view body = joined ? std::string_view(*joined) : response.body;
  const std::string encoding = to_lower_ascii(response.header.get("Content-Encoding"));
  const std::optional<Compression> compression = compression_of(encoding, body);
  if (!compression) {
    throw Error(ErrorCode::kCorrupt,
                str_cat("content encoding ", str_quote(encoding), ": expected gzip, br or zstd"));
  }
  if (*compression == Compression::kNone) {
    if (body.size() > max_bytes) {
      throw Error(ErrorCode::kCorrupt,
                  str_cat("page: expected at most ", max_bytes, " bytes, got ", body.size()));
    }
    return std::string(body);
  }
  return decompress_at_most(*compression, body, max_bytes, "page");
}

}  // namespace rexbert::curate
