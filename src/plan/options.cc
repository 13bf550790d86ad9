#include "rexbert/plan/options.h"

#include <algorithm>

namespace rexbert::plan {
namespace {

using Weights = std::map<std::string, double>;

bool has_warmup(const LearningRateOptions& options) {
  return options.schedule != LearningRateSchedule::kConstant;
}

// What a phase that omits a key goes on with: the state in which the phase before ended.
void carry_over(PhaseOptions& phase) {
  phase.batch.warmup.reset();
  LearningRateOptions& rate = phase.learning_rate;
  rate = {.schedule = LearningRateSchedule::kConstant, .peak = rate.decays() ? rate.to : rate.peak};
  if (phase.mixture.to) {
    phase.mixture.from = std::move(*phase.mixture.to);
    phase.mixture.to.reset();
  }
}

void read_weights(const config::Node& node, Weights& out, config::Reader& reader,
                  const std::string& path) {
  if (node.kind != config::NodeKind::kMap) {
    reader.problem(node, path, "expected a weight for each stream, got " + node.described());
    return;
  }
  const config::Limits limits{.minimum = 0};
  for (const auto& [stream, weight] : node.map) {
    config::Codec<double>::read(weight, out[stream], reader, config::join_path(path, stream),
                                limits);
  }
}

config::Node write_weights(const Weights& weights) {
  config::Node node = config::Node::make_map();
  for (const auto& [stream, weight] : weights) {
    node.map.emplace_back(stream, config::Codec<double>::write(weight, {}));
  }
  return node;
}

bool is_map(const config::Node* node) {
  return node != nullptr && node->kind == config::NodeKind::kMap;
}

}  // namespace

double LearningRateOptions::start() const { return decays() ? from : peak; }

double LearningRateOptions::highest() const { return decays() ? std::max(from, to) : peak; }

bool LearningRateOptions::decays() const {
  return schedule == LearningRateSchedule::kOneMinusSqrt ||
         schedule == LearningRateSchedule::kCosine || schedule == LearningRateSchedule::kLinear;
}

config::EnumNames<LearningRateSchedule> names_of(LearningRateSchedule) {
  return {{LearningRateSchedule::kConstant, "constant"},
          {LearningRateSchedule::kWarmupStable, "warmup_stable"},
          {LearningRateSchedule::kOneMinusSqrt, "one_minus_sqrt"},
          {LearningRateSchedule::kCosine, "cosine"},
          {LearningRateSchedule::kLinear, "linear"}};
}

config::EnumNames<MaskingPolicy> names_of(MaskingPolicy) {
  return {{MaskingPolicy::kUniform, "uniform"},
          {MaskingPolicy::kWholeWord, "whole_word"},
          {MaskingPolicy::kGuided, "guided"}};
}

void describe(config::Schema<LearningRateOptions>& schema) {
  using Options = LearningRateOptions;
  const auto holds_peak = [](const Options& options) { return !options.decays(); };
  const auto decays = [](const Options& options) { return options.decays(); };
  schema.field("schedule", &Options::schedule)
      .required()
      .doc(
          "How the rate moves over the phase; one_minus_sqrt, cosine and linear go from `from` to "
          "`to` over all of the phase that is left after the warm-up.");
  schema.field("peak", &Options::peak)
      .above(0)
      .required()
      .only_when("with the schedules constant and warmup_stable", holds_peak)
      .doc(
          "The rate that is held. The first phase's highest rate is also what weight decay is "
          "scaled by.");
  schema.field("from", &Options::from)
      .above(0)
      .required()
      .only_when("with the schedules one_minus_sqrt, cosine and linear", decays)
      .doc("Rate of the first step after the warm-up.");
  schema.field("to", &Options::to)
      .min(0)
      .required()
      .only_when("with the schedules one_minus_sqrt, cosine and linear", decays)
      .doc("Rate that the step after the phase's last would have.");
  schema.field("warmup", &Options::warmup)
      .count()
      .min(0)
      .only_when("with the schedules warmup_stable, one_minus_sqrt, cosine and linear", has_warmup)
      .unit("tokens")
      .doc(
          "Linear rise from 0 at the start of the phase; a step has the rate that its last token "
          "reaches, so no step has the rate 0.");
  schema.check([](const Options& options, const auto& report) {
    if (options.schedule == LearningRateSchedule::kWarmupStable && options.warmup == 0) {
      report("warmup",
             "expected a count above 0 with the schedule warmup_stable, got 0; without a "
             "warm-up the schedule is constant");
    }
    const bool falls = options.decays() && options.schedule != LearningRateSchedule::kLinear;
    if (falls && options.to > options.from) {
      report("to", "expected a rate of at most `from`, " + config::write_double(options.from) +
                       ", got " + config::write_double(options.to));
    }
  });
}

void describe(config::Schema<BatchWarmupOptions>& schema) {
  schema.field("from", &BatchWarmupOptions::from)
      .count()
      .above(0)
      .required()
      .unit("rows")
      .doc("Rows of the first step, a multiple of `data.lanes`.");
  schema.field("tokens", &BatchWarmupOptions::tokens)
      .count()
      .above(0)
      .required()
      .unit("tokens")
      .doc(
          "The batch grows linearly with the tokens, in multiples of `data.lanes`, until the phase "
          "has done this many.");
}

void describe(config::Schema<BatchOptions>& schema) {
  schema.field("rows", &BatchOptions::rows)
      .count()
      .above(0)
      .required()
      .unit("rows of context_length tokens")
      .doc(
          "Global batch of one optimizer step, over all ranks and micro-batches; a multiple of "
          "`data.lanes`.")
      .cost("none in memory: what does not fit is accumulated");
  schema.field("warmup", &BatchOptions::warmup)
      .doc("Growth of the batch from a smaller one at the start of the phase.");
}

void describe(config::Schema<RopeTheta>& schema) {
  schema.field("global", &RopeTheta::global)
      .above(0)
      .doc("RoPE base of the global attention layers; raised when the context grows.");
  schema.field("local", &RopeTheta::local)
      .above(0)
      .doc("RoPE base of the sliding-window attention layers.");
}

void describe(config::Schema<MaskingSpec>& schema) {
  schema.field("policy", &MaskingSpec::policy)
      .doc(
          "Which tokens are predicted: any alike (uniform), all pieces of a word together "
          "(whole_word), or salient tokens and spans such as brands, quantities and model numbers "
          "more often (guided).");
  schema.field("probability", &MaskingSpec::probability)
      .above(0)
      .max(0.95)
      .doc("Mean share of a row's tokens that are predicted, the same with every policy.")
      .cost("the MLM head's time grows in proportion");
  schema.field("strength", &MaskingSpec::strength)
      .min(0)
      .max(1)
      .only_when("with the policy guided",
                 [](const MaskingSpec& spec) { return spec.policy == MaskingPolicy::kGuided; })
      .doc("How far guidance goes: 0 is uniform masking bit for bit, 1 follows salience fully.");
  schema.field("mask_share", &MaskingSpec::mask_share)
      .min(0)
      .max(1)
      .doc("Of the predicted tokens: replaced by [MASK].");
  schema.field("random_share", &MaskingSpec::random_share)
      .min(0)
      .max(1)
      .doc("Of the predicted tokens: replaced by a random token; what is left stays as it is.");
  schema.check([](const MaskingSpec& spec, const auto& report) {
    // 1e-9: shares such as 0.9 and 0.1 need not add up to 1 in binary.
    if (spec.mask_share + spec.random_share > 1 + 1e-9) {
      report("random_share", "expected mask_share + random_share of at most 1, got " +
                                 config::write_double(spec.mask_share) + " + " +
                                 config::write_double(spec.random_share));
    }
  });
}

void describe(config::Schema<PhaseOptions>& schema) {
  schema.field("name", &PhaseOptions::name)
      .own()
      .required()
      .doc("Letters, digits, `-` and `_`; the phase's last checkpoint carries it.");
  schema.field("tokens", &PhaseOptions::tokens)
      .own()
      .count()
      .above(0)
      .required()
      .unit("tokens")
      .doc(
          "Length of the phase, rows x context_length summed over its steps; the last step may run "
          "past it.");
  schema.field("context_length", &PhaseOptions::context_length)
      .min(16)
      .unit("tokens")
      .doc("Length of a row; longer documents are cut.")
      .cost("time of the global attention layers grows with it for long documents");
  schema.field("rope_theta", &PhaseOptions::rope_theta).doc("Bases of the rotary embedding.");
  schema.field("learning_rate", &PhaseOptions::learning_rate)
      .required()
      .doc(
          "The schedule of the learning rate. Omitted in a later phase: constant at the rate that "
          "the phase before reached.");
  schema.field("batch", &PhaseOptions::batch)
      .required()
      .doc(
          "The global batch. Omitted in a later phase: the full batch of the phase before, without "
          "its warm-up.");
  schema.field("masking", &PhaseOptions::masking).doc("What the model has to predict.");
  schema.field("mixture", &PhaseOptions::mixture)
      .required()
      .doc(
          "Share of rows for each stream: `{general: 1.0}`, or `{from: {...}, to: {...}}` to drift "
          "linearly over the phase's tokens. Weights are scaled to sum to 1. Omitted in a later "
          "phase: the mixture with which the phase before ended.");
  schema.field("weight_decay", &PhaseOptions::weight_decay)
      .min(0)
      .doc("Weight decay of this phase and those after it; without it `optimizer.weight_decay`.");
  schema.on_inherit(carry_over);
}

}  // namespace rexbert::plan

