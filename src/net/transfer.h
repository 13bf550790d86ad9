#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "rexbert/net/http.h"

namespace rexbert::net {

// How one try of a request ended.
struct Outcome {
  Response response = {};
  std::string problem = {};  // why there is no whole response; empty where there is one
  bool transient = false;    // the problem is one that a later try may not have
  bool reached = false;      // the request was sent, at least in part
};

// Connections that stay open between requests. Safe for many threads.
class Connections {
 public:
  Connections();
  ~Connections();

  // One try. Throws what the sink throws, Error(kUsage) for headers that cannot be sent, Error(kIo)
  // for a body that is too long or not the range asked for.
  Outcome transfer(const Request& request, const Options& options);

 private:
  class Handle;
  class Lease;

  std::mutex mutex_;
  std::vector<std::unique_ptr<Handle>> idle_;
};

}  // namespace rexbert::net
