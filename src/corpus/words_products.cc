#include "corpus/words.h"

// Words of the product records that all categories share; those of one category stand in
// product_categories.cc.
namespace rexbert::corpus {

std::vector<WordListText> product_word_lists() {
  return {
      {"product colour",
       "Black, White, Graphite, Navy, Forest Green, Ruby Red, Sand, Silver, Teal, Coral, Charcoal, "
       "Sky Blue, Lavender, Mustard, Rose Gold, Ivory, Slate, Burgundy"},
      {"praise",
       "great, solid, excellent, decent, reliable, sturdy, handy, lovely, well made, good value, "
       "better than expected, comfortable, surprisingly light"},
      {"complaint",
       "the instructions are thin, delivery took two weeks, the colour is darker than in the "
       "picture, "
       "the box arrived dented, it runs a little small, the smell needs a day to go, I wish it "
       "came "
       "with a spare, the lid is stiff at first, the label peels off"},
      {"reviewer use",
       "every day, on weekends, at work, for the kids, in a small apartment, on a trip, in the "
       "garage, "
       "since last winter, for about six months, in our cabin, as a gift"},
      {"occasion",
       "birthdays, holidays, camping trips, daily commuting, office use, small kitchens, "
       "housewarming parties, students, beginners, travel, weekend projects, busy families"},
      {"warranty", "1 year, 2 years, 3 years, 5 years, 90 days, 10 years"},
      {"pack word", "Pack, Set, Count, Box, Bundle"},
      {"shipping note",
       "Ships in plain recyclable packaging, Free returns within 30 days, Usually ships within 24 "
       "hours, Not for sale to professional resellers, Packaging may vary"},
      {"quality claim",
       "TESTED TO LAST, BUILT FOR DAILY USE, EASY TO CLEAN, SAFE CHOICE, MADE TO FIT, "
       "THOUGHTFUL DESIGN, NO FUSS SETUP, GREAT GIFT IDEA, SAVES SPACE, MORE FOR LESS"},
  };
}

}  // namespace rexbert::corpus
