#pragma once

#include <atomic>
#include <cstdio>
#include <map>
#include <string>

#include "rexbert/core/strings.h"
#include "support/http_server.h"

namespace rexbert::test {

// Serves `files` by ranges.
struct HttpFiles {
  std::map<std::string, std::string> files;
  std::atomic<int> requests = 0;
  std::string etag = "\"1\"";
  bool breaks_off = false;  // every third answer, half-way

  HttpReply operator()(const HttpMessage& message) {
    const auto file = files.find(message.target);
    if (file == files.end()) return {404};
    const std::string range = message.header("range");
    if (range.empty()) return {200, {{"ETag", etag}}, file->second};
    size_t first = 0, last = 0;
    if (std::sscanf(range.c_str(), "bytes=%zu-%zu", &first, &last) != 2) return {416};
    HttpReply reply{206, {{"ETag", etag}}, file->second.substr(first, last - first + 1)};
    reply.headers.emplace_back(
        "Content-Range",
        str_cat("bytes ", first, "-", first + reply.body.size() - 1, "/", file->second.size()));
    if (requests++ % 3 == 1 && breaks_off) reply.cut = reply.body.size() / 2;
    return reply;
  }
};

}  // namespace rexbert::test
