#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <tuple>

#include "plan/phases_file.h"
#include "rexbert/core/strings.h"

namespace rexbert::plan {
namespace {

// The recipe page's numbers, restated.
struct Recipe {
  const char* preset;
  double peak, weight_decay, later_rate;
  int64_t rate_warmup, batch_warmup;
  int layers, hidden, intermediate, heads;
};

void PrintTo(const Recipe& recipe, std::ostream* out) { *out << recipe.preset; }

constexpr int64_t kB = 1'000'000'000;
constexpr Recipe kRecipes[] = {
    {"micro", 3e-3, 3e-4, 3e-3 * 3 / 8, 4 * kB, 125 * kB, 7, 256, 384, 4},
    {"small", 3e-3, 3e-4, 3e-3 * 3 / 8, 3 * kB, 50 * kB, 10, 384, 576, 6},
    {"mini", 3e-3, 3e-4, 3e-3 * 3 / 8, 3 * kB, 50 * kB, 19, 512, 768, 8},
    {"base", 8e-4, 1e-5, 3e-4, 3 * kB, 50 * kB, 22, 768, 1152, 12},
    {"large", 5e-4, 1e-5, 5e-4 * 3 / 8, 2 * kB, 50 * kB, 28, 1024, 2624, 16},
};

config::Node load(const std::string& path) {
  return config::load_config(Env::posix(), fs::path(REXBERT_SOURCE_DIR) / "configs" / path);
}

double number(const config::Node& node, std::string_view path) {
  const config::Node* at = &node;
  for (const std::string& key : str_split(path, '.')) {
    at = at->find(key);
    if (at == nullptr) {
      ADD_FAILURE() << path << " is missing";
      return 0;
    }
  }
  return std::strtod(at->scalar.c_str(), nullptr);
}

PlanOptions plan_options(const config::Node& root) {
  config::Reader reader;
  config::Node only = config::Node::make_map();
  only.map.emplace_back("phases", *root.find("phases"));
  PlanOptions options;
  options.phases = config::read_struct<PhasesFile>(only, reader).phases;
  options.lanes = static_cast<int64_t>(number(root, "data.lanes"));
  for (const auto& [name, stream] : root.find("streams")->map) options.streams.push_back(name);
  std::sort(options.streams.begin(), options.streams.end());
  options.weight_decay = number(root, "optimizer.weight_decay");
  return options;
}

// Steps of a phase, counted one by one.
int64_t count_steps(int64_t tokens, int64_t context_length, int64_t rows, int64_t warmup) {
  int64_t steps = 0;
  for (int64_t done = 0; done < tokens; ++steps) {
    int64_t now = rows;
    if (done < warmup) {
      const auto growth = static_cast<int64_t>(static_cast<__int128>(rows - 192) * done / warmup);
      now = 192 + growth / 192 * 192;
    }
    done += now * context_length;
  }
  return steps;
}

class ShippedConfigs : public testing::TestWithParam<Recipe> {};

TEST_P(ShippedConfigs, HoldTheRecipe) {
  const Recipe& recipe = GetParam();
  const config::Node root = load(str_cat(recipe.preset, "/pretrain.yaml"));
  EXPECT_EQ(root.find("model")->find("preset")->scalar, recipe.preset);
  const Plan plan(plan_options(root));
  ASSERT_EQ(plan.phases().size(), 3u);
  const auto& [general, extension, specialization] =
      std::tie(plan.phases()[0], plan.phases()[1], plan.phases()[2]);

  EXPECT_EQ(general.tokens, 1700 * kB);
  EXPECT_EQ(extension.tokens, 250 * kB);
  EXPECT_EQ(specialization.tokens, 350 * kB);
  EXPECT_EQ(plan.spans()[0].steps(), count_steps(1700 * kB, 1024, 4608, recipe.batch_warmup));
  EXPECT_EQ(plan.spans()[1].steps(), count_steps(250 * kB, 8192, 576, 0));
  EXPECT_EQ(plan.spans()[2].steps(), count_steps(350 * kB, 8192, 576, 0));
  EXPECT_EQ(plan.spans()[2].steps(), 74'175) << "350B / (576 x 8,192), rounded up";

  EXPECT_EQ(general.learning_rate.warmup, recipe.rate_warmup);
  EXPECT_EQ(plan.peak_learning_rate(), recipe.peak);
  const int64_t end_of_general = plan.spans()[0].end_step - 1;
  EXPECT_EQ(plan.at(end_of_general).learning_rate, recipe.peak);
  EXPECT_DOUBLE_EQ(plan.at(end_of_general + 1).learning_rate, recipe.later_rate);
  EXPECT_DOUBLE_EQ(plan.at(plan.spans()[2].first_step).learning_rate, recipe.later_rate);
  EXPECT_DOUBLE_EQ(specialization.learning_rate.to, recipe.later_rate / 1000);
  EXPECT_EQ(plan.at(0).weight_decay, recipe.weight_decay);

  const StepSpec first = plan.at(0);
  EXPECT_EQ(first.rows, 192);
  EXPECT_EQ(first.context_length, 1024);
  EXPECT_EQ(first.rope.global, 10000);
  EXPECT_EQ(first.mixture, (std::vector<double>{0, 1})) << "streams: ecommerce, general";
  const StepSpec last = plan.at(plan.end_step() - 1);
  EXPECT_EQ(last.rows, 576);
  EXPECT_EQ(last.context_length, 8192);
  EXPECT_EQ(last.rope.global, 160000);
  EXPECT_EQ(last.rope.local, 10000);
  EXPECT_EQ(last.masking.policy, MaskingPolicy::kGuided);
  EXPECT_NEAR(last.mixture[0], 0.9, 1e-4);
  for (const PhaseOptions& phase : plan.phases()) EXPECT_EQ(phase.masking.probability, 0.3);
}

TEST_P(ShippedConfigs, TheChainOfFilesIsTheOneFile) {
  const std::string folder = GetParam().preset;
  const Plan whole(plan_options(load(folder + "/pretrain.yaml")));
  PlanStart start;
  for (size_t i = 0; i < 3; ++i) {
    const std::string name = str_cat("phase", i + 1);
    const config::Node root = load(str_cat(folder, "/", name, ".yaml"));
    PlanOptions options = plan_options(root);
    ASSERT_EQ(options.phases.size(), 1u);
    options.start = start;
    const Plan part(options);
    EXPECT_EQ(part.first_step(), whole.spans()[i].first_step);
    EXPECT_EQ(part.end_step(), whole.spans()[i].end_step);
    for (const int64_t step : {part.first_step(), part.first_step() + 1000, part.end_step() - 1}) {
      EXPECT_EQ(part.at(step).learning_rate, whole.at(step).learning_rate);
      EXPECT_EQ(part.at(step).rows, whole.at(step).rows);
      EXPECT_EQ(part.at(step).mixture, whole.at(step).mixture);
    }
    const config::Node* start_from = root.find("start_from");
    if (i == 0) {
      EXPECT_EQ(start_from, nullptr);
    } else {
      EXPECT_EQ(start_from->scalar, str_cat("runs/", folder, "/phase", i));
    }
    EXPECT_EQ(root.find("run")->find("directory")->scalar, str_cat("runs/", folder, "/", name));
    start = part.end();
  }
  EXPECT_EQ(start, whole.end());
}

TEST_P(ShippedConfigs, PresetsHoldTheModelFamily) {
  const Recipe& recipe = GetParam();
  const config::Node preset = load(str_cat("presets/", recipe.preset, ".yaml"));
  EXPECT_EQ(number(preset, "layers"), recipe.layers);
  EXPECT_EQ(number(preset, "hidden_size"), recipe.hidden);
  EXPECT_EQ(number(preset, "intermediate_size"), recipe.intermediate);
  EXPECT_EQ(number(preset, "attention_heads"), recipe.heads);
  EXPECT_EQ(number(preset, "hidden_size"), 64 * recipe.heads);
  EXPECT_EQ(number(preset, "vocabulary_size"), 50368);
  EXPECT_EQ(number(preset, "global_every"), 3);
  EXPECT_EQ(number(preset, "local_window"), 128);
  EXPECT_EQ(number(preset, "norm_epsilon"), 1e-5);
  EXPECT_EQ(number(preset, "attention_output_dropout"), 0.1);
}

INSTANTIATE_TEST_SUITE_P(Presets, ShippedConfigs, testing::ValuesIn(kRecipes),
                         [](const auto& instance) { return instance.param.preset; });

}  // namespace
}  // namespace rexbert::plan
