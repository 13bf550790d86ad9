#pragma once

#include <string>
#include <string_view>

namespace rexbert::curate {

// What a classifier sees of a line: words separated by single spaces, so that lines it has never
// met look like those it has learnt from. Words are lower-case; numbers stand for their kind; the
// line's shape comes behind them.
//
//   "Brand: Acme, 12.5 oz (Pack of 6), $19.99"
//   -> "brand : acme , <decimal> oz ( pack of <1> ) , <price> <label> <8w> <open>"
//
//   <1> to <5>     a number of so many digits, the last of more too
//   <decimal> <year> <share> <price>   a number with a fraction, from 1500 to 2099, with % behind,
//                  with a currency beside it
//   <model>        letters and digits in one word, but for a number with its unit ("500ml": <3> ml)
//   the shape: most words begin in upper case (<title>), a label in front ("Brand:", <label>), how
//   many words, to the power of two above (<8w>), and whether it ends as a sentence does (<closed>,
//   <open>)
//
// A function of the bytes alone; bytes that are not ASCII are letters. Appends to `words`.
void append_line_features(std::string_view line, std::string& words);

}  // namespace rexbert::curate
