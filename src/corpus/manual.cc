#include <algorithm>
#include <array>

#include "corpus/long_documents.h"
#include "corpus/world.h"
#include "rexbert/core/strings.h"

namespace rexbert::corpus {
namespace {

constexpr std::array<std::string_view, 12> kMachines = {
    "bottle filling machine", "label printer", "industrial dishwasher", "bread slicer",
    "envelope sorter",        "yarn winder",   "coffee roaster",        "plate press",
    "pellet stove",           "seed drill",    "ice machine",           "laser engraver"};

constexpr std::string_view kStep[] = {
    "Remove the {part} ({number}) behind {zone}; it is held by {size} screws.",
    "Tighten part {number}, the {part}, to {torque} Nm with {hand tool}.",
    "{^maintenance word} the {part} ({code}) {interval}.",
    "Order a new {part} under code {code}; quote item {number}.",
    "Check that the {size} screws of the {part} sit flat at {zone}.",
    "Clean {zone} with {hand tool} before you fit item {number} ({code}).",
    "The {part} {code} must be set to {torque} Nm, not more.",
};
constexpr std::string_view kSettingUse[] = {
    "Set P{id} ({setting}) to {value} {unit} and [wait|press Enter].",
    "If the {setting} is not {value} {unit}, correct P{id} first.",
    "The factory value of P{id}, {setting}, is {value} {unit}.",
    "A {setting} other than {value} {unit} leads to {symptom}.",
};
constexpr std::string_view kErrorUse[] = {
    "Code {error} means {symptom}: check the {part} at item {number}.",
    "When {error} is shown, there is {symptom}; look at the {part}, {code}.",
    "After {symptom} the display shows {error}. Replace the {part} ({number}).",
};
constexpr std::string_view kAdvice[] = {
    "{warning}.",
    "{warning}, then open {machine zone}.",
    "Use {hand tool} and {hand tool}.",
    "{^symptom} can also come from dust in {machine zone}.",
    "Keep a record of the {setting name} [in the log book|for the service technician].",
    "{^interval}, {maintenance word} {machine zone}.",
    "Two signals sound when {machine zone} is closed [correctly|and locked].",
    "If {symptom} remains, call the service and give the serial number.",
};
constexpr std::string_view kChapters[] = {"Unpacking and installation",
                                          "First start",
                                          "Daily operation",
                                          "Changing the material",
                                          "Cleaning",
                                          "Lubrication",
                                          "Replacing wear parts",
                                          "Calibration",
                                          "Long standstill",
                                          "Transport",
                                          "Electrical checks",
                                          "Troubleshooting",
                                          "Inspection by the authorities",
                                          "Retrofitting",
                                          "Night operation",
                                          "Cold rooms",
                                          "Operation at high altitude",
                                          "Spare parts service"};

class Manual {
 public:
  explicit Manual(Draw& draw) : draw_(draw) {
    maker_ = person_name(draw.pick(countries()), draw);
    maker_ = maker_.substr(maker_.find(' ') + 1);
    model_ = str_cat(maker_.substr(0, 1), static_cast<char>('A' + draw.below(26)), "-",
                     draw.between(100, 990));
    make_parts();
    make_settings();
    make_errors();
  }

  std::string write() {
    const auto target_words = static_cast<size_t>(draw_.between(7000, 26000));
    const std::string title = str_cat(maker_, " ", model_, " ", draw_.pick(kMachines));
    text_ = str_cat(title, "\nOperating manual\n\nParts\n");
    for (const Facts& part : parts_) text_ += realize(kPartLine, part, draw_) + "\n";
    text_ += "\nSettings\n";
    for (const Facts& setting : settings_) text_ += realize(kSettingLine, setting, draw_) + "\n";
    text_ += "\nError codes\n";
    for (const Facts& error : errors_) text_ += realize(kErrorLine, error, draw_) + "\n";
    for (int chapter = 1; words_written() < target_words; ++chapter) write_chapter(chapter);
    return std::move(text_);
  }

