#pragma once

#include <compare>
#include <cstddef>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "rexbert/metrics/scores.h"

namespace rexbert::metrics {

// The tags of one text's words, in UTF-8: "O", "B-type", "I-type".
using TagSequence = std::vector<std::string>;

enum class EntityMode {
  // As conlleval does, and get_entities of seqeval 1.2.2: what does not begin with B still begins
  // an entity after O or another type, the prefixes E and S are known too, and tags of other
  // prefixes make entities of a kind. Only an empty tag is refused.
  kConll,
  // mode="strict", scheme=IOB2 of seqeval 1.2.2: an entity is a B and the I of the same type that
  // follow it; any other I belongs to none. A tag that begins with another letter than O, B or I is
  // refused.
  kStrictIob2,
};

// Words [begin, end) of all sequences laid end to end, with one place left free behind each.
struct Entity {
  std::string type;
  size_t begin = 0;
  size_t end = 0;

  auto operator<=>(const Entity&) const = default;
};

// All entities, sorted, each once. Throws Error(kUsage) for a tag that the mode refuses.
std::vector<Entity> find_entities(std::span<const TagSequence> sequences, EntityMode mode);

struct EntityReport {
  std::map<std::string, Scores> types;  // all that occur, among the true ones or the predicted ones
  Scores micro;
  Scores macro;
  Scores weighted;
};

// An entity is right where its type and both its ends are (classification_report of seqeval 1.2.2).
// Without any entity, the macro average is NaN and the others are 0. Throws Error(kUsage) for lists
// or sequences of different lengths, no sequence at all, and a tag that the mode refuses.
EntityReport score_entities(std::span<const TagSequence> truth,
                            std::span<const TagSequence> predicted, EntityMode mode);

}  // namespace rexbert::metrics
