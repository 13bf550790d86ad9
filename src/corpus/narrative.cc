#include <algorithm>
#include <array>
#include <set>

#include "corpus/long_documents.h"
#include "corpus/world.h"
#include "rexbert/core/strings.h"

namespace rexbert::corpus {
namespace {

constexpr std::string_view kIntroduceMember[] = {
    "{name}, {a craft} from {home}, brought {a keepsake} and {number} sacks of {ware}.",
    "The {craft}, {name} of {home}, was {age} years old and never parted with {a keepsake}.",
    "From {home} came {name}, {a craft}, who carried {a keepsake} and a paper with the number "
    "{number}.",
};
constexpr std::string_view kRecallMember[] = {
    "{name} of {home} [took out|looked at|polished] the {keepsake} and {saying verb} the number "
    "{number} [again|under the breath].",
    "It was {name}, the {craft} from {home}, who {camp task}; the {keepsake} lay beside the sack "
    "marked "
    "{number}.",
    "\"In {home},\" {saying verb} {name}, \"{a craft} [owns no more than|would not sell] {a "
    "keepsake}.\"",
    "The list for sack {number} still bore the name of {name}, {craft}, {home}.",
    "Nobody but {name} knew why {a keepsake} from {home} should be worth {number} {currency}s.",
    "{name} was {mood} and spoke of {home}, where {a craft} at the age of {age} was thought old.",
    "They found the {keepsake} again; {name} of {home} had hidden it in sack {number}.",
};
constexpr std::string_view kRecallHalt[] = {
    "It reminded them of {halt}, {distance} miles from {before}, where they had found {found}.",
    "The notebook said: {halt}, {distance} miles after {before}, {found}.",
    "\"At {halt} it was {distance} miles,\" {saying verb} {name}, \"and there was {found}.\"",
    "Since {found} at {halt} nobody trusted the road, though it had been only {distance} miles "
    "from "
    "{before}.",
};
constexpr std::string_view kScenery[] = {
    "{^time of day} there was {weather}, and the road led through {landscape}.",
    "Beyond {landscape} they saw {landscape}.",
    "{^weather} held them up for [two|three|four] days.",
    "The animals were {mood}, for {weather} had come {adverb}.",
    "Nothing grew there but {adjective of plant} thistle and {colour} moss.",
    "A {colour} bird gave {sound} and flew off over {landscape}.",
    "The ground was {host rock}, and water stood in the hollows.",
    "They ate {food} and {food}, [and kept the {food} for later|without speaking].",
    "{^time of day} they {camp task} and {camp task}.",
    "It smelled of {ware} and {weather}.",
    "Smoke rose from a {adjective of place} hamlet with a {building}.",
};
constexpr std::string_view kTalk[] = {
    "\"What do you know of {abstract}?\" {saying verb} {name}.",
    "\"Enough,\" {saying verb} {other}. \"{^abstract} is like {weather}: it passes.\"",
    "{name} and {other} argued about {abstract} until the fire was low.",
    "{^local person} {saying verb} that {group of people} had passed {time of day}.",
    "{^local person} sold them {ware} and {food} for too many {currency}s.",
    "\"Give me {ware},\" {saying verb} {local person}, \"and I will show you the way past "
    "{landscape}.\"",
    "{other} laughed, for {name} had {adverb} lost the argument.",
    "{^local person} asked about {abstract}, and {name} was {mood}.",
    "{name} had {sickness}, and {other} {camp task} instead.",
    "\"We {camp task} [yesterday|already],\" {other} {saying verb}.",
    "They heard that {reason} had emptied the valley.",
};
constexpr std::string_view kCloseChapter[] = {
    "That evening {name} wrote down the distance, {distance} miles, and the place, {halt}.",
    "So they left {halt}, and {name} of {home} walked last.",
    "When they broke camp the count stood at {distance} miles, and {found} lay behind them.",
};

struct Halt {
  std::string name, before, found;
  int64_t distance = 0;
};

class Narrative {
 public:
  explicit Narrative(Draw& draw) : draw_(draw), country_(draw.pick(countries())) {
    add_country_facts(country_, draw_, shared_);
    recruit(static_cast<size_t>(draw_.between(9, 15)));
  }

