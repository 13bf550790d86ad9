#include "rexbert/batch/masking.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <string>
#include <utility>
#include <vector>

#include "batch/philox_words.h"
#include "batch/unit_levels.h"
#include "rexbert/core/error.h"
#include "rexbert/core/philox.h"
#include "rexbert/core/strings.h"

namespace rexbert::batch {
namespace {

using plan::MaskingPolicy;
using plan::MaskingSpec;

constexpr double kWordRange = 0x1p32;
constexpr int32_t kLongestWord = 16;

// The upper half of a block index: what a draw at a position is for. Never renumber.
enum DrawFor : uint32_t { kDecision = 0, kRandomToken = 1, kGrouping = 2, kForcedReplacement = 3 };

// The draws of one sequence.
class Draws {
 public:
  Draws(uint64_t seed, Purpose purpose, const SampleId& id)
      : rng_(seed, purpose,
             uint64_t{id.stream_key} << 32 |
                 (purpose == Purpose::kEvaluationMasking ? uint64_t{0} : word(id.epoch)),
             word(id.sample) << 32 | word(id.shard)),
        stream_{rng_.key(), word(id.sample) << 32 | word(id.shard)},
        origin_(word(id.token)) {}

  // The decision draws of all positions; valid until `buffer` changes.
  const uint32_t* decisions(int32_t length, std::vector<uint32_t>& buffer) const {
    const size_t skipped = origin_ % 4;
    const size_t blocks = (skipped + static_cast<size_t>(length) + 3) / 4;
    if (buffer.size() < 4 * blocks) buffer.resize(4 * blocks);
    philox_words(stream_, static_cast<uint32_t>(origin_ / 4), blocks, buffer.data());
    return buffer.data() + skipped;
  }

  uint32_t at(DrawFor use, int32_t position) const {
    const uint64_t absolute = origin_ + static_cast<uint64_t>(position);
    return rng_.block(uint64_t{use} << 32 | absolute / 4)[absolute % 4];
  }

 private:
  static uint64_t word(int32_t value) { return static_cast<uint32_t>(value); }

  KeyedRng rng_;
  WordStream stream_;
  uint64_t origin_;
};

struct Unit {
  int32_t begin, end;  // in the sequence
  int32_t level;       // of its score; an index into Scratch::thresholds
};

struct Scratch {
  std::vector<uint32_t> words;
  std::vector<int32_t> candidates;
  std::vector<Span> spans;
  std::vector<Unit> units;
  std::array<double, kLevels> thresholds{};
  std::array<double, kLevels> weights{};  // exp(strength score)
};

void require(bool holds, const char* what, double got) {
  if (!holds) throw Error(ErrorCode::kUsage, str_cat("masking: expected ", what, ", got ", got));
}

void check_spec(const MaskingSpec& spec) {
  require(spec.probability > 0 && spec.probability <= 1, "a probability in (0, 1]",
          spec.probability);
  require(spec.strength >= 0 && spec.strength <= 1, "a strength in [0, 1]", spec.strength);
  require(spec.mask_share >= 0 && spec.random_share >= 0 &&
              spec.mask_share + spec.random_share <= 1 + 1e-12,
          "shares from 0 with a sum of at most 1", spec.mask_share + spec.random_share);
}

void check_batch(const PackedBatch& batch, int32_t vocabulary) {
  const auto& offsets = batch.offsets_S1;
  if (offsets.size() != batch.sample_S.size() + 1 || batch.row_S.size() != batch.sample_S.size() ||
      offsets.front() != 0 || offsets.back() != batch.tokens() ||
      !std::is_sorted(offsets.begin(), offsets.end())) {
    throw Error(ErrorCode::kUsage,
                str_cat("masking: expected offsets from 0 to ", batch.tokens(), " for ",
                        batch.sequences(), " sequences and as many rows, got ", offsets.size(),
                        " offsets and ", batch.row_S.size(), " rows"));
  }
  uint32_t largest = 0;
  for (const int32_t token : batch.tokens_T) {
    largest = std::max(largest, static_cast<uint32_t>(token));
  }
  if (largest >= static_cast<uint32_t>(vocabulary)) {
    throw Error(ErrorCode::kIncompatible, str_cat("masking: expected ids below ", vocabulary,
                                                  ", got ", static_cast<int32_t>(largest)));
  }
}

}  // namespace

struct Masker::Impl {
  uint64_t seed;
  MaskVocabulary vocabulary;
  SpanDetector detector;
  std::vector<int8_t> score_V;  // salience in steps of 1/32
  std::vector<int32_t> replacements;

