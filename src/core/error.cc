#include "rexbert/core/error.h"

namespace rexbert {

std::string_view to_string(ErrorCode code) {
  switch (code) {
    case ErrorCode::kInternal:
      return "internal error";
    case ErrorCode::kUsage:
      return "usage error";
    case ErrorCode::kConfig:
      return "config error";
    case ErrorCode::kNotFound:
      return "not found";
    case ErrorCode::kIo:
      return "I/O error";
    case ErrorCode::kCorrupt:
      return "corrupt data";
    case ErrorCode::kIncompatible:
      return "incompatible";
    case ErrorCode::kNumeric:
      return "numeric error";
    case ErrorCode::kPeer:
      return "lost process";
    case ErrorCode::kInterrupted:
      return "interrupted";
  }
  return "error";
}

Error::Error(ErrorCode code, std::string message)
    : code_(code), message_(std::move(message)), what_(message_) {}

Error& Error::add_context(std::string context) {
  what_ = context + ": " + what_;
  contexts_.push_back(std::move(context));
  return *this;
}

}  // namespace rexbert
