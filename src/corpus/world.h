#pragma once

#include <array>
#include <string>
#include <string_view>

#include "corpus/grammar.h"

// The invented world that all documents share: countries with what belongs to them, and the way in
// which names of people, places and species are made.
namespace rexbert::corpus {

struct Country {
  std::string_view name;
  std::string_view adjective;
  std::string_view capital;
  std::string_view language;
  std::string_view currency;
  std::string_view sea;
  std::array<std::string_view, 4> regions;
  std::string_view given_names;     // 16, commas between them; every second a woman's
  std::string_view surname_starts;  // 10
  std::string_view surname_ends;    // 8
  std::string_view place_starts;    // 12
  std::string_view place_ends;      // 10
};

const std::array<Country, 10>& countries();

std::string person_name(const Country& country, Draw& draw);
// Whether `person`, made by person_name(), has a woman's given name.
bool has_womans_name(const Country& country, std::string_view person);
std::string place_name(const Country& country, Draw& draw);

// Sets country, adjective, capital, language, currency, sea, region.
void add_country_facts(const Country& country, Draw& draw, Facts& facts);

}  // namespace rexbert::corpus
