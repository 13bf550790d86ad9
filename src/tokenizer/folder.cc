#include "tokenizer/folder.h"

#include "rexbert/core/error.h"
#include "rexbert/core/hash.h"
#include "rexbert/core/strings.h"
#include "rexbert/tokenizer/tokenizer.h"
#include "tokenizer/hugging_face.h"
#include "tokenizer/tokenizer_json.h"

namespace rexbert::tokenizer {
namespace {

constexpr char kFormatName[] = "rexbert-tokenizer";

std::string make_manifest(const Model& model, std::string_view model_bytes, const Json& options) {
  Json special;
  for (int32_t id = 0; id < kSpecialCount; ++id) special[std::string(kSpecialPieces[id])] = id;
  const Json manifest = {{"format", kFormatName},
                         {"format_version", kFormatVersion},
                         {"fingerprint", compute_fingerprint(model_bytes)},
                         {"vocabulary_size", model.pieces.size()},
                         {"special_tokens", special},
                         {"options", options}};
  return manifest.dump(2) + "\n";
}

std::string read_needed_file(Env& env, const fs::path& folder, const char* name) {
  if (!env.exists(folder / name)) {
    throw Error(ErrorCode::kNotFound,
                str_cat(folder.string(), ": not a tokenizer folder: no ", name));
  }
  return env.read_file(folder / name);
}

}  // namespace

std::string compute_fingerprint(std::string_view model_bytes) {
  const auto hasher = make_hasher("xxh3_128");
  hasher->update(str_cat(kFormatName, " ", kFormatVersion, "\n"));
  hasher->update(model_bytes);
  return hasher->hex_digest();
}

std::vector<std::pair<std::string, std::string>> make_files(const std::string& model_bytes,
                                                            const Json& options) {
  const Model model = parse_model(model_bytes, kModelFile);
  check_model(model, static_cast<int64_t>(model.pieces.size()), kModelFile);
  return {{kModelFile, model_bytes},
          {kTokenizerJson, make_tokenizer_json(model).dump(1) + "\n"},
          {"tokenizer_config.json", make_tokenizer_config().dump(2) + "\n"},
          {"special_tokens_map.json", make_special_tokens_map().dump(2) + "\n"},
          {kManifestFile, make_manifest(model, model_bytes, options)}};
}

bool is_hugging_face_folder(Env& env, const fs::path& folder) {
  return env.exists(folder / kTokenizerJson) && !env.exists(folder / kManifestFile) &&
         !env.exists(folder / kModelFile);
}

Manifest read_manifest(Env& env, const fs::path& folder) {
  if (!env.is_directory(folder)) {
    throw Error(ErrorCode::kNotFound, str_cat("tokenizer ", folder.string(), ": no such folder"));
  }
  const std::string source = (folder / kManifestFile).string();
  const Json json = parse_json(read_needed_file(env, folder, kManifestFile), source);
  const auto format = json_get<std::string>(json, "format", source);
  if (format != kFormatName) {
    throw Error(ErrorCode::kIncompatible, str_cat(source, ": expected format \"", kFormatName,
                                                  "\", got ", str_quote(format)));
  }
  const int version = json_get<int>(json, "format_version", source);
  if (version != kFormatVersion) {
    throw Error(ErrorCode::kIncompatible,
                str_cat(source, ": expected format_version ", kFormatVersion, ", got ", version));
  }
  return {json_get<std::string>(json, "fingerprint", source),
          json_get<int64_t>(json, "vocabulary_size", source),
          json_get<Json>(json, "options", source)};
}

std::string read_model(Env& env, const fs::path& folder, const Manifest& manifest) {
  std::string bytes = read_needed_file(env, folder, kModelFile);
  const std::string fingerprint = compute_fingerprint(bytes);
  if (fingerprint != manifest.fingerprint) {
    throw Error(ErrorCode::kCorrupt, str_cat((folder / kModelFile).string(),
                                             ": expected the fingerprint ", manifest.fingerprint,
                                             " that ", kManifestFile, " names, got ", fingerprint));
  }
  return bytes;
}

void check_model(const Model& model, int64_t vocabulary_size, std::string_view source) {
  const auto size = static_cast<int64_t>(model.pieces.size());
  if (size != vocabulary_size) {
    throw Error(ErrorCode::kCorrupt,
                str_cat(source, ": expected ", vocabulary_size, " pieces, got ", size));
  }
  for (int32_t id = 0; id < kSpecialCount; ++id) {
    const Piece piece = id < size ? model.pieces[static_cast<size_t>(id)] : Piece();
    const PieceType type = id == kUnknownId ? PieceType::kUnknown : PieceType::kControl;
    if (piece.text != kSpecialPieces[id] || piece.type != type) {
      throw Error(ErrorCode::kCorrupt,
                  str_cat(source, ": expected the special token ", kSpecialPieces[id], " at id ",
                          id, ", got ", str_quote(piece.text)));
    }
  }
}

const std::vector<std::string>& tokenizer_files() {
  static const std::vector<std::string> names = {kModelFile, kTokenizerJson,
                                                 "tokenizer_config.json", "special_tokens_map.json",
                                                 kManifestFile};
  return names;
}

std::map<std::string, std::string> read_tokenizer_files(Env& env, const fs::path& folder) {
  const bool foreign = is_hugging_face_folder(env, folder);
  std::map<std::string, std::string> files;
  for (const std::string& name : tokenizer_files()) {
    if (foreign && !env.exists(folder / name)) continue;
    files[name] = read_needed_file(env, folder, name.c_str());
  }
  return files;
}

}  // namespace rexbert::tokenizer
