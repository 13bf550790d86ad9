#include "curate/line_patterns.h"

#include <algorithm>
#include <charconv>

#include "curate/lexicon.h"

namespace rexbert::curate {
namespace {

using Tokens = std::vector<LineToken>;

// Units in which shops give sizes. Kilometres, acres and tonnes are none.
constexpr std::string_view kUnits = R"(
  " | in | inch | inches | ft | feet | cm | mm | oz | ounce | ounces | fl | lb | lbs | pound | pounds |
  ml | l | liter | litre | liters | litres | g | gram | grams | kg | mg | mcg | gb | tb | mb | ghz |
  mhz | hz | khz | mah | w | watt | watts | v | volt | volts | amp | amps | mp | megapixel |
  megapixels | dpi | rpm | psi | btu | cfm | lumens | lumen | gallon | gallons | quart | quarts | qt |
  pint | pack | packs | pk | pcs | pc | pieces | piece | count | ct | pair | pairs | set | dozen |
  rolls | sheets | tablets | capsules | servings | hour battery | gauge | carat | ctw | tc |
  mm x | cm x | x)";

constexpr std::string_view kFunctionWords = R"(
  a | an | the | is | are | was | were | be | been | it | he | she | they | we | i | this | that |
  these | those | which | who | as | at | by | from | had | has | have | not | but | if | when | then |
  there | so | or | his | her | their | its | my | what | do | does | did | can | will | would | into)";

constexpr std::string_view kMonths[] = {"january",   "february", "march",    "april",
                                        "may",       "june",     "july",     "august",
                                        "september", "october",  "november", "december"};

bool is_currency(std::string_view text) {
  return text == "$" || text == "\xC2\xA3" || text == "\xE2\x82\xAC" || text == "\xC2\xA5" ||
         text == "\xE2\x82\xB9" || text == "usd" || text == "eur" || text == "gbp";
}

bool is_month(std::string_view text) {
  return std::find(std::begin(kMonths), std::end(kMonths), text) != std::end(kMonths);
}

int number_of(const LineToken& token) {
  int value = -1;
  if (token.kind == TokenKind::kNumber) {
    const char* end = token.text.data() + token.text.size();
    if (std::from_chars(token.text.data(), end, value).ptr != end) value = -1;
  }
  return value;
}

bool is_year(const LineToken& token) {
  const int value = number_of(token);
  return token.text.size() == 4 && value >= 1000 && value <= 2059;
}

std::string_view text_at(const Tokens& tokens, size_t i) {
  return i < tokens.size() ? std::string_view(tokens[i].text) : std::string_view();
}

void add(std::vector<Evidence>& evidence, std::string_view what, double each, double count,
         double cap) {
  if (count > 0) evidence.push_back({what, std::clamp(each * count, -cap, cap)});
}

// Amounts of money as prices are written, and those of news and chronicles.
void find_amounts(const Tokens& tokens, std::vector<Evidence>& evidence) {
  int prices = 0;
  int large = 0;
  int percent = 0;
  for (size_t i = 0; i + 1 < tokens.size(); ++i) {
    const bool before = is_currency(tokens[i].text) && tokens[i + 1].kind == TokenKind::kNumber;
    const bool after = tokens[i].kind == TokenKind::kNumber && is_currency(tokens[i + 1].text);
    if (before || after) {
      const std::string_view next = text_at(tokens, i + 2);
      const bool scaled = next == "million" || next == "billion" || next == "trillion" ||
                          next == "m" || next == "bn" || next == "a" || next == "an" ||
                          next == "per";
      (scaled ? large : prices) += 1;
    }
    const bool share = tokens[i].kind == TokenKind::kNumber &&
                       (tokens[i + 1].text == "%" || tokens[i + 1].text == "percent");
    if (share && text_at(tokens, i + 2) == "off") ++percent;
  }
  add(evidence, "price", 1.8, prices, 2.7);
  if (prices == 1 && tokens.size() == 2) evidence.push_back({"nothing but a price", 1.5});
  add(evidence, "large amount", -1.5, large, 3.0);
  add(evidence, "percent off", 3.0, percent, 3.0);
}

