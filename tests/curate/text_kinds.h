#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace rexbert::test {

// Web text of one kind as lines with slots: "{price}", "{product}", "{brand}", "{city}", "{name}",
// "{number}", "{month}".
struct TextKind {
  std::string_view name;
  bool ecommerce = false;
  std::vector<std::string_view> lines;
};

// Kinds of which the labeller's makers saw the errors, and kinds kept for the final number.
std::span<const TextKind> text_kinds();
std::span<const TextKind> held_out_text_kinds();

// `count` lines of the kind, each once before any comes again, slots filled: a pure function of the
// arguments.
std::vector<std::string> make_lines(const TextKind& kind, uint64_t seed, size_t count);

}  // namespace rexbert::test
