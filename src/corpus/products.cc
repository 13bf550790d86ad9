#include "corpus/products.h"

#include <algorithm>

#include "corpus/words.h"
#include "rexbert/core/strings.h"

namespace rexbert::corpus {
namespace {

constexpr size_t kBrandsPerCategory = 8;

// What a brand keeps to over all its products.
struct Brand {
  std::string name;
  std::array<std::string, 3> lines;
  std::string model_prefix;
  int model_digits = 3;
  std::string model_suffix;  // follows the number: "", "-B", "X"
  int64_t tier_percent = 100;
  std::string warranty;
  std::vector<std::string_view> colours;
};

std::string brand_name(Draw& draw) {
  constexpr std::array<std::string_view, 24> kStarts = {
      "Vel", "Kor", "Zan", "Bri", "Tal", "Mox", "Ner", "Plu", "Quo", "Ras", "Sol", "Tru",
      "Ulo", "Wex", "Yar", "Bel", "Cal", "Dor", "Fen", "Gly", "Hux", "Jov", "Lum", "Ost"};
  constexpr std::array<std::string_view, 12> kMiddles = {"a",  "o",  "i",  "e",  "an", "or",
                                                         "in", "er", "um", "is", "ar", "el"};
  constexpr std::array<std::string_view, 14> kEnds = {"dex",  "via", "tron", "lo",  "mar",
                                                      "pine", "co",  "ra",   "nix", "well",
                                                      "ton",  "dia", "sta",  "zen"};
  return str_cat(draw.pick(kStarts), draw.pick(kMiddles), draw.pick(kEnds));
}

std::string line_name(Draw& draw) {
  constexpr std::array<std::string_view, 30> kLines = {
      "Aero",  "Pulse", "Terra",  "Nova",  "Drift",  "Summit", "Breeze", "Core",
      "Flex",  "Prime", "Meadow", "Orbit", "Harbor", "Spark",  "Quest",  "Glow",
      "Ridge", "Cloud", "Torque", "Pure",  "Velvet", "Frost",  "Loop",   "Metro",
      "Trek",  "Zest",  "Haven",  "Bolt",  "Willow", "Ember"};
  return std::string(draw.pick(kLines));
}

Brand make_brand(uint64_t seed, size_t category, size_t index) {
  constexpr std::array<std::string_view, 6> kSuffixes = {"", "", "-B", "X", "-EU", "S"};
  // Above all document numbers, which are below 2^62.
  Draw draw(KeyedRng(seed, Purpose::kSampleCorpus, (uint64_t{1} << 62) + category * 64 + index));
  Brand brand;
  brand.name = brand_name(draw);
  for (std::string& line : brand.lines) line = line_name(draw);
  std::string initials = brand.name.substr(0, 2);
  for (char& c : initials) c = static_cast<char>(c & ~0x20);
  brand.model_prefix =
      draw.chance(0.5) ? str_cat(product_categories()[category].model_stem, initials[0]) : initials;
  brand.model_digits = static_cast<int>(draw.between(3, 5));
  brand.model_suffix = draw.pick(kSuffixes);
  brand.tier_percent = draw.pick(std::array<int64_t, 5>{55, 80, 100, 140, 220});
  brand.warranty = draw.pick(word_list("warranty"));
  brand.colours = word_list("product colour");
  draw.shuffle(brand.colours);
  brand.colours.resize(4);
  return brand;
}

// Line 0 of a brand has the low model numbers, line 2 the high ones.
std::string model_number(const Brand& brand, size_t line, Draw& draw) {
  int64_t scale = 1;
  for (int i = 1; i < brand.model_digits; ++i) scale *= 10;
  const int64_t lead = static_cast<int64_t>(line) * 3 + draw.between(1, 3);
  const int64_t step = brand.model_digits > 3 ? 5 : 1;
  return str_cat(brand.model_prefix, "-", lead * scale + draw.between(0, scale / step - 1) * step,
                 brand.model_suffix);
}

std::string price_text(const ProductCategory& category, const Brand& brand, size_t size_rank,
                       size_t size_count, Draw& draw) {
  const int64_t by_size =
      60 + 80 * static_cast<int64_t>(size_rank) / static_cast<int64_t>(size_count);
  const int64_t cents =
      category.price_cents * brand.tier_percent / 100 * by_size / 100 * draw.between(92, 108) / 100;
  // Prices end in 9: 12.49, 89.99.
  const int64_t rounded = cents < 2500 ? cents / 50 * 50 + 49 : cents / 100 * 100 + 99;
  return str_printf("$%lld.%02lld", static_cast<long long>(rounded / 100),
                    static_cast<long long>(rounded % 100));
}

constexpr std::string_view kReviews[] = {
    "{stars} stars: {^praise} {noun}. I use it {reviewer use} and the {material} still looks new.",
    "{stars} stars: {^praise} for {price}, but {complaint}.",
    "{stars} stars: Bought the {line} {model} {reviewer use}; {complaint}. Otherwise {praise}.",
    "{stars} stars: We had an older {brand} before. This one is {praise} and {praise}.",
    "{stars} stars: {^complaint}, yet {size} {unit} is just right for us.",
};
constexpr std::string_view kTitles[] = {
    "{brand} {line} {style} {noun}, {size} {unit}, {colour} ({model})",
    "{brand} {model} {line} {noun} - {style}, {size} {unit} - {colour}",
    "{brand} {style} {noun} {line} {size} {unit}, {value}, {colour}",
    "{brand} {line} {noun} {size} {unit} {colour}, {pack}",
};

Facts product_facts(uint64_t seed, uint64_t number, const ProductCategory& category,
                    size_t category_index, Draw& draw) {
  const Brand brand = make_brand(seed, category_index, draw.below(kBrandsPerCategory));
  const auto sizes = split_words(category.sizes);
  const size_t size_rank = draw.below(sizes.size());
  const size_t line = draw.below(brand.lines.size());
  const int64_t pack = draw.chance(0.4) ? draw.pick(std::array<int64_t, 6>{2, 3, 4, 6, 12, 24}) : 1;
  Facts facts;
  facts["brand"] = brand.name;
  facts["line"] = brand.lines[line];
  facts["model"] = model_number(brand, line, draw);
  facts["warranty"] = brand.warranty;
  facts["warranty number"] = std::to_string(draw.between(2, 15));
  facts["colour"] = draw.pick(brand.colours);
  facts["noun"] = draw.pick(split_words(category.nouns));
  facts["style"] = draw.pick(split_words(category.styles));
  facts["size"] = sizes[size_rank];
  facts["unit"] = category.unit;
  facts["material"] = draw.pick(split_words(category.materials));
  facts["attribute"] = category.attribute;
  facts["value"] = draw.pick(split_words(category.values));
  facts["department"] = category.department;
  facts["price"] = price_text(category, brand, size_rank, sizes.size(), draw);
  facts["pack"] = pack == 1 ? "1 Count" : str_cat(draw.pick(word_list("pack word")), " of ", pack);
  facts["stars"] = std::to_string(draw.between(2, 5));
  facts["item"] = str_printf("%08llu", static_cast<unsigned long long>(number * 37 + 1000003));
  return facts;
}

}  // namespace

std::string write_product(uint64_t seed, uint64_t number, Draw& draw) {
  const size_t index = draw.below(product_categories().size());
  const ProductCategory& category = product_categories()[index];
  const Facts facts = product_facts(seed, number, category, index, draw);
  std::string text = realize(draw.pick(kTitles), facts, draw);

  std::vector<std::string_view> features(category.features.begin(), category.features.end());
  draw.shuffle(features);
  features.resize(static_cast<size_t>(draw.between(3, 5)));
  const bool shouting = draw.chance(0.3);
  for (const std::string_view feature : features) {
    const std::string claim = shouting ? realize("{quality claim}: ", facts, draw) : "";
    text += str_cat("\n", claim, capitalized(realize(feature, facts, draw)));
  }
  if (draw.chance(0.5)) text += realize("\nIdeal for {occasion} and {occasion}", facts, draw);
  text += realize("\nBrand: {brand}\nModel: {model}\nColor: {colour}\n{attribute}: {value}", facts,
                  draw);
  text += realize("\nSize: {size} {unit}[|\nMaterial: {material}]\nQuantity: {pack}", facts, draw);
  text += realize("\nPrice: {price}\nCategory: {department}[|\n{shipping note}]", facts, draw);
  text += realize("[|\nWarranty: {warranty}]\nItem number: {item}", facts, draw);
  if (draw.chance(0.45)) text += "\nQ: " + realize(draw.pick(category.questions), facts, draw);
  if (draw.chance(0.5)) text += "\nReview, " + realize(draw.pick(kReviews), facts, draw);
  return text;
}

}  // namespace rexbert::corpus
