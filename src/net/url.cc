#include "rexbert/net/url.h"

#include <curl/curl.h>

#include <memory>
#include <new>
#include <vector>

#include "rexbert/core/strings.h"

namespace rexbert::net {
namespace {

// Where "user:password@" begins and ends; equal where there is none.
struct Place {
  size_t begin = 0;
  size_t end = 0;
};

Place find_user(std::string_view url) {
  const size_t scheme = url.find("://");
  const size_t begin = scheme == std::string_view::npos ? 0 : scheme + 3;
  const size_t at = url.substr(0, url.find_first_of("/?#", begin)).rfind('@');
  return {begin, at == std::string_view::npos ? begin : at + 1};
}

std::string percent_encoded(const std::string& text) {
  const std::unique_ptr<char, decltype(&curl_free)> encoded(
      curl_easy_escape(nullptr, text.c_str(), static_cast<int>(text.size())), &curl_free);
  if (!encoded) throw std::bad_alloc();
  return encoded.get();
}

}  // namespace

std::string percent_encoded_path(std::string_view path) {
  std::vector<std::string> names = str_split(path, '/');
  for (std::string& name : names) name = percent_encoded(name);
  return str_join(names, "/");
}

std::string without_user(std::string_view url) {
  const Place user = find_user(url);
  return std::string(url).erase(user.begin, user.end - user.begin);
}

std::optional<std::string> user_problem(std::string_view url) {
  const Place user = find_user(url);
  if (user.begin == user.end) return std::nullopt;
  return str_cat(
      "expected a URL without user:password@, which logs and checkpoints would keep, "
      "got one of ",
      without_user(url), ": ",
      url.starts_with("s3:") ? "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or "
                               "~/.aws/credentials, are for keys"
                             : "~/.netrc is for passwords");
}

}  // namespace rexbert::net
