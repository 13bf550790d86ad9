#include "rexbert/tasks/examples.h"

#include <algorithm>
#include <cmath>
#include <unordered_map>
#include <utility>

#include "rexbert/core/error.h"
#include "rexbert/core/philox.h"
#include "rexbert/core/strings.h"

namespace rexbert::tasks {
namespace {

constexpr uint64_t kHoldoutSeed = 15;  // as that of frozen masks: never of a run
constexpr int64_t kFewestTokens = 8;

// Of the benchmark's ranking task, which weighs them differently than the similarity that a model
// is trained towards (Reddy et al. 2022, section 5.1).
double ranking_gain(datasets::EsciLabel label) {
  switch (label) {
    case datasets::EsciLabel::kExact:
      return 1.0;
    case datasets::EsciLabel::kSubstitute:
      return 0.1;
    case datasets::EsciLabel::kComplement:
      return 0.01;
    case datasets::EsciLabel::kIrrelevant:
      return 0.0;
  }
  return 0.0;
}

}  // namespace

int64_t Example::tokens() const {
  int64_t sum = 0;
  for (const auto& sequence : sequences) sum += static_cast<int64_t>(sequence.size());
  return sum;
}

int64_t TaskData::outputs() const {
  if (goal == Goal::kSimilarity) return 0;
  return goal == Goal::kRegression ? 1 : labels.size();
}

ExampleEncoder::ExampleEncoder(tokenizer::Tokenizer tokenizer, int64_t max_tokens)
    : tokenizer_(std::move(tokenizer)), max_tokens_(max_tokens) {
  if (max_tokens_ < kFewestTokens) {
    throw Error(ErrorCode::kUsage, str_cat("max_tokens: expected at least ", kFewestTokens,
                                           " tokens, got ", max_tokens_));
  }
  const std::vector<int32_t> letter = tokenizer_.encode("a");
  if (letter.empty() || !tokenizer_.begins_word(letter.front())) space_ = " ";
}

bool ExampleEncoder::encode(std::string_view first, std::string_view second, bool is_pair,
                            std::vector<int32_t>& sequence) const {
  std::vector<int32_t> a = tokenizer_.encode(first);
  std::vector<int32_t> b;
  if (is_pair) b = tokenizer_.encode(second);
  const auto room = static_cast<size_t>(max_tokens_ - (is_pair ? 3 : 2));
  const bool is_cut = a.size() + b.size() > room;
  if (is_cut) {
    const size_t shorter = std::min({a.size(), b.size(), room / 2});
    const bool first_is_longer = a.size() > b.size();
    (first_is_longer ? a : b).resize(room - shorter);
    (first_is_longer ? b : a).resize(shorter);
  }
  sequence.reserve(a.size() + b.size() + 3);
  sequence.push_back(tokenizer_.cls_id());
  sequence.insert(sequence.end(), a.begin(), a.end());
  sequence.push_back(tokenizer_.sep_id());
  if (is_pair) {
    sequence.insert(sequence.end(), b.begin(), b.end());
    sequence.push_back(tokenizer_.sep_id());
  }
  return is_cut;
}

Split ExampleEncoder::tagged(std::string name,
                             const std::vector<datasets::TaggedText>& texts) const {
  Split split{std::move(name), {}, 0};
  std::string word;
  for (const datasets::TaggedText& text : texts) {
    Example example;
    example.tags = text.tags;
    example.line = text.line;
    bool is_cut = false;
    std::vector<int32_t> sequence = {tokenizer_.cls_id()};
    for (const datasets::Word& place : text.words) {
      word.assign(space_).append(text.text, place.begin, place.end - place.begin);
      std::vector<int32_t> ids = tokenizer_.encode(word);
      if (ids.empty()) ids = {tokenizer_.unknown_id()};
      const size_t room = static_cast<size_t>(max_tokens_) - sequence.size() - 1;
      if (ids.size() > room) {
        is_cut = true;
        if (!example.words.empty()) break;
        ids.resize(room);  // of the first word: every example has one
      }
      example.words.push_back(static_cast<int32_t>(sequence.size()));
      sequence.insert(sequence.end(), ids.begin(), ids.end());
    }
    sequence.push_back(tokenizer_.sep_id());
    split.cut += is_cut;
    example.sequences.push_back(std::move(sequence));
    split.examples.push_back(std::move(example));
  }
  return split;
}

Split ExampleEncoder::labelled(std::string name,
                               const std::vector<datasets::LabelledText>& texts) const {
  Split split{std::move(name), {}, 0};
  for (const datasets::LabelledText& text : texts) {
    Example example;
    example.label = text.label;
    example.line = text.line;
    split.cut += encode(text.text, {}, false, example.sequences.emplace_back());
    split.examples.push_back(std::move(example));
  }
  return split;
}

Split ExampleEncoder::pairs(std::string name, const datasets::ProductPairs& pairs) const {
  Split split{std::move(name), {}, 0};
  for (const datasets::ProductPair& pair : pairs.pairs) {
    Example example;
    example.target = datasets::esci_gain(pair.label);
    example.gain = ranking_gain(pair.label);
    example.line = pair.line;
    const bool query_cut = encode(pair.query, {}, false, example.sequences.emplace_back());
    const bool title_cut = encode(pair.title, {}, false, example.sequences.emplace_back());
    split.cut += query_cut || title_cut;
    split.examples.push_back(std::move(example));
  }
  for (size_t query = 0; query < pairs.by_query.size(); ++query) {
    for (const size_t pair : pairs.by_query[query]) {
      split.examples[pair].group = static_cast<int64_t>(query);
    }
  }
  return split;
}

Split ExampleEncoder::glue(std::string name, const datasets::GlueTask& task,
                           const std::vector<datasets::GlueExample>& examples) const {
  Split split{std::move(name), {}, 0};
  for (const datasets::GlueExample& source : examples) {
    Example example;
    example.label = source.label;
    example.target = source.score;
    example.line = source.line;
    split.cut += encode(source.first, source.second, !task.second_text.empty(),
                        example.sequences.emplace_back());
    split.examples.push_back(std::move(example));
  }
  return split;
}

Split hold_out(TaskData& data, double share) {
  const std::vector<Example>& examples = data.train.examples;
  // The places that are drawn from: of examples, or of groups in the order of their first example.
  std::vector<uint64_t> places(examples.size());
  std::unordered_map<int64_t, uint64_t> groups;
  for (size_t i = 0; i < examples.size(); ++i) {
    places[i] = data.goal == Goal::kSimilarity
                    ? groups.try_emplace(examples[i].group, groups.size()).first->second
                    : i;
  }
  const size_t count = data.goal == Goal::kSimilarity ? groups.size() : examples.size();
  const auto wanted = static_cast<size_t>(std::llround(share * static_cast<double>(count)));
  const KeyedPermutation permutation(std::max<size_t>(count, 1), kHoldoutSeed, Purpose::kHoldout);
  Split held{"held out of " + data.train.name, {}, 0};
  std::vector<Example> rest;
  for (size_t i = 0; i < examples.size(); ++i) {
    std::vector<Example>& side = permutation(places[i]) < wanted ? held.examples : rest;
    side.push_back(std::move(data.train.examples[i]));
  }
  const size_t fewest = std::min(held.examples.size(), rest.size());
  if (fewest < 2) {
    throw Error(ErrorCode::kConfig,
                str_cat("held_out: expected a share that holds out and leaves at least 2 of the ",
                        examples.size(), " training examples (is `limit` too small?), got ", share,
                        ": ", held.examples.size(), " and ", rest.size()));
  }
  data.train.examples = std::move(rest);
  return held;
}

}  // namespace rexbert::tasks
