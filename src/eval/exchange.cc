#include "eval/exchange.h"

#include "rexbert/core/error.h"
#include "rexbert/core/log.h"
#include "rexbert/core/strings.h"

namespace rexbert::eval {
namespace {

// What a rank sends in front of what it found, or of what its error says.
struct Header {
  int64_t error_code = 0;  // 0: none
  int64_t tokens_read = 0;
};

std::string packed(const Header& header, const std::string& body) {
  return std::string(reinterpret_cast<const char*>(&header), sizeof(header)) + body;
}

Header take_header(std::string& message) {
  Header header;
  message.copy(reinterpret_cast<char*>(&header), sizeof(header));
  message.erase(0, sizeof(header));
  return header;
}

}  // namespace

std::vector<std::string> Exchange::round(const std::string& found, int64_t tokens_read, bool last) {
  if (group_.world_size() == 1) return {found};
  over_ = true;  // whatever is thrown here is thrown on every rank
  std::vector<std::string> all =
      group_.all_gather(packed({.error_code = 0, .tokens_read = tokens_read}, found));
  std::vector<int64_t> tokens;
  for (size_t rank = 0; rank < all.size(); ++rank) {
    const Header header = take_header(all[rank]);
    if (header.error_code != 0) {
      throw Error(static_cast<ErrorCode>(header.error_code),
                  str_cat("evaluation: rank ", rank, ": ", all[rank]));
    }
    tokens.push_back(header.tokens_read);
  }
  for (size_t rank = 1; rank < tokens.size(); ++rank) {
    if (tokens[rank] == tokens[0]) continue;
    throw Error(ErrorCode::kIncompatible,
                str_cat("evaluation: expected the same data on every rank, got ", tokens[0],
                        " tokens on rank 0 and ", tokens[rank], " on rank ", rank));
  }
  over_ = last;
  return all;
}

void Exchange::fail(const std::exception& error) noexcept {
  if (over_ || group_.world_size() == 1) return;
  over_ = true;
  const auto* ours = dynamic_cast<const Error*>(&error);
  const ErrorCode code = ours != nullptr ? ours->code() : ErrorCode::kInternal;
  try {
    group_.all_gather(packed({.error_code = static_cast<int64_t>(code)}, error.what()));
  } catch (const std::exception& second) {
    log::warning(str_cat("the other ranks could not be told of an error: ", second.what()));
  }
}

}  // namespace rexbert::eval
