#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "rexbert/core/env.h"
#include "rexbert/hf/model_folder.h"

// Folders of others made ours, and ours made ready for others.
namespace rexbert::hf {

struct ImportReport {
  ModelConfig config;
  // Parameters of the MLM head that the folder lacks, begun anew; and tensors of heads for other
  // tasks, left behind.
  Unmatched unmatched;
  std::vector<std::string> copied;  // tokenizer and other files, as they are
};

// Reads a folder of the ModernBERT family (load_model_config(), load_weights()) and writes `to`, a
// new or empty folder: config.json, model.safetensors in f32, and a copy of the tokenizer's files.
// What the MLM head lacks is drawn by nn::initialize() with `seed`. Error(kUsage) for a `to` that
// holds something; others as the two.
ImportReport import_model(Env& env, const fs::path& from, const fs::path& to, uint64_t seed = 0);

struct ExportOptions {
  // "f32" or "bf16": to the nearest, ties to even.
  std::string dtype = "f32";
  // README.md: the model card. Empty: none.
  std::string card;
};

// Writes `to`, a new or empty folder that transformers (AutoModelForMaskedLM, AutoTokenizer) and
// sentence-transformers (mean pooling) load: weights, config.json, the tokenizer's files,
// modules.json with 1_Pooling, and the card. Errors as import_model().
void export_model(Env& env, const fs::path& from, const fs::path& to, const ExportOptions& options);

}  // namespace rexbert::hf
