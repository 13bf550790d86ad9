#pragma once

#include <functional>
#include <set>
#include <string>
#include <string_view>

// The word lists of the span patterns.
namespace rexbert::batch {

// Units of two letters and more, lower case; the patterns take them in any case.
bool is_unit(std::string_view lower);
// Units of one letter, case kept. Behind a space only those that are no words or initials.
bool is_letter_unit(char c, bool spaced);
// "xs" to "xxxl", "small" to "large", "x-large", ...: a size by itself.
bool is_size_name(std::string_view lower);
// Sizes only behind the word "size": "s", "m", "l", "small", "queen", ...
bool is_size_value(std::string_view lower);
bool is_bed_size(std::string_view lower);
bool is_size_system(std::string_view word);  // "US", "UK", "EU"
bool is_pack_word(std::string_view lower);   // "pack" in "pack of 6"
// "usd", "dollars", ...: behind a number, or codes in front of one.
bool is_currency_word(std::string_view lower);
bool is_currency_code(std::string_view word);
// Capital words that are no part of a model number in front of one: "THE 200".
bool is_plain_capital_word(std::string_view word);
// The leading letters, in lower case, of the words that may start a span without a digit or a
// currency sign in front: "size", "xl", "x" of "x-large", "pack", "usd", ...
const std::set<std::string, std::less<>>& keyword_heads();

}  // namespace rexbert::batch
