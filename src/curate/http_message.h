#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "curate/header_fields.h"

namespace rexbert::curate {

// An HTTP response as a crawl keeps it.
struct HttpResponse {
  int status = 0;
  HeaderFields header;
  std::string_view body;  // as transferred
};

// Throws Error(kCorrupt), without a place, when the text does not begin with a status line and
// header fields.
HttpResponse parse_http_response(std::string_view text);

// The body without its transfer and content encodings. A crawl may have undone them and still carry
// their header fields: a body that is not chunked or compressed is taken as it is. Throws
// Error(kCorrupt), without a place, for a damaged body, an unknown encoding, and more than
// `max_bytes`.
std::string decoded_body(const HttpResponse& response, uint64_t max_bytes);

}  // namespace rexbert::curate
