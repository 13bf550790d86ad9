#include "tokenizer/hugging_face.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>

#include "rexbert/tokenizer/tokenizer.h"

namespace rexbert::tokenizer {
namespace {

constexpr char kSpace[] = "\u2581";

// tokenizers matches every entry of a Unigram vocabulary in text, special tokens, bytes and unused
// pieces too. This score keeps them out: any other way to write the same characters, of which
// printable ASCII always has one, is better.
constexpr double kNeverScore = -1e6;

std::string base64(std::string_view bytes) {
  constexpr char kDigits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  out.reserve((bytes.size() + 2) / 3 * 4);
  for (size_t i = 0; i < bytes.size(); i += 3) {
    const std::string_view group = bytes.substr(i, 3);
    uint32_t bits = 0;
    for (size_t k = 0; k < 3; ++k) {
      bits = bits << 8 | (k < group.size() ? static_cast<unsigned char>(group[k]) : 0u);
    }
    for (size_t k = 0; k < 4; ++k) {
      out.push_back(k <= group.size() ? kDigits[bits >> (18 - 6 * k) & 63] : '=');
    }
  }
  return out;
}

Json sequence(const char* key, Json steps) {
  return {{"type", "Sequence"}, {key, std::move(steps)}};
}

Json replace(Json pattern, const char* content) {
  return {{"type", "Replace"}, {"pattern", std::move(pattern)}, {"content", content}};
}

Json metaspace(const char* replacement, const char* prepend_scheme, bool split) {
  return {{"type", "Metaspace"},
          {"replacement", replacement},
          {"prepend_scheme", prepend_scheme},
          {"split", split}};
}

Json make_normalizer(const Model& model) {
  Json steps = Json::array();
  if (!model.precompiled_charsmap.empty()) {
    steps.push_back(
        {{"type", "Precompiled"}, {"precompiled_charsmap", base64(model.precompiled_charsmap)}});
  }
  if (model.remove_extra_whitespaces) {
    steps.push_back(replace({{"Regex", " {2,}"}}, " "));
    // With the prefix, a space at the front stands for it. ^ and $ would match at every line.
    const char* const ends = model.add_dummy_prefix ? "[ \u2581]+\\z" : "\\A |[ \u2581]+\\z";
    steps.push_back(replace({{"Regex", ends}}, ""));
  }
  steps.push_back(replace({{"String", " "}}, kSpace));
  return sequence("normalizers", std::move(steps));
}

// The prefix goes before the text alone, not before what follows a special token in it. Metaspace
// leaves it out where the text begins with its replacement already; so for kept white space a first
// one puts a space there, which the text does not hold any more, and a second one turns it around.
Json make_pre_tokenizer(const Model& model) {
  const bool split = model.split_by_whitespace && !model.whitespace_runs;
  if (!model.add_dummy_prefix) return metaspace(kSpace, "never", split);
  if (model.remove_extra_whitespaces) return metaspace(kSpace, "first", split);
  return sequence("pretokenizers",
                  Json::array({metaspace(" ", "first", false), metaspace(kSpace, "never", split)}));
}

Json make_decoder(const Model& model) {
  Json steps = Json::array();
  steps.push_back(replace({{"String", kSpace}}, " "));
  steps.push_back({{"type", "ByteFallback"}});
  steps.push_back({{"type", "Fuse"}});
  if (model.add_dummy_prefix) {
    steps.push_back({{"type", "Strip"}, {"content", " "}, {"start", 1}, {"stop", 0}});
  }
  return sequence("decoders", std::move(steps));
}

Json make_unigram(const Model& model) {
  Json vocabulary = Json::array();
  for (const Piece& piece : model.pieces) {
    const double score = piece.type == PieceType::kNormal ? piece.score : kNeverScore;
    vocabulary.push_back(Json::array({piece.text, score}));
  }
  return {{"type", "Unigram"},
          {"unk_id", kUnknownId},
          {"vocab", std::move(vocabulary)},
          {"byte_fallback", model.byte_fallback}};
}

bool starts_character(char byte) { return (static_cast<unsigned char>(byte) & 0xC0) != 0x80; }

Json make_bpe(const Model& model) {
  std::unordered_map<std::string_view, size_t> ids;
  Json vocabulary = Json::object();
  for (size_t id = 0; id < model.pieces.size(); ++id) {
    const Piece& piece = model.pieces[id];
    vocabulary[piece.text] = id;
    if (piece.type == PieceType::kNormal) ids.emplace(piece.text, id);
  }
  // Pieces lie in the order of their merges; a piece that can be made in several ways has them all.
  Json merges = Json::array();
  for (const Piece& piece : model.pieces) {
    if (piece.type != PieceType::kNormal) continue;
    const std::string_view text = piece.text;
    for (size_t at = 1; at < text.size(); ++at) {
      if (!starts_character(text[at])) continue;
      const std::string_view left = text.substr(0, at);
      const std::string_view right = text.substr(at);
      if (ids.contains(left) && ids.contains(right)) {
        merges.push_back(Json::array({std::string(left), std::string(right)}));
      }
    }
  }
  return {{"type", "BPE"},
          {"dropout", nullptr},
          {"unk_token", kSpecialPieces[kUnknownId]},
          {"continuing_subword_prefix", nullptr},
          {"end_of_word_suffix", nullptr},
          {"fuse_unk", true},
          {"byte_fallback", model.byte_fallback},
          {"ignore_merges", false},
          {"vocab", std::move(vocabulary)},
          {"merges", std::move(merges)}};
}

// [MASK] takes the space before it, as it stands for a word that has one.
Json make_added_token(int32_t id) {
  return {{"content", kSpecialPieces[id]}, {"single_word", false},
          {"lstrip", id == kMaskId},       {"rstrip", false},
          {"normalized", false},           {"special", true}};
}

Json template_special(int32_t id, int type_id) {
  return {{"SpecialToken", {{"id", kSpecialPieces[id]}, {"type_id", type_id}}}};
}

Json template_text(const char* name, int type_id) {
  return {{"Sequence", {{"id", name}, {"type_id", type_id}}}};
}

Json make_post_processor() {
  Json special = Json::object();
  for (const int32_t id : {kClsId, kSepId}) {
    const std::string text(kSpecialPieces[id]);
    special[text] = {{"id", text}, {"ids", {id}}, {"tokens", {text}}};
  }
  const Json cls = template_special(kClsId, 0);
  const Json sep = template_special(kSepId, 0);
  return {{"type", "TemplateProcessing"},
          {"single", Json::array({cls, template_text("A", 0), sep})},
          {"pair", Json::array({cls, template_text("A", 0), sep, template_text("B", 1),
                                template_special(kSepId, 1)})},
          {"special_tokens", special}};
}

}  // namespace

Json make_tokenizer_json(const Model& model) {
  Json added = Json::array();
  for (int32_t id = 0; id < kSpecialCount; ++id) {
    Json token = make_added_token(id);
    token["id"] = id;
    added.push_back(std::move(token));
  }
  return {{"version", "1.0"},
          {"truncation", nullptr},
          {"padding", nullptr},
          {"added_tokens", std::move(added)},
          {"normalizer", make_normalizer(model)},
          {"pre_tokenizer", make_pre_tokenizer(model)},
          {"post_processor", make_post_processor()},
          {"decoder", make_decoder(model)},
          {"model", model.bpe ? make_bpe(model) : make_unigram(model)}};
}

Json make_tokenizer_config() {
  Json config = make_special_tokens_map();
  config["tokenizer_class"] = "PreTrainedTokenizerFast";
  config["clean_up_tokenization_spaces"] = false;
  config["model_input_names"] = {"input_ids", "attention_mask"};
  for (int32_t id = 0; id < kSpecialCount; ++id) {
    config["added_tokens_decoder"][std::to_string(id)] = make_added_token(id);
  }
  return config;
}

Json make_special_tokens_map() {
  return {{"pad_token", kSpecialPieces[kPadId]},
          {"unk_token", kSpecialPieces[kUnknownId]},
          {"cls_token", kSpecialPieces[kClsId]},
          {"sep_token", kSpecialPieces[kSepId]},
          {"mask_token", kSpecialPieces[kMaskId]}};
}

}  // namespace rexbert::tokenizer