namespace rexbert::config {

void Codec<plan::MixtureOptions>::read(const Node& node, plan::MixtureOptions& out, Reader& reader,
                                       const std::string& path, const Limits&) {
  plan::MixtureOptions mixture;
  const Node* from = node.find("from");
  const Node* to = node.find("to");
  if (!plan::is_map(from) && !plan::is_map(to)) {
    plan::read_weights(node, mixture.from, reader, path);
  } else {
    for (const char* key : {"from", "to"}) {
      if (node.find(key) == nullptr) {
        reader.problem(node, join_path(path, key), "missing; expected a weight for each stream");
      }
    }
    for (const auto& [key, value] : node.map) {
      const std::string key_path = join_path(path, key);
      if (key == "from") {
        plan::read_weights(value, mixture.from, reader, key_path);
      } else if (key == "to") {
        plan::read_weights(value, mixture.to.emplace(), reader, key_path);
      } else {
        reader.problem(value, key_path, unknown_key(key, {"from", "to"}));
      }
    }
  }
  out = std::move(mixture);
}

Node Codec<plan::MixtureOptions>::write(const plan::MixtureOptions& value, const Limits&) {
  if (!value.to) return plan::write_weights(value.from);
  Node node = Node::make_map();
  node.map.emplace_back("from", plan::write_weights(value.from));
  node.map.emplace_back("to", plan::write_weights(*value.to));
  return node;
}

std::string Codec<plan::MixtureOptions>::type_name(const Limits&) {
  return "a weight for each stream, or from and to with such weights";
}

}  // namespace rexbert::config
