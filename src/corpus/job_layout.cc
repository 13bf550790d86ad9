#include "corpus/job_layout.h"

#include <utility>

#include "rexbert/core/error.h"
#include "rexbert/core/strings.h"

namespace rexbert::corpus {
namespace {

std::string part_suffix(Part part) {
  return str_printf("-%05lld-of-%05lld", static_cast<long long>(part.index),
                    static_cast<long long>(part.count));
}

}  // namespace

std::string_view split_name(Split split) { return split == Split::kTrain ? "train" : "validation"; }

std::string part_name(Part part) { return "part" + part_suffix(part); }

std::optional<Part> part_of_journal(std::string_view name) {
  long long index = 0;
  long long count = 0;
  const std::string text(name);
  if (std::sscanf(text.c_str(), "tokenize-%5lld-of-%5lld.journal", &index, &count) != 2) {
    return std::nullopt;
  }
  const Part part{index, count};
  if (text != "tokenize" + part_suffix(part) + ".journal") return std::nullopt;
  return part;
}

JobLayout::JobLayout(fs::path output, std::optional<Part> part, bool holdout)
    : output_(std::move(output)),
      part_name_(part ? part_name(*part) : ""),
      suffix_(part ? part_suffix(*part) : ""),
      holdout_(holdout) {}

fs::path JobLayout::split_root(Split split) const {
  return holdout_ ? output_ / split_name(split) : output_;
}

fs::path JobLayout::stream(Split split) const {
  return part_name_.empty() ? split_root(split) : split_root(split) / part_name_;
}

void JobLayout::check_unused(Env& env) const {
  if (!env.exists(output_)) return;
  if (!env.is_directory(output_)) {
    throw Error(ErrorCode::kUsage, str_cat(output_.string(), ": expected a folder, got a file"));
  }
  const auto belongs = [&](const std::string& name) {
    // The journal's own first publication may have been cut short.
    if (name == journal().filename().string() + ".tmp") return true;
    if (name == lock().filename().string()) return true;
    if (part_name_.empty()) return false;
    return name == "train" || name == "validation" || name.starts_with("part-") ||
           name.starts_with("tokenize-") || name.starts_with("bad_lines-");
  };
  for (const std::string& name : env.list_directory(output_)) {
    if (belongs(name)) continue;
    throw Error(ErrorCode::kUsage,
                str_cat(output_.string(), ": expected an empty folder or an unfinished job of the ",
                        "same kind, found ", str_quote(name)));
  }
  for (const Split split : {Split::kTrain, Split::kValidation}) {
    if (part_name_.empty() || !env.exists(stream(split))) continue;
    throw Error(ErrorCode::kUsage,
                str_cat(stream(split).string(), ": is there, but not its journal ",
                        journal().filename().string()));
  }
}

}  // namespace rexbert::corpus
