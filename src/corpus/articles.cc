#include "corpus/articles.h"

#include <array>

#include "corpus/article_patterns.h"
#include "corpus/world.h"
#include "rexbert/core/strings.h"

namespace rexbert::corpus {
namespace {

// What a region's ground, weather and living things have to do with each other.
struct Habitat {
  std::string_view terrain, climate, crop, hazard, animal_food;
  int64_t low_metres, high_metres;
};
constexpr std::array<Habitat, 7> kHabitats = {{
    {"river delta", "humid and mild", "rice", "flooding", "water insects and snails", 1, 20},
    {"mountain valley", "cold, with long winters", "barley", "avalanches", "seeds and berries", 900,
     2400},
    {"dry steppe", "dry, with hot summers", "millet", "dust storms", "grass and roots", 250, 800},
    {"rocky coast", "windy and wet", "oats", "storm surges", "small fish and crabs", 2, 60},
    {"pine forest", "cool and damp", "rye", "forest fires", "cones and bark beetles", 100, 600},
    {"high desert", "arid, with freezing nights", "quinoa", "drought", "lizards and beetles", 1500,
     3800},
    {"tropical lowland", "hot, with two rainy seasons", "cassava", "landslides", "fruit and nectar",
     10, 300},
}};

void add_habitat_facts(const Habitat& habitat, Draw& draw, Facts& facts) {
  facts["terrain"] = habitat.terrain;
  facts["climate"] = habitat.climate;
  facts["crop"] = habitat.crop;
  facts["hazard"] = habitat.hazard;
  facts["prey"] = habitat.animal_food;
  facts["metres"] = grouped(draw.between(habitat.low_metres, habitat.high_metres));
}

void add_years(Draw& draw, int64_t low, int64_t high, Facts& facts) {
  int64_t year = draw.between(low, high);
  for (const char* key : {"year1", "year2", "year3", "year4"}) {
    facts[key] = std::to_string(year);
    year += draw.between(4, 31);
  }
}

std::string sections(const std::string& title, std::initializer_list<std::string> paragraphs) {
  std::string text = title + "\n";
  for (const std::string& paragraph : paragraphs) text += '\n' + paragraph;
  return text;
}

std::string write_settlement(const Country& country, Draw& draw, Facts& facts) {
  struct Size {
    std::string_view kind;
    int64_t low, high;
  };
  constexpr std::array<Size, 4> kSizes = {{{"village", 180, 1900},
                                           {"town", 2400, 26000},
                                           {"port", 9000, 90000},
                                           {"city", 60000, 900000}}};
  const Size& size = draw.pick(kSizes);
  const std::string name = place_name(country, draw);
  facts["name"] = name;
  facts["kind"] = size.kind;
  const int64_t people = draw.between(size.low, size.high);
  facts["people"] = grouped(people);
  facts["people before"] = grouped(people * draw.between(55, 140) / 100);
  facts["river"] = place_name(country, draw);
  facts["neighbour"] = place_name(country, draw);
  facts["founder"] = person_name(country, draw);
  facts["notable"] = person_name(country, draw);
  facts["km"] = std::to_string(draw.between(6, 240));
  add_years(draw, 1180, 1880, facts);
  return sections(name, {realize_led(kSettlementIntro, 4, facts, draw),
                         "History\n" + realize_led(kSettlementHistory, 5, facts, draw),
                         "Economy\n" + realize_some(kSettlementEconomy, 4, facts, draw)});
}

std::string write_person(const Country& country, Draw& draw, Facts& facts) {
  const std::string name = person_name(country, draw);
  facts["name"] = name;
  facts["surname"] = name.substr(name.find(' ') + 1);
  const bool woman = has_womans_name(country, name);
  facts["he"] = woman ? "she" : "he";
  facts["his"] = woman ? "her" : "his";
  facts["him"] = woman ? "her" : "him";
  const int64_t born = draw.between(1640, 1880);
  facts["born"] = std::to_string(born);
  facts["died"] = std::to_string(born + draw.between(38, 91));
  facts["year1"] = std::to_string(born + draw.between(19, 25));
  facts["year2"] = std::to_string(born + draw.between(26, 31));
  facts["year3"] = std::to_string(born + draw.between(32, 37));
  facts["year4"] = std::to_string(born + draw.between(92, 130));
  facts["birthplace"] = place_name(country, draw);
  facts["workplace"] = place_name(country, draw);
  facts["teacher"] = person_name(draw.pick(countries()), draw);
  facts["rival"] = person_name(draw.pick(countries()), draw);
  const bool scholar = draw.chance(0.55);
  facts["field"] = draw.pick(word_list(scholar ? "field of study" : "art"));
  facts["theme"] = draw.pick(word_list("theme of art"));
  return scholar ? sections(name, {realize_led(kPersonIntro, 3, facts, draw),
                                   "Work\n" + realize_led(kScholarWork, 5, facts, draw),
                                   "Later life\n" + realize_some(kPersonLater, 4, facts, draw)})
                 : sections(name, {realize_led(kPersonIntro, 3, facts, draw),
                                   "Art\n" + realize_led(kArtistWork, 5, facts, draw),
                                   "Later life\n" + realize_some(kPersonLater, 4, facts, draw)});
}

std::string write_animal(const Country& country, Draw& draw, Facts& facts) {
  struct Family {
    std::string_view kind, family, genus, unit;
    int64_t low, high;
  };
  constexpr std::array<Family, 8> kFamilies = {
      {{"warbler", "Salvicidae", "Salvica", "centimetres", 9, 16},
       {"hawk", "Rapternidae", "Rapterna", "centimetres", 38, 66},
       {"vole", "Murellidae", "Murella", "centimetres", 8, 14},
       {"fox", "Vulparidae", "Vulparia", "centimetres", 55, 90},
       {"frog", "Batranidae", "Batrana", "millimetres", 21, 88},
       {"trout", "Fluvionidae", "Fluvio", "centimetres", 22, 70},
       {"beetle", "Scarabillidae", "Scarabilla", "millimetres", 6, 42},
       {"lizard", "Lacernidae", "Lacerna", "centimetres", 11, 34}}};
  const Family& family = draw.pick(kFamilies);
  facts["kind"] = family.kind;
  facts["family"] = family.family;
  facts["unit"] = family.unit;
  facts["length"] = std::to_string(draw.between(family.low, family.high));
  facts["male colour"] = draw.pick(word_list("colour"));
  facts["part"] = draw.pick(word_list("body part of animal"));
  facts["discoverer"] = person_name(draw.pick(countries()), draw);
  const std::string place = place_name(country, draw);
  facts["place"] = place;
  const std::string name = str_cat(place, " ", family.kind);
  facts["name"] = name;
  std::string epithet;
  for (const char c : place) {
    if (c >= 'A' && c <= 'Z') epithet += static_cast<char>(c + 32);
    if (c >= 'a' && c <= 'z') epithet += c;
  }
  facts["latin"] = str_cat(family.genus, " ", epithet, "ensis");
  facts["eggs"] = std::to_string(draw.between(2, 9));
  facts["days"] = std::to_string(draw.between(11, 64));
  facts["pairs"] = grouped(draw.between(12, 940) * 10);
  add_years(draw, 1740, 1930, facts);
  return sections(name, {realize_led(kAnimalIntro, 3, facts, draw),
                         "Description\n" + realize_some(kAnimalDescription, 5, facts, draw),
                         "Behaviour\n" + realize_some(kAnimalBehaviour, 5, facts, draw)});
}

std::string write_plant(const Country& country, Draw& draw, Facts& facts) {
  constexpr std::array<std::array<std::string_view, 3>, 7> kGenera = {
      {{"willow", "Salicora", "a shrub"},
       {"sedge", "Carexia", "a tufted perennial herb"},
       {"orchid", "Orchalia", "a ground-living herb"},
       {"oak", "Querculia", "a broad-crowned tree"},
       {"sage", "Salvidea", "an aromatic shrub"},
       {"fern", "Filicaria", "a creeping fern"},
       {"thistle", "Cirsaria", "a spiny biennial"}}};
  const auto& genus = draw.pick(kGenera);
  const std::string name =
      capitalized(str_cat(draw.pick(word_list("colour")), " ",
                          draw.pick(word_list("adjective of plant")), " ", genus[0]));
  facts["name"] = name;
  facts["plain name"] = str_cat("the ", genus[0]);
  facts["genus"] = genus[1];
  facts["habit"] = genus[2];
  facts["leaf"] = draw.pick(word_list("leaf shape"));
  facts["flower"] = draw.pick(word_list("colour"));
  facts["bloom"] = draw.pick(word_list("season"));
  facts["botanist"] = person_name(country, draw);
  facts["height"] = std::to_string(draw.between(10, 950));
  facts["leaf length"] = std::to_string(draw.between(1, 38));
  add_years(draw, 1740, 1930, facts);
  return sections(name, {realize_led(kPlantIntro, 3, facts, draw),
                         "Description\n" + realize_some(kPlantDescription, 5, facts, draw),
                         "Uses\n" + realize_some(kPlantUse, 4, facts, draw)});
}

std::string write_device(const Country& country, Draw& draw, Facts& facts) {
  const auto quantity = draw.pick(word_list("measured quantity"));
  const std::string inventor = person_name(country, draw);
  const std::string surname = inventor.substr(inventor.find(' ') + 1);
  facts["quantity"] = quantity;
  facts["inventor"] = inventor;
  facts["surname"] = surname;
  facts["kind"] = draw.pick(word_list("device kind"));
  const std::string name = str_cat(surname, " ", facts["kind"]);
  facts["name"] = name;
  facts["part1"] = draw.pick(word_list("device part"));
  facts["part2"] = draw.pick(word_list("device part"));
  facts["users"] = draw.pick(word_list("user group"));
  facts["workshop"] = place_name(country, draw);
  facts["grams"] = grouped(draw.between(12, 640) * 10);
  facts["percent"] = str_printf("%.1f", static_cast<double>(draw.between(1, 60)) / 10);
  facts["built"] = grouped(draw.between(3, 900) * 5);
  add_years(draw, 1690, 1940, facts);
  return sections(name, {realize_led(kDeviceIntro, 3, facts, draw),
                         "Construction\n" + realize_some(kDeviceConstruction, 5, facts, draw),
                         "History\n" + realize_some(kDeviceHistory, 5, facts, draw)});
}

std::string write_battle(const Country& country, Draw& draw, Facts& facts) {
  const Country& enemy = draw.pick(countries());
  const std::string place = place_name(country, draw);
  facts["place"] = place;
  facts["name"] = "Battle of " + place;
  facts["enemy"] = enemy.name == country.name ? "the rebel towns" : std::string(enemy.name);
  facts["commander1"] = person_name(country, draw);
  facts["commander2"] = person_name(enemy, draw);
  const int64_t men = draw.between(14, 300) * 100;
  facts["men1"] = grouped(men);
  facts["men2"] = grouped(men * draw.between(50, 180) / 100);
  facts["losses"] = grouped(men * draw.between(3, 28) / 100);
  facts["cause"] = draw.pick(word_list("cause of conflict"));
  facts["ground"] = draw.pick(word_list("terrain of battle"));
  facts["date"] = str_cat(draw.between(1, 28), " ", draw.pick(word_list("month")));
  facts["winner"] = draw.chance(0.5) ? facts["country"] : facts["enemy"];
  add_years(draw, 1250, 1860, facts);
  return sections(facts["name"], {realize_led(kBattleIntro, 3, facts, draw),
                                  "Course\n" + realize_some(kBattleCourse, 6, facts, draw),
                                  "Aftermath\n" + realize_some(kBattleAftermath, 4, facts, draw)});
}

std::string write_mineral(const Country& country, Draw& draw, Facts& facts) {
  const std::string place = place_name(country, draw);
  std::string name = place;
  while (name.size() > 3 && std::string_view("aeiou").find(name.back()) != std::string_view::npos) {
    name.pop_back();
  }
  name += "ite";
  facts["name"] = name;
  facts["place"] = place;
  facts["mineral look"] = draw.pick(word_list("mineral colour"));
  facts["shine"] = draw.pick(word_list("lustre"));
  facts["rock"] = draw.pick(word_list("host rock"));
  facts["hardness"] = str_printf("%.1f", static_cast<double>(draw.between(2, 17)) / 2);
  facts["density"] = str_printf("%.2f", static_cast<double>(draw.between(170, 690)) / 100);
  facts["finder"] = person_name(country, draw);
  facts["depth"] = std::to_string(draw.between(2, 90) * 10);
  add_years(draw, 1760, 1960, facts);
  return sections(name, {realize_led(kMineralIntro, 3, facts, draw),
                         "Properties\n" + realize_some(kMineralProperties, 5, facts, draw),
                         "Mining\n" + realize_some(kMineralMining, 4, facts, draw)});
}

std::string write_institution(const Country& country, Draw& draw, Facts& facts) {
  const std::string seat = place_name(country, draw);
  facts["seat"] = seat;
  facts["subject"] = draw.pick(word_list("school subject"));
  facts["kind"] = draw.pick(word_list("institution kind"));
  const std::string name = str_cat(seat, " ", facts["kind"], " of ", capitalized(facts["subject"]));
  facts["name"] = name;
  facts["founder"] = person_name(country, draw);
  facts["head"] = person_name(country, draw);
  facts["members"] = grouped(draw.between(40, 4200));
  facts["volumes"] = grouped(draw.between(3, 700) * 1000);
  facts["sum"] = grouped(draw.between(2, 95) * 1000);
  add_years(draw, 1520, 1930, facts);
  return sections(name,
                  {realize_led(kInstitutionIntro, 3, facts, draw),
                   "History\n" + realize_some(kInstitutionHistory, 5, facts, draw),
                   "Collections and teaching\n" + realize_some(kInstitutionLife, 4, facts, draw)});
}

}  // namespace

std::string write_article(Draw& draw) {
  using Writer = std::string (*)(const Country&, Draw&, Facts&);
  constexpr std::array<Writer, 9> kWriters = {write_settlement, write_person,  write_person,
                                              write_animal,     write_plant,   write_device,
                                              write_battle,     write_mineral, write_institution};
  const Country& country = draw.pick(countries());
  Facts facts;
  add_country_facts(country, draw, facts);
  // A region of a country always has the same habitat.
  size_t region = 0;
  while (country.regions[region] != facts["region"]) ++region;
  const size_t index = static_cast<size_t>(&country - countries().data());
  add_habitat_facts(kHabitats[(index * 3 + region * 2) % kHabitats.size()], draw, facts);
  const std::string text = draw.pick(kWriters)(country, draw, facts);
  return str_cat(text, "\nNotes\n", realize_some(kNotes, 3, facts, draw));
}

}  // namespace rexbert::corpus
