#pragma once

#include <cstddef>
#include <string_view>

namespace rexbert::batch {

// Each returns the end of what it finds at text[begin], or npos.

// Letters and digits mixed, hyphens between: "WH-1000XM4", "i7-9700K", "A320", "F-150". Not "1st",
// "1990s", "10AM", "3D", "COVID-19", "top-10".
size_t model_number_end(std::string_view text, size_t begin);

// Behind the word "model": anything with a digit but a year.
size_t labelled_model_end(std::string_view text, size_t begin);

// Two to five capitals and a number of three to five digits that is no year: "RTX 3080".
size_t series_number_end(std::string_view text, size_t begin);

}  // namespace rexbert::batch