 private:
  static constexpr std::string_view kPartLine =
      "{number}. {^part}, code {code}, screws {size}, torque {torque} Nm, at {zone}";
  static constexpr std::string_view kSettingLine = "P{id}: {setting}, {value} {unit}";
  static constexpr std::string_view kErrorLine = "{error}: {symptom} (see {part}, item {number})";

  size_t words_written() const {
    return static_cast<size_t>(std::count(text_.begin(), text_.end(), ' '));
  }

  void make_parts() {
    std::vector<std::string_view> names = word_list("machine part");
    draw_.shuffle(names);
    const auto count = static_cast<size_t>(draw_.between(18, 34));
    for (size_t i = 0; i < count; ++i) {
      const int64_t diameter = draw_.between(3, 12);
      parts_.push_back(
          {{"part", std::string(names[i])},
           {"number", std::to_string(i + 1)},
           {"code", str_printf("%s-%04d-%c", model_.substr(0, 2).c_str(),
                               static_cast<int>(draw_.below(10000)),
                               static_cast<char>('A' + draw_.below(6)))},
           {"size", str_cat("M", diameter, " x ", draw_.between(2, 12) * 5)},
           // Thicker screws bear more.
           {"torque", std::to_string(diameter * diameter * draw_.between(4, 7) / 10 + 1)},
           {"zone", std::string(draw_.pick(word_list("machine zone")))}});
    }
  }

  void make_settings() {
    constexpr std::array<std::string_view, 6> kUnits = {"seconds", "mm",  "bar",
                                                        "percent", "rpm", "ml"};
    std::vector<std::string_view> names = word_list("setting name");
    draw_.shuffle(names);
    const auto count = static_cast<size_t>(draw_.between(8, 14));
    for (size_t i = 0; i < count; ++i) {
      settings_.push_back({{"id", str_printf("%02d", static_cast<int>(i * 3 + 1 + draw_.below(3)))},
                           {"setting", std::string(names[i])},
                           {"value", std::to_string(draw_.between(2, 480))},
                           {"unit", std::string(draw_.pick(kUnits))}});
    }
  }

  void make_errors() {
    std::vector<std::string_view> symptoms = word_list("symptom");
    draw_.shuffle(symptoms);
    for (const std::string_view symptom : symptoms) {
      Facts error = draw_.pick(parts_);
      error["error"] = str_printf("E%03d", static_cast<int>(draw_.below(900)) + 100);
      error["symptom"] = symptom;
      errors_.push_back(std::move(error));
    }
  }

  void write_chapter(int number) {
    text_ += str_cat("\n", number, " ", draw_.pick(kChapters), "\n");
    const int64_t sections = draw_.between(3, 6);
    for (int64_t section = 1; section <= sections; ++section) {
      text_ += str_cat(number, ".", section, " ");
      const int64_t steps = draw_.between(5, 10);
      for (int64_t step = 0; step < steps; ++step) text_ += sentence() + ' ';
      text_.back() = '\n';
    }
  }

  std::string sentence() {
    const size_t kind = draw_.below(10);
    if (kind < 4) return realize(draw_.pick(kStep), draw_.pick(parts_), draw_);
    if (kind < 6) return realize(draw_.pick(kSettingUse), draw_.pick(settings_), draw_);
    if (kind < 7) return realize(draw_.pick(kErrorUse), draw_.pick(errors_), draw_);
    return realize(draw_.pick(kAdvice), {}, draw_);
  }

  Draw& draw_;
  std::string maker_;
  std::string model_;
  std::vector<Facts> parts_;
  std::vector<Facts> settings_;
  std::vector<Facts> errors_;
  std::string text_;
};

}  // namespace

std::string write_manual(Draw& draw) { return Manual(draw).write(); }

}  // namespace rexbert::corpus