// "16GB", "12v", "500ml": a number with a unit glued to it.
bool is_glued_size(const LineToken& token, const std::unordered_set<std::string>& units) {
  if (token.kind != TokenKind::kMixed) return false;
  const size_t digits = token.text.find_first_not_of("0123456789.,/");
  return digits > 0 && digits != std::string::npos && units.contains(token.text.substr(digits));
}

bool is_model_number(const LineToken& token, const std::unordered_set<std::string>& units) {
  if (token.kind != TokenKind::kMixed || token.text.size() < 5 || is_glued_size(token, units)) {
    return false;
  }
  const auto digits = std::count_if(token.text.begin(), token.text.end(),
                                    [](char c) { return c >= '0' && c <= '9'; });
  const auto letters = std::count_if(token.text.begin(), token.text.end(),
                                     [](char c) { return c >= 'a' && c <= 'z'; });
  // Decades, ordinals and ranges of years have a lower-case tail, or no letters.
  return digits >= 2 && letters >= 1 && (token.all_upper || letters + 2 < digits) &&
         !token.text.ends_with("th") && !token.text.ends_with("s");
}

void find_sizes(const Tokens& tokens, const std::unordered_set<std::string>& units,
                std::vector<Evidence>& evidence) {
  int sizes = 0;
  int models = 0;
  int marks = 0;
  for (size_t i = 0; i < tokens.size(); ++i) {
    const std::string_view text = tokens[i].text;
    if (tokens[i].kind == TokenKind::kNumber && i + 1 < tokens.size()) {
      const std::string_view next = tokens[i + 1].text;
      const bool range = next == "-" && units.contains(std::string(text_at(tokens, i + 2)));
      // "3 in" of "3 in 1958" is no size.
      const bool preposition = next == "in" && tokens[i + 1].after_space;
      if ((units.contains(std::string(next)) && !preposition) || range) ++sizes;
    }
    if (is_glued_size(tokens[i], units)) ++sizes;
    if (is_model_number(tokens[i], units)) ++models;
    if (text == "\xE2\x84\xA2" || text == "\xC2\xAE") ++marks;
  }
  add(evidence, "size", 0.8, sizes, 2.4);
  add(evidence, "model number", 1.3, models, 2.0);
  add(evidence, "trade mark", 1.5, marks, 2.0);
}

void find_dates(const Tokens& tokens, std::vector<Evidence>& evidence) {
  int dates = 0;
  int years = 0;
  int spans = 0;
  for (size_t i = 0; i < tokens.size(); ++i) {
    if (is_month(tokens[i].text)) {
      const bool day_before = i > 0 && number_of(tokens[i - 1]) > 0;
      const bool day_after = i + 1 < tokens.size() && number_of(tokens[i + 1]) > 0;
      dates += day_before || day_after ? 1 : 0;
    }
    if (is_year(tokens[i]) && i > 0) {
      const std::string_view before = tokens[i - 1].text;
      years += before == "in" || before == "of" || before == "since" || before == "the" ||
                       before == "(" || before == "," || before == "from" || before == "until" ||
                       before == "and" || before == "by"
                   ? 1
                   : 0;
    }
    const std::string& text = tokens[i].text;
    const bool decade =
        text.size() == 5 && text.ends_with("0s") && text[0] >= '1' && text[0] <= '2';
    const bool years_span = text.size() >= 7 && text.size() <= 9 && text[4] == '-' &&
                            (text.starts_with("1") || text.starts_with("20")) &&
                            text.find_first_not_of("0123456789-") == std::string::npos;
    spans += decade || years_span ? 1 : 0;
  }
  add(evidence, "date", -1.4, dates, 2.8);
  add(evidence, "year", -0.9, years, 2.7);
  add(evidence, "years", -1.2, spans, 2.4);
}

// Direct speech, and references in brackets.
void find_speech(const Tokens& tokens, std::vector<Evidence>& evidence) {
  int speech = 0;
  int references = 0;
  for (size_t i = 1; i < tokens.size(); ++i) {
    const std::string_view before = tokens[i - 1].text;
    if (tokens[i].text == "\"" && !tokens[i].after_space &&
        (before == "," || before == "." || before == "?" || before == "!" || before == "-")) {
      ++speech;
    }
    if (before == "[" && tokens[i].kind == TokenKind::kNumber && text_at(tokens, i + 1) == "]") {
      ++references;
    }
  }
  add(evidence, "dialogue", -1.6, speech, 3.2);
  add(evidence, "reference", -2.0, references, 4.0);
}