  std::string write() {
    const auto target_words = static_cast<size_t>(draw_.between(7000, 26000));
    const auto journey = draw_.pick(kJourneys);
    text_ = str_cat("The ", journey, " of ", shared_["region"], "\n\nThe company\n",
                    "This is the account of the ", journey, " that left ", shared_["capital"],
                    " in ", draw_.pick(word_list("month")), " ", draw_.between(1640, 1890), ".");
    for (const Facts& member : company_) {
      text_ += ' ' + realize(draw_.pick(kIntroduceMember), member, draw_);
    }
    for (int chapter = 1; words_written() < target_words; ++chapter) write_chapter(chapter);
    return std::move(text_);
  }

 private:
  static constexpr std::array<std::string_view, 6> kJourneys = {
      "Survey", "Caravan", "Expedition", "Embassy", "Pilgrimage", "Relief Column"};

  size_t words_written() const {
    return static_cast<size_t>(std::count(text_.begin(), text_.end(), ' '));
  }

  void recruit(size_t count) {
    std::set<std::string> names;
    while (company_.size() < count) {
      // Most come from the country itself, some from far away.
      const Country& origin = draw_.chance(0.7) ? country_ : draw_.pick(countries());
      Facts facts = shared_;
      facts["name"] = person_name(origin, draw_);
      if (!names.insert(facts["name"]).second) continue;
      facts["home"] = place_name(origin, draw_);
      facts["craft"] = draw_.pick(word_list("craft"));
      facts["keepsake"] = draw_.pick(word_list("keepsake"));
      facts["number"] = std::to_string(draw_.between(101, 9899));
      facts["age"] = std::to_string(draw_.between(17, 68));
      company_.push_back(std::move(facts));
    }
  }

  void write_chapter(int number) {
    Halt halt;
    halt.name = place_name(country_, draw_);
    halt.before = halts_.empty() ? shared_["capital"] : halts_.back().name;
    halt.found = draw_.pick(word_list("find"));
    halt.distance = draw_.between(7, 190);
    text_ +=
        str_cat("\n\nChapter ", number, ": ", halt.name, "\n", halt.name, " lies ", halt.distance,
                " miles from ", halt.before, ". There they found ", halt.found, ".");
    halts_.push_back(halt);
    const int64_t paragraphs = draw_.between(4, 9);
    for (int64_t i = 0; i < paragraphs; ++i) text_ += '\n' + paragraph();
    text_ += ' ' + realize(draw_.pick(kCloseChapter), facts_with(halts_.back()), draw_);
  }

  std::string paragraph() {
    std::vector<std::string> sentences;
    const Facts here = facts_with(halts_.back());
    sentences.push_back(
        realize_some(kScenery, static_cast<size_t>(draw_.between(1, 3)), here, draw_));
    sentences.push_back(realize_some(kTalk, static_cast<size_t>(draw_.between(1, 3)), here, draw_));
    sentences.push_back(realize(draw_.pick(kRecallMember), draw_.pick(company_), draw_));
    if (halts_.size() > 2 && draw_.chance(0.6)) {
      const Halt& past = halts_[draw_.below(halts_.size() - 1)];
      sentences.push_back(realize(draw_.pick(kRecallHalt), facts_with(past), draw_));
    }
    draw_.shuffle(sentences);
    return str_join(sentences, " ");
  }

  // Facts of a random member with a companion and a halt.
  Facts facts_with(const Halt& halt) {
    Facts facts = draw_.pick(company_);
    facts["other"] = draw_.pick(company_).at("name");
    facts["halt"] = halt.name;
    facts["before"] = halt.before;
    facts["found"] = halt.found;
    facts["distance"] = std::to_string(halt.distance);
    return facts;
  }

  Draw& draw_;
  const Country& country_;
  Facts shared_;
  std::vector<Facts> company_;
  std::vector<Halt> halts_;
  std::string text_;
};

}  // namespace

std::string write_narrative(Draw& draw) { return Narrative(draw).write(); }

}  // namespace rexbert::corpus