  void apply(const MaskingSpec& spec, PackedBatch& batch, Purpose purpose) const;
};

namespace {

// One call of apply().
class Run {
 public:
  Run(const Masker::Impl& impl, const MaskingSpec& spec, PackedBatch& batch, Purpose purpose)
      : impl_(impl),
        spec_(spec),
        batch_(batch),
        purpose_(purpose),
        uniform_(spec.policy == MaskingPolicy::kUniform ||
                 (spec.policy == MaskingPolicy::kGuided && spec.strength == 0)) {
    scratch_.thresholds.fill(spec.probability * kWordRange);
    if (!uniform_) scratch_.weights = level_weights(spec.strength);
  }

  void mask_all() {
    const auto expected = static_cast<size_t>(1.1 * spec_.probability * batch_.tokens());
    batch_.masked_M.clear();
    batch_.targets_M.clear();
    batch_.masked_M.reserve(expected + 64);
    batch_.targets_M.reserve(expected + 64);
    const int64_t sequences = batch_.sequences();
    for (int64_t first = 0, end = 0; first < sequences; first = end) {
      const size_t before = batch_.masked_M.size();
      for (; end < sequences && batch_.row_S[end] == batch_.row_S[first]; ++end) {
        uniform_ ? mask_uniform(end) : mask_units(end);
      }
      if (batch_.masked_M.size() == before) force_one(first, end);
    }
  }

 private:
  const int32_t* tokens(int64_t sequence) const {
    return batch_.tokens_T.data() + batch_.offsets_S1[sequence];
  }
  int32_t length(int64_t sequence) const {
    return batch_.offsets_S1[sequence + 1] - batch_.offsets_S1[sequence];
  }
  bool special(int32_t token) const { return impl_.vocabulary.special_V[token] != 0; }

  // Predicts position t of the sequence; `share` in [0, 1) chooses what the model sees instead.
  void mask_token(const Draws& draws, int64_t sequence, int32_t t, double share) {
    const int32_t index = batch_.offsets_S1[sequence] + t;
    int32_t& token = batch_.tokens_T[index];
    batch_.masked_M.push_back(index);
    batch_.targets_M.push_back(token);
    if (share < spec_.mask_share) {
      token = impl_.vocabulary.mask_id;
    } else if (share < spec_.mask_share + spec_.random_share) {
      const uint64_t draw = draws.at(kRandomToken, t);
      token = impl_.replacements[draw * impl_.replacements.size() >> 32];
    }
  }

  void mask_uniform(int64_t sequence) {
    const Draws draws(impl_.seed, purpose_, batch_.sample_S[sequence]);
    const int32_t count = length(sequence);
    const uint32_t* words = draws.decisions(count, scratch_.words);
    const double threshold = scratch_.thresholds[0];
    const auto limit = static_cast<uint64_t>(std::ceil(threshold));
    auto& candidates = scratch_.candidates;
    if (candidates.size() < static_cast<size_t>(count) + 1) candidates.resize(count + 1);
    size_t found = 0;
    for (int32_t t = 0; t < count; ++t) {
      candidates[found] = t;
      found += words[t] < limit;
    }
    const double scale = 1 / threshold;
    const int32_t* ids = tokens(sequence);
    for (size_t i = 0; i < found; ++i) {
      const int32_t t = candidates[i];
      if (!special(ids[t])) mask_token(draws, sequence, t, words[t] * scale);
    }
  }

  void mask_units(int64_t sequence) {
    const Draws draws(impl_.seed, purpose_, batch_.sample_S[sequence]);
    find_units(draws, sequence);
    const uint32_t* words = draws.decisions(length(sequence), scratch_.words);
    for (const Unit& unit : scratch_.units) {
      const double threshold = scratch_.thresholds[unit.level];
      const double draw = words[unit.begin];
      if (draw >= threshold) continue;
      // Given that it is below the threshold, the first draw is uniform below it.
      mask_token(draws, sequence, unit.begin, draw / threshold);
      for (int32_t t = unit.begin + 1; t < unit.end; ++t) {
        mask_token(draws, sequence, t, words[t] / kWordRange);
      }
    }
  }

  // Nothing in the row's sequences [first, end) is masked: masks the unit that came nearest.
  void force_one(int64_t first, int64_t end) {
    double nearest = HUGE_VAL;
    int64_t chosen = -1;
    Unit unit{};
    for (int64_t sequence = first; sequence < end; ++sequence) {
      const Draws draws(impl_.seed, purpose_, batch_.sample_S[sequence]);
      find_units(draws, sequence);
      const uint32_t* words = draws.decisions(length(sequence), scratch_.words);
      for (const Unit& other : scratch_.units) {
        const double distance = words[other.begin] / scratch_.thresholds[other.level];
        if (distance >= nearest) continue;
        nearest = distance;
        chosen = sequence;
        unit = other;
      }
    }
    if (chosen < 0) return;
    const Draws draws(impl_.seed, purpose_, batch_.sample_S[chosen]);
    for (int32_t t = unit.begin; t < unit.end; ++t) {
      mask_token(draws, chosen, t, draws.at(kForcedReplacement, t) / kWordRange);
    }
  }

