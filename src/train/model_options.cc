#include "rexbert/core/strings.h"
#include "rexbert/train/run_config.h"

namespace rexbert::train {
namespace {

template <class Member>
Member ModelOptions::* as_option(Member nn::EncoderConfig::* member) {
  return member;
}

}  // namespace

void describe(config::Schema<ModelOptions>& schema) {
  using Config = nn::EncoderConfig;
  schema.field("preset", &ModelOptions::preset)
      .doc("micro, small, mini, base or large; the other keys of this block change single fields.");
  schema.field("vocabulary_size", as_option(&Config::vocabulary))
      .doc("Rows of the embedding; must be the tokenizer's.")
      .unit("tokens")
      .cost("hidden_size parameters each")
      .min(8);
  schema.field("hidden_size", as_option(&Config::hidden))
      .doc("Width of the residual stream.")
      .min(1);
  schema.field("intermediate_size", as_option(&Config::intermediate))
      .doc("Width of each half of the gated unit.")
      .min(1);
  schema.field("layers", as_option(&Config::layers)).doc("Blocks.").min(1);
  schema.field("attention_heads", as_option(&Config::heads))
      .doc("Heads; they divide hidden_size into an even head dimension.")
      .min(1);
  schema.field("global_every", as_option(&Config::global_every))
      .doc("Layers 0, N, 2N, ... attend to the whole sequence, the others to a window.")
      .min(1);
  schema.field("local_window", as_option(&Config::local_window))
      .doc("Window of the local layers, half of it to each side.")
      .unit("tokens")
      .min(2);
  schema.field("norm_epsilon", as_option(&Config::norm_eps))
      .doc("Added to the variance in layer norms.")
      .above(0);
  schema.field("attention_output_dropout", as_option(&Config::attention_dropout_out))
      .doc("Probability that an element of an attention block's output is dropped in training.")
      .min(0)
      .max(0.999);
  schema.field("initializer_std", as_option(&Config::init_std))
      .doc("Standard deviation of the initial weights before truncation at two of them.")
      .above(0);
  schema.field("tied", as_option(&Config::tied))
      .doc("Whether the decoder's weight is the embedding.")
      .cost("without, vocabulary_size x hidden_size parameters more");
  schema.check([](const ModelOptions& model, const auto& complain) {
    if (model.hidden % model.heads != 0 || model.head_dim() % 2 != 0) {
      complain("attention_heads",
               str_cat("expected a number that divides hidden_size ", model.hidden,
                       " into an even head dimension, got ", model.heads));
    }
    if (model.local_window % 2 != 0) {
      complain("local_window", str_cat("expected an even number, got ", model.local_window));
    }
  });
}

}  // namespace rexbert::train
