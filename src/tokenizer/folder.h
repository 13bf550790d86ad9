#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "rexbert/core/env.h"
#include "rexbert/core/json.h"
#include "tokenizer/model_proto.h"

// The files of a tokenizer folder: docs/formats/tokenizer.md.
namespace rexbert::tokenizer {

inline constexpr int kFormatVersion = 1;
inline constexpr char kModelFile[] = "tokenizer.model";
inline constexpr char kManifestFile[] = "rexbert_tokenizer.json";

struct Manifest {
  std::string fingerprint;
  int64_t vocabulary_size = 0;
  Json options;  // what train() was given: for people, ids do not depend on it
};

// 32 hexadecimal digits over the format version and the model's bytes, which between them decide
// every id.
std::string compute_fingerprint(std::string_view model_bytes);

// The contents of all files of a folder with this model, the manifest last.
std::vector<std::pair<std::string, std::string>> make_files(const std::string& model_bytes,
                                                            const Json& options);

// True for a folder with a tokenizer.json that train() did not make.
bool is_hugging_face_folder(Env& env, const fs::path& folder);

// Reads and checks the manifest and the model's bytes.
Manifest read_manifest(Env& env, const fs::path& folder);
std::string read_model(Env& env, const fs::path& folder, const Manifest& manifest);

// Throws Error(kCorrupt) unless the model has our special tokens and `vocabulary_size` pieces.
void check_model(const Model& model, int64_t vocabulary_size, std::string_view source);

}  // namespace rexbert::tokenizer
