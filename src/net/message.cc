#include <algorithm>
#include <array>
#include <cctype>
#include <string>
#include <vector>

#include "rexbert/core/error.h"
#include "rexbert/core/strings.h"
#include "rexbert/net/http.h"
#include "rexbert/net/url.h"

namespace rexbert::net {
namespace {

constexpr size_t kExcerpt = 300;

bool same_name(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](unsigned char x, unsigned char y) {
    return std::tolower(x) == std::tolower(y);
  });
}

bool is_secret(std::string_view name) {
  constexpr std::array<std::string_view, 6> kNames = {"Authorization", "Proxy-Authorization",
                                                      "Cookie",        "Api-Key",
                                                      "X-Api-Key",     "X-Amz-Security-Token"};
  return std::any_of(kNames.begin(), kNames.end(),
                     [&](std::string_view secret) { return same_name(name, secret); });
}

void mask(std::string& text, std::string_view secret) {
  constexpr size_t kTooShortForASecret = 4;
  if (secret.size() < kTooShortForASecret) return;
  for (size_t at = text.find(secret); at != std::string::npos; at = text.find(secret, at)) {
    text.replace(at, secret.size(), "***");
  }
}

ErrorCode code_of(int status) {
  if (status == 404 || status == 410) return ErrorCode::kNotFound;
  return status == 416 ? ErrorCode::kCorrupt : ErrorCode::kIo;
}

}  // namespace

std::string_view Response::header(std::string_view name) const {
  const auto found = std::find_if(headers.begin(), headers.end(),
                                  [&](const Header& h) { return same_name(h.name, name); });
  return found == headers.end() ? std::string_view() : std::string_view(found->value);
}

std::string describe(const Request& request) {
  constexpr std::array<std::string_view, 5> kNames = {"GET", "HEAD", "PUT", "POST", "DELETE"};
  std::string url = without_user(request.url);
  const size_t query = url.find_first_of("?#");
  if (query != std::string::npos) url.replace(query, std::string::npos, "?...");
  return str_cat(kNames[static_cast<size_t>(request.method)], " ", url);
}

std::string excerpt(const Request& request, std::string_view body) {
  // Whole enough that a secret that begins before the cut is found.
  std::string text(body.substr(0, 64 * kExcerpt));
  for (const Header& header : request.headers) {
    if (!is_secret(header.name)) continue;
    mask(text, header.value);
    mask(text, std::string_view(header.value).substr(header.value.rfind(' ') + 1));
  }
  return str_quote(text, kExcerpt);
}

Error status_error(const Request& request, const Response& response) {
  std::string text = str_cat(describe(request), ": status ", response.status);
  if (response.attempts > 1) text += str_cat(" at attempt ", response.attempts);
  if (!response.body.empty()) text += ": " + excerpt(request, response.body);
  return Error(code_of(response.status), std::move(text));
}

}  // namespace rexbert::net
