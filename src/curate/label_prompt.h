#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "rexbert/core/json.h"
#include "rexbert/curate/openai_labeller.h"

namespace rexbert::curate {

// Throws Error(kConfig) for prompts without a place for the lines and for settings of 0.
void check_prompt(const OpenAiOptions& options);

// Cuts the rising line numbers `asked` into the parts that are asked about together, by the limits
// of the options: positions in `asked` at which parts end.
std::vector<size_t> cut_into_requests(const std::vector<std::string_view>& lines,
                                      std::span<const uint32_t> asked,
                                      const OpenAiOptions& options);

// The lines from the first to the last of `asked` and around them: "<number>: <text>\n" with
// numbers from 1, "...\n" where lines are left out.
std::string render_context(const std::vector<std::string_view>& lines,
                           std::span<const uint32_t> asked, const OpenAiOptions& options);

// "3-5, 9", from 1.
std::string render_numbers(std::span<const uint32_t> asked);

// The request that asks for labels of `asked`, but for the limit of its answer.
Json make_question(const Document& document, const std::vector<std::string_view>& lines,
                   std::span<const uint32_t> asked, const OpenAiOptions& options);

// The text that is sent: the question with its limit and, where an earlier answer could not be
// read, what was wrong with it.
std::string make_body(Json question, size_t lines, const std::string& problem,
                      const OpenAiOptions& options);

// The key of the cache: a hash of the question.
std::string question_key(const Json& question);

}  // namespace rexbert::curate
