#include "batch/span_words.h"

#include <algorithm>
#include <iterator>

namespace rexbert::batch {
namespace {

constexpr std::string_view kUnits[] = {
    "amp",        "amps",    "awg",     "btu",    "cal",      "calories", "capsules", "carat",
    "carats",     "cc",      "cfm",     "cl",     "cm",       "count",    "ct",       "cup",
    "cups",       "cwt",     "day",     "days",   "db",       "deg",      "degree",   "degrees",
    "denier",     "dpi",     "feet",    "fl",     "foot",     "fps",      "ft",       "g",
    "gal",        "gallon",  "gallons", "gb",     "gbps",     "ghz",      "gm",       "gpm",
    "gr",         "gram",    "grams",   "gsm",    "gw",       "gwh",      "hour",     "hours",
    "hp",         "hr",      "hrs",     "hz",     "in",       "inch",     "inches",   "iu",
    "kb",         "kbps",    "kcal",    "kg",     "kgs",      "khz",      "kilogram", "kilograms",
    "km",         "km/h",    "kmh",     "kohm",   "kph",      "kv",       "kva",      "kw",
    "kwh",        "lb",      "lbs",     "liter",  "liters",   "litre",    "litres",   "lm",
    "lumen",      "lumens",  "mah",     "mb",     "mb/s",     "mbps",     "mcg",      "megapixel",
    "megapixels", "meter",   "meters",  "metre",  "metres",   "mg",       "mhz",      "mi",
    "micron",     "microns", "mile",    "miles",  "min",      "mins",     "minute",   "minutes",
    "ml",         "mm",      "month",   "months", "mp",       "mph",      "ms",       "mw",
    "mwh",        "nm",      "ohm",     "ohms",   "ounce",    "ounces",   "oz",       "pack",
    "packs",      "pages",   "pair",    "pairs",  "pc",       "pcs",      "percent",  "persons",
    "piece",      "pieces",  "pint",    "pints",  "pk",       "ply",      "pound",    "pounds",
    "psi",        "pt",      "px",      "qt",     "quart",    "quarts",   "rolls",    "rpm",
    "sec",        "second",  "seconds", "secs",   "servings", "sets",     "sheets",   "tablets",
    "tb",         "tbsp",    "tsp",     "va",     "volt",     "volts",    "watt",     "watts",
    "week",       "weeks",   "wh",      "yard",   "yards",    "yd",       "yds",      "year",
    "years"};
constexpr std::string_view kSizeNames[] = {
    "2x-large", "3x-large", "m/l",      "s/m", "x-large", "x-small",   "xl",   "xlarge",
    "xs",       "xx-large", "xx-small", "xxl", "xxs",     "xxx-large", "xxxl", "xxxxl"};
constexpr std::string_view kSizeValues[] = {"double", "full",   "king", "l",     "large",
                                            "m",      "medium", "plus", "queen", "s",
                                            "single", "small",  "twin"};
constexpr std::string_view kBedSizes[] = {"full", "king", "queen", "twin"};
constexpr std::string_view kPackWords[] = {"bag",  "box",   "bundle", "case",  "lot",
                                           "pack", "packs", "pair",   "pairs", "set"};
constexpr std::string_view kCurrencyWords[] = {"aud",    "bucks",   "cad", "cents", "chf",
                                               "dollar", "dollars", "eur", "euro",  "euros",
                                               "gbp",    "inr",     "jpy", "usd"};
constexpr std::string_view kCurrencyCodes[] = {"AUD", "CAD", "CHF", "EUR",
                                               "GBP", "INR", "JPY", "USD"};
constexpr std::string_view kSizeSystems[] = {"EU", "UK", "US"};
constexpr std::string_view kPlainCapitalWords[] = {
    "ALL",  "AND", "ARE", "AT",  "BC", "BY", "CE",  "EU",  "FOR",
    "FROM", "IN",  "IS",  "NEW", "NO", "OF", "ON",  "OR",  "OVER",
    "SAVE", "THE", "TO",  "TOP", "UK", "US", "USA", "WAS", "WITH"};
constexpr std::string_view kOtherKeywords[] = {"model", "one", "size", "sizes"};

template <size_t N>
constexpr bool sorted(const std::string_view (&list)[N]) {
  return std::is_sorted(std::begin(list), std::end(list));
}
static_assert(sorted(kUnits) && sorted(kSizeNames) && sorted(kSizeValues) && sorted(kBedSizes) &&
              sorted(kPackWords) && sorted(kCurrencyWords) && sorted(kCurrencyCodes) &&
              sorted(kSizeSystems) && sorted(kPlainCapitalWords) && sorted(kOtherKeywords));

template <size_t N>
bool contains(const std::string_view (&list)[N], std::string_view word) {
  return std::binary_search(std::begin(list), std::end(list), word);
}

template <size_t N>
void add_heads(const std::string_view (&list)[N], std::set<std::string, std::less<>>& heads) {
  for (const std::string_view word : list) {
    std::string head;
    for (const char c : word) {
      const bool capital = c >= 'A' && c <= 'Z';
      if (!capital && !(c >= 'a' && c <= 'z')) break;
      head += capital ? static_cast<char>(c - 'A' + 'a') : c;
    }
    if (!head.empty()) heads.insert(head);
  }
}

}  // namespace

bool is_unit(std::string_view lower) { return lower.size() > 1 && contains(kUnits, lower); }

bool is_letter_unit(char c, bool spaced) {
  constexpr std::string_view kGlued = "ghmlLWVAwvxXt";
  constexpr std::string_view kSpaced = "gmlLWVwv";
  return (spaced ? kSpaced : kGlued).find(c) != std::string_view::npos;
}

bool is_size_name(std::string_view lower) { return contains(kSizeNames, lower); }
bool is_size_value(std::string_view lower) {
  return contains(kSizeValues, lower) || is_size_name(lower);
}
bool is_bed_size(std::string_view lower) { return contains(kBedSizes, lower); }
bool is_size_system(std::string_view word) { return contains(kSizeSystems, word); }
bool is_pack_word(std::string_view lower) { return contains(kPackWords, lower); }
bool is_currency_word(std::string_view lower) { return contains(kCurrencyWords, lower); }
bool is_currency_code(std::string_view word) { return contains(kCurrencyCodes, word); }
bool is_plain_capital_word(std::string_view word) { return contains(kPlainCapitalWords, word); }

const std::set<std::string, std::less<>>& keyword_heads() {
  static const std::set<std::string, std::less<>> heads = [] {
    std::set<std::string, std::less<>> all;
    add_heads(kSizeNames, all);
    add_heads(kBedSizes, all);
    add_heads(kPackWords, all);
    add_heads(kSizeSystems, all);
    add_heads(kCurrencyCodes, all);
    add_heads(kOtherKeywords, all);
    return all;
  }();
  return heads;
}

}  // namespace rexbert::batch
