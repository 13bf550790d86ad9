#pragma once

#include <iostream>
#include <mutex>
#include <streambuf>
#include <string>

namespace rexbert::tokenizer {

// While it lives, what is written to std::cerr, which is where SentencePiece's messages go, becomes
// debug lines of our log. One at a time: a second thread's waits for the first to end.
class LogCapture final : private std::streambuf {
 public:
  LogCapture();
  ~LogCapture() override;
  LogCapture(const LogCapture&) = delete;
  LogCapture& operator=(const LogCapture&) = delete;

 private:
  int_type overflow(int_type character) override;
  std::streamsize xsputn(const char* text, std::streamsize size) override;
  void append(const char* text, size_t size);

  std::unique_lock<std::mutex> only_one_;
  std::mutex mutex_;  // of line_
  std::string line_;
  std::streambuf* const before_;
};

}  // namespace rexbert::tokenizer
