#include "tokenizer/log_capture.h"

#include <string_view>

#include "rexbert/core/log.h"

namespace rexbert::tokenizer {

namespace {

std::mutex& standard_error() {
  static std::mutex mutex;
  return mutex;
}

}  // namespace

LogCapture::LogCapture() : only_one_(standard_error()), before_(std::cerr.rdbuf(this)) {}

LogCapture::~LogCapture() {
  std::cerr.rdbuf(before_);
  if (!line_.empty()) log::debug("sentencepiece: " + line_);
}

LogCapture::int_type LogCapture::overflow(int_type character) {
  if (traits_type::eq_int_type(character, traits_type::eof())) return traits_type::not_eof(0);
  const char text = traits_type::to_char_type(character);
  append(&text, 1);
  return character;
}

std::streamsize LogCapture::xsputn(const char* text, std::streamsize size) {
  append(text, static_cast<size_t>(size));
  return size;
}

void LogCapture::append(const char* text, size_t size) {
  const std::scoped_lock lock(mutex_);
  for (const char character : std::string_view(text, size)) {
    if (character != '\n') {
      line_.push_back(character);
    } else if (!line_.empty()) {
      log::debug("sentencepiece: " + line_);
      line_.clear();
    }
  }
}

}  // namespace rexbert::tokenizer
