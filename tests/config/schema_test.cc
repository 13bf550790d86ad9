#include "rexbert/config/schema.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

#include "rexbert/config/reference.h"
#include "rexbert/core/error.h"

namespace rexbert::config {
namespace zoo {

enum class Diet { kPlants, kMeat };

struct Cage {
  double width = 2;
  double height = 3;
};

struct Animal {
  std::string name;
  Diet diet = Diet::kPlants;
  int64_t grams = 100;
  double hunt_speed = 1;
  Cage cage;
  std::optional<Cage> night_cage;
};

struct Zoo {
  std::string city = "Berlin";
  bool open = true;
  int32_t keepers = 4;
  int64_t memory = 64 << 20;
  std::vector<double> prices = {1, 2.5};
  std::map<std::string, Cage> spare;
  std::map<std::string, double> shares;
  std::vector<Animal> animals;
};

EnumNames<Diet> names_of(Diet) { return {{Diet::kPlants, "plants"}, {Diet::kMeat, "meat"}}; }

void describe(Schema<Cage>& schema) {
  schema.field("width", &Cage::width).above(0).max(10).unit("metres").doc("Its width.");
  schema.field("height", &Cage::height).min(1).doc("Its height.");
}

void describe(Schema<Animal>& schema) {
  schema.field("name", &Animal::name).own().required();
  schema.field("diet", &Animal::diet);
  schema.field("grams", &Animal::grams).count().above(0).required();
  schema.field("hunt_speed", &Animal::hunt_speed)
      .min(0)
      .required()
      .only_when("with the diet meat", [](const Animal& it) { return it.diet == Diet::kMeat; });
  schema.field("cage", &Animal::cage);
  schema.field("night_cage", &Animal::night_cage);
  schema.on_inherit([](Animal& animal) { animal.night_cage.reset(); });
}

void describe(Schema<Zoo>& schema) {
  schema.field("city", &Zoo::city).doc("Where it | is.");
  schema.field("open", &Zoo::open);
  schema.field("keepers", &Zoo::keepers).min(1).cost("wages");
  schema.field("memory", &Zoo::memory).bytes();
  schema.field("prices", &Zoo::prices).min(0);
  schema.field("spare", &Zoo::spare);
  schema.field("shares", &Zoo::shares).min(0);
  schema.field("animals", &Zoo::animals).items_inherit().doc("Who lives there.");
  schema.check([](const Zoo& zoo, const auto& report) {
    for (size_t i = 0; i < zoo.animals.size(); ++i) {
      if (zoo.animals[i].cage.width < 1) {
        report("animals[" + std::to_string(i) + "].cage.width", "too narrow");
      }
    }
  });
}

}  // namespace zoo

namespace {

using zoo::Zoo;

Zoo read(const std::string& text, Reader& reader) {
  return read_struct<Zoo>(parse_yaml(text, "zoo.yaml"), reader);
}

Zoo read(const std::string& text) {
  Reader reader;
  return read(text, reader);
}

std::string problems(const std::string& text) {
  try {
    read(text);
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kConfig);
    return error.what();
  }
  return "no error";
}

TEST(Schema, DefaultsAreTheMemberInitializers) {
  const Zoo zoo = read("{}");
  EXPECT_EQ(zoo.city, "Berlin");
  EXPECT_EQ(zoo.keepers, 4);
  EXPECT_THAT(zoo.prices, testing::ElementsAre(1, 2.5));
  EXPECT_TRUE(zoo.animals.empty());
}

TEST(Schema, ReadsEveryKindOfValue) {
  const Zoo zoo = read(
      "city: \"5\"\nopen: false\nkeepers: 7\nmemory: 1.5GiB\nprices: [3]\n"
      "spare: {small: {width: 1}}\nshares: {a: 0.25}\n"
      "animals:\n  - {name: lion, diet: meat, grams: 190k, hunt_speed: 2e1}\n");
  EXPECT_EQ(zoo.city, "5");
  EXPECT_FALSE(zoo.open);
  EXPECT_EQ(zoo.memory, 1610612736);
  EXPECT_THAT(zoo.prices, testing::ElementsAre(3));
  EXPECT_EQ(zoo.spare.at("small").width, 1);
  EXPECT_EQ(zoo.spare.at("small").height, 3);
  EXPECT_EQ(zoo.shares.at("a"), 0.25);
  EXPECT_EQ(zoo.animals.at(0).grams, 190'000);
  EXPECT_EQ(zoo.animals.at(0).hunt_speed, 20);
  EXPECT_FALSE(zoo.animals.at(0).night_cage.has_value());
}

TEST(Schema, UnknownKeysNameTheNearest) {
  EXPECT_EQ(problems("ctiy: Rome\n"), "zoo.yaml:1: ctiy: unknown key; did you mean city?");
  EXPECT_EQ(problems("spare:\n  small: {wdth: 1}\n"),
            "zoo.yaml:2: spare.small.wdth: unknown key; did you mean width?");
  EXPECT_EQ(problems("animals:\n- {name: a, grams: 1, cage: {colour: red}}\n"),
            "zoo.yaml:2: animals[0].cage.colour: unknown key; expected one of width, height");
}

TEST(Schema, MistypedValuesSayWhatWasExpected) {
  EXPECT_EQ(problems("open: yes\n"), "zoo.yaml:1: open: expected true or false, got yes");
  EXPECT_EQ(problems("keepers: 0\n"),
            "zoo.yaml:1: keepers: expected a whole number of at least 1, got 0");
  EXPECT_EQ(problems("keepers: 1.5\n"),
            "zoo.yaml:1: keepers: expected a whole number of at least 1, got 1.5");
  EXPECT_EQ(problems("keepers: 5000000000\n"),
            "zoo.yaml:1: keepers: expected a whole number of at least 1, got 5000000000");
  EXPECT_EQ(problems("keepers: \"5\"\n"),
            "zoo.yaml:1: keepers: expected a whole number of at least 1, got \"5\"");
  EXPECT_EQ(problems("keepers:\n"),
            "zoo.yaml:1: keepers: expected a whole number of at least 1, got nothing");
  EXPECT_EQ(problems("memory: 5 apples\n"),
            "zoo.yaml:1: memory: expected a size such as 64MiB, got 5 apples");
  EXPECT_EQ(problems("city: [a]\n"), "zoo.yaml:1: city: expected a text, got a list of 1");
  EXPECT_EQ(problems("prices: 5\n"),
            "zoo.yaml:1: prices: expected a list, each a number of at least 0, got 5");
  EXPECT_EQ(problems("prices:\n- 1\n- -1\n"),
            "zoo.yaml:3: prices[1]: expected a number of at least 0, got -1");
  EXPECT_EQ(problems("prices: [nan]\n"),
            "zoo.yaml:1: prices[0]: expected a number of at least 0, got nan");
  EXPECT_EQ(problems("spare: 5\n"), "zoo.yaml:1: spare: expected a map from names, got 5");
  EXPECT_EQ(problems("spare: {a: 5}\n"), "zoo.yaml:1: spare.a: expected a map of keys, got 5");
  EXPECT_EQ(problems("spare: {a: {width: 0}}\n"),
            "zoo.yaml:1: spare.a.width: expected a number above 0 and up to 10, got 0");
  EXPECT_EQ(problems("animals: {}\n"), "zoo.yaml:1: animals: expected a list, got a map");
  EXPECT_EQ(problems("animals: [{name: a, grams: 1, diet: fish}]\n"),
            "zoo.yaml:1: animals[0].diet: expected one of plants, meat, got fish");
  EXPECT_EQ(
      problems("animals: [{name: a, grams: 0}]\n"),
      "zoo.yaml:1: animals[0].grams: expected a count such as 1.7T, 50B or 10M above 0, got 0");
}

TEST(Schema, AllProblemsAreReportedAtOnce) {
  EXPECT_EQ(problems("opne: true\nkeepers: x\nprices: y\n"),
            "zoo.yaml:1: opne: unknown key; did you mean open?\n"
            "zoo.yaml:2: keepers: expected a whole number of at least 1, got x\n"
            "zoo.yaml:3: prices: expected a list, each a number of at least 0, got y");
}

TEST(Schema, KeysWithoutEffectAreErrors) {
  EXPECT_EQ(problems("animals:\n- {name: cow, grams: 1, hunt_speed: 3}\n"),
            "zoo.yaml:2: animals[0].hunt_speed: has no effect here: it is used only with the diet "
            "meat");
}

TEST(Schema, RequiredKeysMustBeWritten) {
  EXPECT_EQ(problems("animals:\n- grams: 1\n"),
            "zoo.yaml:2: animals[0].name: missing; expected a text");
  EXPECT_EQ(problems("animals:\n- {name: lion, grams: 1, diet: meat}\n"),
            "zoo.yaml:2: animals[0].hunt_speed: missing; expected a number of at least 0");
}

TEST(Schema, RulesPointAtTheValueTheyAreAbout) {
  EXPECT_EQ(problems("animals:\n- name: a\n  grams: 1\n  cage:\n    width: 0.5\n"),
            "zoo.yaml:5: animals[0].cage.width: too narrow");
}

TEST(Schema, ItemsInheritKeysAndReplaceBlocks) {
  Reader reader;
  const Zoo zoo = read(
      "animals:\n"
      "- {name: lion, diet: meat, grams: 5, hunt_speed: 9, cage: {width: 4, height: 5},\n"
      "   night_cage: {width: 1}}\n"
      "- {name: tiger}\n"
      "- {name: puma, cage: {width: 7}}\n",
      reader);
  ASSERT_EQ(zoo.animals.size(), 3u);
  EXPECT_EQ(zoo.animals[1].grams, 5);
  EXPECT_EQ(zoo.animals[1].hunt_speed, 9);
  EXPECT_EQ(zoo.animals[1].cage.height, 5);
  EXPECT_FALSE(zoo.animals[1].night_cage.has_value()) << "on_inherit takes it away";
  EXPECT_EQ(zoo.animals[2].cage.width, 7);
  EXPECT_EQ(zoo.animals[2].cage.height, 3) << "the default: a written block replaces all of it";

  EXPECT_EQ(reader.origin("animals[1].grams"), "inherited: zoo.yaml:2");
  EXPECT_EQ(reader.origin("animals[1].cage.height"), "inherited: zoo.yaml:2");
  EXPECT_EQ(reader.origin("animals[2].grams"), "inherited: zoo.yaml:2") << "over two items";
  EXPECT_EQ(reader.origin("animals[2].cage.width"), "zoo.yaml:5");
  EXPECT_EQ(reader.origin("animals[2].cage.height"), "");
  EXPECT_EQ(reader.origin("animals[2].name"), "zoo.yaml:5");
}

TEST(Schema, ARequiredKeyOfAReplacedBlockIsNotInherited) {
  EXPECT_EQ(problems("animals:\n- {name: a, grams: 1}\n- {grams: 2}\n"),
            "zoo.yaml:3: animals[1].name: missing; expected a text");
}

TEST(Schema, PrintsProvenance) {
  Reader reader;
  const Zoo zoo = read("keepers: 9\nanimals:\n- {name: a, grams: 1M}\n- {name: b}\n", reader);
  const std::string text = to_yaml(schema_of<Zoo>().write(zoo, &reader, ""), true);
  EXPECT_THAT(text, testing::HasSubstr("city: Berlin  # default\n"));
  EXPECT_THAT(text, testing::HasSubstr("keepers: 9  # zoo.yaml:1\n"));
  EXPECT_THAT(text, testing::HasSubstr("memory: 64MiB  # default\n"));
  EXPECT_THAT(text, testing::HasSubstr("grams: 1M  # zoo.yaml:3\n"));
  EXPECT_THAT(text, testing::HasSubstr("grams: 1M  # inherited: zoo.yaml:3\n"));
  EXPECT_THAT(text, testing::Not(testing::HasSubstr("hunt_speed"))) << "it has no effect here";
}

TEST(Schema, ThePrintedConfigReadsBackAsTheSame) {
  const std::string text =
      "city: \"a: b\"\nopen: false\nmemory: 1000\nprices: [0.1, 1e-6, 3e300]\n"
      "spare: {x: {width: 1}, y: {height: 4}}\nshares: {q: 1}\n"
      "animals:\n- {name: a, diet: meat, grams: 1234567, hunt_speed: 0.3, night_cage: {width: 1}}\n"
      "- {name: b}\n";
  const std::string once = to_yaml(schema_of<Zoo>().write(read(text), nullptr, ""), true);
  const std::string twice = to_yaml(schema_of<Zoo>().write(read(once), nullptr, ""), true);
  EXPECT_EQ(once, twice);
  EXPECT_EQ(read(once).prices, read(text).prices);
  EXPECT_EQ(read(once).animals.at(0).grams, 1234567);
  EXPECT_EQ(read(once).animals.at(1).hunt_speed, 0.3);
}

TEST(Codec, NumbersPrintTheShortestFormThatReadsBack) {
  EXPECT_EQ(write_integer(1'700'000'000'000, NumberForm::kCount), "1.7T");
  EXPECT_EQ(write_integer(50'000'000'000, NumberForm::kCount), "50B");
  EXPECT_EQ(write_integer(4608, NumberForm::kCount), "4608");
  EXPECT_EQ(write_integer(1'234'567, NumberForm::kCount), "1234567");
  EXPECT_EQ(write_integer(64 << 20, NumberForm::kBytes), "64MiB");
  EXPECT_EQ(write_integer(1000, NumberForm::kBytes), "1000");
  EXPECT_EQ(write_double(8e-4), "8e-4");
  EXPECT_EQ(write_double(0.3), "0.3");
  EXPECT_EQ(write_double(0), "0");
  EXPECT_EQ(write_double(160000), "160000");
  EXPECT_EQ(write_double(-1.5e10), "-1.5e10");
  EXPECT_EQ(write_double(1e-10), "1e-10");
  for (const double value : {0.1, 1.0 / 3, 1e-300, 123456.789}) {
    double back = 0;
    EXPECT_TRUE(read_double(Node::make_scalar(write_double(value)), back));
    EXPECT_EQ(back, value);
  }
}

TEST(Reference, ShowsEveryKeyWithTypeDefaultUnitAndCost) {
  const std::string page = reference_page("# Zoo\n", schema_of<Zoo>().document());
  EXPECT_THAT(page, testing::StartsWith("# Zoo\n\n| key | type | default | meaning |\n"));
  for (const char* row : {
           "| `city` | a text | `Berlin` | Where it \\| is. |\n",
           "| `keepers` | a whole number of at least 1 | `4` |  Cost: wages. |\n",
           "| `memory` | a size such as 64MiB | `64MiB` |  |\n",
           "| `prices` | a list, each a number of at least 0 | `[1, 2.5]` |  |\n",
           "| `animals` | a list of blocks | - | Who lives there. |\n",
           "\n## `animals`\n\nWho lives there.\n",
           "| `animals[].name` | a text | required |  |\n",
           "| `animals[].diet` | one of plants, meat | `plants` |  |\n",
           "| `animals[].hunt_speed` | a number of at least 0 | required |  Used only with the "
           "diet "
           "meat. |\n",
           "| `animals[].cage.width` | a number above 0 and up to 10 | `2` | Its width. Unit: "
           "metres. |\n",
           "| `spare.NAME.height` | a number of at least 1 | `3` | Its height. |\n",
       }) {
    EXPECT_THAT(page, testing::HasSubstr(row));
  }
}

}  // namespace
}  // namespace rexbert::config
