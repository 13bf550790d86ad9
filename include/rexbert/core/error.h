#pragma once

#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace rexbert {

// What kind of failure an Error is. The value is the exit status of the command.
enum class ErrorCode : int {
  kInternal = 1,      // a bug: an invariant of ours does not hold
  kUsage = 2,         // wrong command line or arguments of a call
  kConfig = 3,        // a config that cannot be used as written
  kNotFound = 4,      // a file, stream or checkpoint that is not there
  kIo = 5,            // the operating system refused: permission, full disk, broken device
  kCorrupt = 6,       // data that is not what its header, hash or format says
  kIncompatible = 7,  // two valid things that do not fit each other: other version, other tokenizer
  kNumeric = 8,       // a non-finite loss or gradient
  kPeer = 9,          // another process of the run is lost, hangs or diverges
  kInterrupted = 130,  // stopped by SIGINT or SIGTERM
};

std::string_view to_string(ErrorCode code);

// The one exception type of the library. The message names where, what was expected and what was
// found ("shard.00001.mds: offset 12: expected 34 samples, got 33"). Callers that know more than
// the place that threw add a context, outermost last, and rethrow.
class Error : public std::exception {
 public:
  Error(ErrorCode code, std::string message);

  ErrorCode code() const { return code_; }
  const std::string& message() const { return message_; }
  // Contexts in the order in which they were added: innermost first.
  const std::vector<std::string>& contexts() const { return contexts_; }
  Error& add_context(std::string context);

  // "outermost context: ... : message".
  const char* what() const noexcept override { return what_.c_str(); }

 private:
  ErrorCode code_;
  std::string message_;
  std::vector<std::string> contexts_;
  std::string what_;
};

// Runs `body` and returns its result; an Error that leaves it carries `context`.
template <class Body>
auto with_context(std::string_view context, Body&& body) -> decltype(std::forward<Body>(body)()) {
  try {
    return std::forward<Body>(body)();
  } catch (Error& error) {
    error.add_context(std::string(context));
    throw;
  }
}

}  // namespace rexbert