// "Home > Toys > Puzzles", bullets, and the look of a title: many capitals or commas, no sentence.
void find_shape(const Tokens& tokens, const std::unordered_set<std::string>& function_words,
                std::vector<Evidence>& evidence) {
  int breadcrumbs = 0;
  int words = 0;
  int function = 0;
  int capitals = 0;
  int separators = 0;
  int numbers = 0;
  for (size_t i = 0; i < tokens.size(); ++i) {
    const LineToken& token = tokens[i];
    breadcrumbs += token.text == ">" && i > 0 ? 1 : 0;
    separators += token.text == "-" || token.text == "," || token.text == "/" ||
                          token.text == "|" || token.text == "(" || token.text == "+" ||
                          token.text == "&" || token.text == "\""
                      ? 1
                      : 0;
    numbers += token.kind == TokenKind::kMixed || token.kind == TokenKind::kNumber ? 1 : 0;
    if (token.kind != TokenKind::kWord) continue;
    ++words;
    capitals += token.upper ? 1 : 0;
    function += function_words.contains(token.text) ? 1 : 0;
  }
  add(evidence, "breadcrumb", 1.0, breadcrumbs, 2.0);
  const std::string_view first = tokens.front().text;
  const bool bullet = first == "\xE2\x80\xA2" || first == "\xE2\x9C\x93" ||
                      first == "\xE2\x9C\x94" || first == "\xE2\x97\x8F" ||
                      first == "\xE2\x98\x85" || first == "\xE2\x96\xBA" || first == "*" ||
                      first.starts_with("\xF0\x9F");
  if (bullet) evidence.push_back({"bullet", 0.7});
  const bool sentence =
      tokens.back().text == "." || tokens.back().text == "?" || tokens.back().text == "!";
  const bool list = separators + numbers >= 2 && words >= 2;
  if (!sentence && tokens.size() >= 4 && function == 0 && list) {
    evidence.push_back({"title", 2 * capitals >= words ? 1.3 : 1.0});
  }
}

std::unordered_set<std::string> set_of(const std::vector<std::string_view>& words) {
  std::unordered_set<std::string> set;
  for (const std::string_view word : words) set.emplace(word);
  return set;
}

}  // namespace

LinePatterns::LinePatterns()
    : product_keys_(set_of(product_keys())),
      other_keys_(set_of(other_keys())),
      units_(set_of(split_phrases(kUnits))),
      function_words_(set_of(split_phrases(kFunctionWords))) {}

void LinePatterns::find_key(const Tokens& tokens, std::vector<Evidence>& evidence) const {
  constexpr size_t kLongestKey = 8;
  std::string key;
  bool all_upper = true;
  for (size_t i = 0; i < std::min(tokens.size(), kLongestKey + 1); ++i) {
    if (tokens[i].text == ":") {
      if (product_keys_.contains(key)) {
        evidence.push_back({"product key", 3.0});
      } else if (other_keys_.contains(key)) {
        evidence.push_back({"other key", -2.0});
      } else if (i > 0 && i + 1 < tokens.size() && tokens[i + 1].after_space) {
        // Sellers shout the heads of their bullet points.
        evidence.push_back({"key", all_upper ? 1.8 : 0.4});
      }
      return;
    }
    const bool bullet = key.empty() && tokens[i].kind == TokenKind::kSymbol;
    if (bullet) continue;
    if (!key.empty()) key += ' ';
    key += tokens[i].text;
    std::replace(key.begin(), key.end(), '_', ' ');
    all_upper = all_upper && (tokens[i].all_upper || tokens[i].kind != TokenKind::kWord);
  }
}

void LinePatterns::find(const Tokens& tokens, std::vector<Evidence>& evidence) const {
  find_amounts(tokens, evidence);
  find_sizes(tokens, units_, evidence);
  find_dates(tokens, evidence);
  find_speech(tokens, evidence);
  find_shape(tokens, function_words_, evidence);
  find_key(tokens, evidence);
}

}  // namespace rexbert::curate