  // Fills scratch_.units and scratch_.thresholds for a sequence that is not masked yet.
  void find_units(const Draws& draws, int64_t sequence) {
    scratch_.units.clear();
    if (uniform_) {
      add_single_units(sequence, 0, length(sequence));
    } else if (spec_.policy == MaskingPolicy::kWholeWord) {
      find_words(sequence);
    } else {
      find_guided_units(draws, sequence);
    }
  }

  void add_single_units(int64_t sequence, int32_t begin, int32_t end, int32_t bonus = 0) {
    const int32_t* ids = tokens(sequence);
    for (int32_t t = begin; t < end; ++t) {
      if (!special(ids[t])) {
        scratch_.units.push_back({t, t + 1, level_of(impl_.score_V[ids[t]] + bonus)});
      }
    }
  }

  void find_words(int64_t sequence) {
    const MaskVocabulary& vocabulary = impl_.vocabulary;
    const int32_t* ids = tokens(sequence);
    const int32_t count = length(sequence);
    bool open = false;
    for (int32_t t = 0; t < count; ++t) {
      if (special(ids[t])) {
        open = false;
        continue;
      }
      open = open && !vocabulary.begins_word_V[ids[t]] &&
             t - scratch_.units.back().begin < kLongestWord;
      if (!open) scratch_.units.push_back({t, t, 0});
      scratch_.units.back().end = t + 1;
      open = !vocabulary.ends_in_break_V[ids[t]];
    }
  }

  void find_guided_units(const Draws& draws, int64_t sequence) {
    const int32_t* ids = tokens(sequence);
    impl_.detector.find({ids, static_cast<size_t>(length(sequence))}, scratch_.spans);
    int32_t done = 0;
    for (const Span& span : scratch_.spans) {
      add_single_units(sequence, done, span.begin);
      const int32_t bonus = score_steps(span_bonus(span.kind));
      if (draws.at(kGrouping, span.begin) < spec_.strength * kWordRange) {
        int32_t sum = 0;
        for (int32_t t = span.begin; t < span.end; ++t) sum += impl_.score_V[ids[t]];
        const double mean = static_cast<double>(sum) / (span.end - span.begin);
        scratch_.units.push_back(
            {span.begin, span.end, level_of(static_cast<int32_t>(std::lround(mean)) + bonus)});
      } else {
        add_single_units(sequence, span.begin, span.end, bonus);
      }
      done = span.end;
    }
    add_single_units(sequence, done, length(sequence));
    std::array<double, kLevels> mass{};
    for (const Unit& unit : scratch_.units) mass[unit.level] += unit.end - unit.begin;
    scratch_.thresholds = level_probabilities(mass, scratch_.weights, spec_.probability);
    for (double& threshold : scratch_.thresholds) threshold *= kWordRange;
  }

  const Masker::Impl& impl_;
  const MaskingSpec& spec_;
  PackedBatch& batch_;
  Purpose purpose_;
  bool uniform_;
  Scratch scratch_;
};

}  // namespace

void Masker::Impl::apply(const MaskingSpec& spec, PackedBatch& batch, Purpose purpose) const {
  check_spec(spec);
  check_batch(batch, vocabulary.size());
  Run(*this, spec, batch, purpose).mask_all();
}

Masker::Masker(uint64_t seed, MaskVocabulary vocabulary, std::optional<SalienceTable> salience) {
  vocabulary.check();
  const auto size = static_cast<size_t>(vocabulary.size());
  std::vector<int8_t> score_V(size, 0);
  if (salience) {
    if (salience->domain_V.size() != size) {
      throw Error(ErrorCode::kIncompatible, str_cat("salience table: expected ", size, " ids, got ",
                                                    salience->domain_V.size()));
    }
    const std::vector<LogOdds> odds_V = salience->log_odds_V();
    for (size_t id = 0; id < size; ++id) {
      score_V[id] = static_cast<int8_t>(score_steps(odds_V[id].salience()));
    }
  }
  std::vector<int32_t> replacements;
  for (int32_t id = 0; id < vocabulary.size(); ++id) {
    if (!vocabulary.special_V[id]) replacements.push_back(id);
  }
  SpanDetector detector(vocabulary,
                        salience ? salience->brand_names() : std::vector<std::string>());
  impl_ = std::make_shared<const Impl>(Impl{seed, std::move(vocabulary), std::move(detector),
                                            std::move(score_V), std::move(replacements)});
}

void Masker::apply(const plan::MaskingSpec& spec, PackedBatch& batch) const {
  impl_->apply(spec, batch, Purpose::kMasking);
}

void Masker::apply_frozen(const plan::MaskingSpec& spec, PackedBatch& batch) const {
  impl_->apply(spec, batch, Purpose::kEvaluationMasking);
}

const MaskVocabulary& Masker::vocabulary() const { return impl_->vocabulary; }
const SpanDetector& Masker::detector() const { return impl_->detector; }

}  // namespace rexbert::batch
