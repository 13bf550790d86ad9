#pragma once

#include <gtest/gtest.h>

#include <string>
#include <utility>

#include "rexbert/core/error.h"

namespace rexbert::test {

// Runs `body`, which must throw a rexbert::Error, and returns "<code>: <what>", for example
// "corrupt data: a.mds: offset 4: expected 8 bytes, got 3".
template <class Body>
std::string error_of(Body&& body) {
  try {
    std::forward<Body>(body)();
  } catch (const Error& error) {
    return std::string(to_string(error.code())) + ": " + error.what();
  } catch (const std::exception& other) {
    return std::string("another exception: ") + other.what();
  }
  return "no error";
}

}  // namespace rexbert::test
