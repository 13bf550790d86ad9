#include "tokenizer/tokenizer_json.h"

#include <algorithm>
#include <array>
#include <initializer_list>
#include <map>
#include <unordered_map>

#include "rexbert/core/error.h"
#include "rexbert/core/strings.h"
#include "tokenizer/unicode_classes.h"

namespace rexbert::tokenizer {
namespace {

std::string shown(const Json& value) { return str_cat(value.dump().substr(0, 120)); }

// A part of the file and where it stands: "tokenizer.json: model.vocab".
class Part {
 public:
  Part(const Json& json, std::string where) : json_(&json), where_(std::move(where)) {}

  const Json& json() const { return *json_; }
  bool is_null() const { return json_->is_null(); }
  const std::string& where() const { return where_; }

  [[noreturn]] void refuse(std::string_view expected, std::string_view got) const {
    throw Error(ErrorCode::kIncompatible, str_cat(where_, ": expected ", expected, ", got ", got));
  }
  [[noreturn]] void refuse(std::string_view expected) const { refuse(expected, shown(*json_)); }

  // A missing member reads as null.
  Part operator[](const std::string& key) const {
    static const Json null;
    expect(json_->is_object(), "an object");
    const auto found = json_->find(key);
    return {found == json_->end() ? null : *found,
            str_cat(where_, where_.ends_with(": ") ? "" : ".", key)};
  }
  std::vector<Part> items() const {
    expect(json_->is_array(), "a list");
    std::vector<Part> all;
    for (const Json& item : *json_) all.emplace_back(item, str_cat(where_, "[", all.size(), "]"));
    return all;
  }

  void expect(bool holds, std::string_view expected) const {
    if (!holds) refuse(expected);
  }
  void expect_keys(std::initializer_list<std::string_view> known) const {
    expect(json_->is_object(), "an object");
    for (const auto& [key, value] : json_->items()) {
      if (std::find(known.begin(), known.end(), key) != known.end()) continue;
      (*this)[key].refuse("no such key: it is not known here");
    }
  }

  std::string text() const {
    expect(json_->is_string(), "a text");
    return json_->get<std::string>();
  }
  bool flag(bool otherwise) const {
    if (is_null()) return otherwise;
    expect(json_->is_boolean(), "true or false");
    return json_->get<bool>();
  }
  int32_t id() const {
    expect(json_->is_number_unsigned() && json_->get<uint64_t>() < kMostIds,
           str_cat("an id below ", kMostIds));
    return json_->get<int32_t>();
  }
  std::string type() const { return (*this)["type"].text(); }

 private:
  static constexpr uint64_t kMostIds = uint64_t{1} << 24;

  const Json* json_;
  std::string where_;
};

void read_normalizer(const Part& part, std::vector<NormalForm>& steps) {
  static const std::map<std::string, NormalForm> kForms = {{"NFC", NormalForm::kNfc},
                                                           {"NFD", NormalForm::kNfd},
                                                           {"NFKC", NormalForm::kNfkc},
                                                           {"NFKD", NormalForm::kNfkd},
                                                           {"Lowercase", NormalForm::kLowercase}};
  if (part.is_null()) return;
  const std::string type = part.type();
  if (type == "Sequence") {
    part.expect_keys({"type", "normalizers"});
    for (const Part& step : part["normalizers"].items()) read_normalizer(step, steps);
    return;
  }
  const auto form = kForms.find(type);
  if (form == kForms.end()) {
    part["type"].refuse("NFC, NFD, NFKC, NFKD, Lowercase or a Sequence of them",
                        str_cat(type, ": normalizer ", type, " is not supported"));
  }
  part.expect_keys({"type"});
  steps.push_back(form->second);
}

// Every character that a regular expression could take for more than itself, escaped.
std::string as_regex(std::string_view literal) {
  std::string out;
  for (const char byte : literal) {
    if (std::string_view("\\^$.|?*+()[]{}-&~#").find(byte) != std::string_view::npos) out += '\\';
    out += byte;
  }
  return out;
}

SplitStep read_split(const Part& part) {
  part.expect_keys({"type", "pattern", "behavior", "invert"});
  const Part pattern = part["pattern"];
  pattern.expect_keys({"Regex", "String"});
  SplitStep step;
  step.pattern =
      pattern["Regex"].is_null() ? as_regex(pattern["String"].text()) : pattern["Regex"].text();
  const std::string behavior = part["behavior"].text();
  if (behavior != "Isolated" && behavior != "Removed") {
    part["behavior"].refuse("Isolated or Removed");
  }
  step.removed = behavior == "Removed";
  step.invert = part["invert"].flag(false);
  return step;
}

void read_byte_level(const Part& part, ByteLevelBpe& spec) {
  part.expect_keys({"type", "add_prefix_space", "trim_offsets", "use_regex"});
  spec.add_prefix_space = part["add_prefix_space"].flag(true);
  spec.gpt2_words = part["use_regex"].flag(true);
}

void read_pre_tokenizer(const Part& part, ByteLevelBpe& spec) {
  if (part.is_null()) part.refuse("ByteLevel, or a Sequence that ends in it");
  std::vector<Part> steps = {part};
  if (part.type() == "Sequence") {
    part.expect_keys({"type", "pretokenizers"});
    steps = part["pretokenizers"].items();
    part["pretokenizers"].expect(!steps.empty(), "steps of which ByteLevel is the last");
  }
  for (const Part& step : steps) {
    const std::string type = step.type();
    if (&step == &steps.back()) {
      if (type != "ByteLevel") step["type"].refuse("ByteLevel as the last step");
      read_byte_level(step, spec);
    } else {
      if (type != "Split") step["type"].refuse("Split before ByteLevel");
      spec.splits.push_back(read_split(step));
    }
  }
}

// The ids of a model's pieces by their spelling, those of added tokens among them.
using Ids = std::unordered_map<std::string, int32_t>;

Ids read_vocabulary(const Part& part, ByteLevelBpe& spec) {
  part.expect(part.json().is_object(), "an object of pieces and ids");
  Ids ids;
  for (const auto& [piece, value] : part.json().items()) {
    const Part entry(value, str_cat(part.where(), "[", str_quote(piece), "]"));
    entry.expect(!piece.empty(), "a piece that is not empty");
    const int32_t id = entry.id();
    if (static_cast<size_t>(id) >= spec.pieces.size())
      spec.pieces.resize(static_cast<size_t>(id) + 1);
    std::string& slot = spec.pieces[static_cast<size_t>(id)];
    if (!slot.empty()) entry.refuse(str_cat("an id of its own, which ", str_quote(slot), " has"));
    slot = piece;
    ids.emplace(piece, id);
  }
  return ids;
}

std::pair<std::string, std::string> read_pair(const Part& part) {
  constexpr std::string_view kExpected = "two pieces, as \"a b\" or [\"a\", \"b\"]";
  if (part.json().is_string()) {
    const std::vector<std::string> pair = str_split(part.text(), ' ');
    part.expect(pair.size() == 2, kExpected);
    return {pair[0], pair[1]};
  }
  part.expect(part.json().is_array() && part.json().size() == 2, kExpected);
  return {part.items()[0].text(), part.items()[1].text()};
}

void read_merges(const Part& part, const Ids& ids, ByteLevelBpe& spec) {
  for (const Part& item : part.items()) {
    if (item.json().is_string() && item.text().starts_with("#version")) continue;
    const auto [left, right] = read_pair(item);
    const auto id_of = [&](const std::string& piece) {
      const auto found = ids.find(piece);
      if (found == ids.end()) item.refuse("pieces of model.vocab", str_quote(piece));
      return found->second;
    };
    spec.merges.push_back({id_of(left), id_of(right), id_of(left + right)});
  }
}

Ids read_model(const Part& part, ByteLevelBpe& spec) {
  // Files of the first versions of the library have no type.
  if (!part["type"].is_null() && part.type() != "BPE") part["type"].refuse("BPE");
  part.expect_keys({"type", "dropout", "unk_token", "continuing_subword_prefix",
                    "end_of_word_suffix", "fuse_unk", "byte_fallback", "ignore_merges", "vocab",
                    "merges"});
  const Part dropout = part["dropout"];
  dropout.expect(dropout.is_null() || dropout.json() == 0.0, "none: encoding is not random here");
  for (const char* key : {"continuing_subword_prefix", "end_of_word_suffix"}) {
    if (!part[key].is_null() && !part[key].text().empty())
      part[key].refuse("none in byte-level BPE");
  }
  if (part["byte_fallback"].flag(false)) part["byte_fallback"].refuse("false in byte-level BPE");
  spec.fuse_unknown = part["fuse_unk"].flag(false);
  spec.ignore_merges = part["ignore_merges"].flag(false);
  Ids ids = read_vocabulary(part["vocab"], spec);
  read_merges(part["merges"], ids, spec);
  if (const Part unknown = part["unk_token"]; !unknown.is_null()) {
    const auto found = ids.find(unknown.text());
    if (found != ids.end()) spec.unknown = found->second;
    // Else it is an added token, and only a byte without a piece would miss it.
  }
  return ids;
}

void read_added_tokens(const Part& part, Ids& ids, ByteLevelBpe& spec) {
  if (part.is_null()) return;
  // The library gives ids anew: to a piece of the model its own, to others the next one behind.
  auto next = static_cast<int32_t>(ids.size());
  for (const Part& item : part.items()) {
    item.expect_keys({"id", "content", "single_word", "lstrip", "rstrip", "normalized", "special"});
    AddedToken token;
    token.id = item["id"].id();
    token.content = item["content"].text();
    item["content"].expect(!token.content.empty(), "a text that is not empty");
    token.single_word = item["single_word"].flag(false);
    token.lstrip = item["lstrip"].flag(false);
    token.rstrip = item["rstrip"].flag(false);
    token.special = item["special"].flag(false);
    token.normalized = item["normalized"].flag(!token.special);
    const auto [known, added] = ids.emplace(token.content, next);
    if (token.id != known->second) {
      item["id"].refuse(str_cat(known->second, " for ", str_quote(token.content)));
    }
    if (added) ++next;
    spec.added_tokens.push_back(std::move(token));
  }
}

// The ids that the post-processor puts around a text; -1 where it says nothing.
struct Frame {
  int32_t cls = -1;
  int32_t sep = -1;
};

Frame read_template(const Part& part) {
  part.expect_keys({"type", "single", "pair", "special_tokens"});
  const Part single = part["single"];
  const std::vector<Part> pieces = single.items();
  const auto is = [&](size_t i, const char* kind) {
    return pieces[i].json().is_object() && pieces[i].json().contains(kind);
  };
  single.expect(
      pieces.size() == 3 && is(0, "SpecialToken") && is(1, "Sequence") && is(2, "SpecialToken"),
      "a special token, the text and a special token");
  const auto id_of = [&](const Part& token) {
    const std::string name = token["SpecialToken"]["id"].text();
    const Part ids = part["special_tokens"][name]["ids"];
    ids.expect(ids.json().is_array() && ids.json().size() == 1, "one id");
    return ids.items()[0].id();
  };
  return {id_of(pieces[0]), id_of(pieces[2])};
}

Frame read_post_processor(const Part& part) {
  if (part.is_null()) return {};
  const std::string type = part.type();
  if (type == "ByteLevel") return {};  // only about offsets
  if (type == "TemplateProcessing") return read_template(part);
  if (type == "BertProcessing" || type == "RobertaProcessing") {
    const auto id_of = [&](const char* key) {
      part[key].expect(part[key].json().is_array() && part[key].json().size() == 2,
                       "a token and its id");
      return part[key].items()[1].id();
    };
    return {id_of("cls"), id_of("sep")};
  }
  if (type != "Sequence") {
    part["type"].refuse(
        "TemplateProcessing, BertProcessing, RobertaProcessing, ByteLevel or a "
        "Sequence of them");
  }
  Frame frame;
  for (const Part& step : part["processors"].items()) {
    const Frame found = read_post_processor(step);
    if (found.cls >= 0) {
      step.expect(frame.cls < 0, "only one step that adds tokens");
      frame = found;
    }
  }
  return frame;
}

void check_decoder(const Part& part) {
  if (!part.is_null() && part.type() != "ByteLevel") part["type"].refuse("ByteLevel");
}

// Which token plays which role, by the files that transformers reads.
class Roles {
 public:
  Roles(Env& env, const fs::path& folder, const Ids& ids) : folder_(folder), ids_(ids) {
    for (const char* name : {"tokenizer_config.json", "special_tokens_map.json"}) {
      const fs::path path = folder / name;
      if (env.exists(path))
        files_.emplace_back(path.string(), parse_json(env.read_file(path), path.string()));
    }
  }

  // The id of the token that `role` ("mask_token") names; `usual` where no file names one.
  int32_t id(const std::string& role, const std::string& usual) const {
    std::string name = usual;
    std::string where = str_cat((folder_ / kTokenizerJson).string(), ": ", role);
    for (const auto& [source, json] : files_) {
      const Part part = Part(json, source + ": ")[role];
      if (part.is_null()) continue;
      name = part.json().is_object() ? part["content"].text() : part.text();
      where = part.where();
      break;
    }
    const auto found = ids_.find(name);
    if (found == ids_.end()) {
      throw Error(ErrorCode::kIncompatible,
                  str_cat(where, ": expected a token of the vocabulary, got ", str_quote(name)));
    }
    return found->second;
  }

 private:
  fs::path folder_;
  const Ids& ids_;
  std::vector<std::pair<std::string, Json>> files_;
};

// GPT-2's alphabet: printable Latin-1 stands for itself, the other bytes for U+0100 onwards.
const std::array<int16_t, 0x144>& alphabet() {
  static const std::array<int16_t, 0x144> table = [] {
    std::array<int16_t, 0x144> made;
    made.fill(-1);
    size_t next = 0x100;
    for (int16_t byte = 0; byte < 256; ++byte) {
      const bool printable = (byte >= 0x21 && byte <= 0x7E) || (byte >= 0xA1 && byte != 0xAD);
      made[printable ? static_cast<size_t>(byte) : next++] = byte;
    }
    return made;
  }();
  return table;
}

int byte_of_letter(uint32_t point) { return point < alphabet().size() ? alphabet()[point] : -1; }

}  // namespace

std::optional<std::string> bytes_of_piece(std::string_view piece) {
  if (piece.empty()) return std::nullopt;
  std::string bytes;
  for (size_t at = 0; at < piece.size();) {
    const Character character = character_at(piece, at);
    const int byte = byte_of_letter(character.point);
    if (byte < 0) return std::nullopt;
    bytes.push_back(static_cast<char>(byte));
    at += character.size;
  }
  return bytes;
}

ByteLevelBpe read_tokenizer_json(Env& env, const fs::path& folder) {
  const std::string source = (folder / kTokenizerJson).string();
  const Json json = parse_json(env.read_file(folder / kTokenizerJson), source);
  const Part file(json, source + ": ");
  file.expect_keys({"version", "truncation", "padding", "added_tokens", "normalizer",
                    "pre_tokenizer", "post_processor", "decoder", "model"});
  if (file["version"].json() != "1.0") file["version"].refuse("\"1.0\"");
  ByteLevelBpe spec;
  Ids ids = read_model(file["model"], spec);
  read_normalizer(file["normalizer"], spec.normalizer);
  read_pre_tokenizer(file["pre_tokenizer"], spec);
  check_decoder(file["decoder"]);
  read_added_tokens(file["added_tokens"], ids, spec);
  const Frame frame = read_post_processor(file["post_processor"]);
  for (const int32_t id : {frame.cls, frame.sep}) {
    const auto has_id = [id](const auto& entry) { return entry.second == id; };
    file["post_processor"].expect(id < 0 || std::any_of(ids.begin(), ids.end(), has_id),
                                  str_cat("tokens of the vocabulary, got id ", id));
  }
  const Roles roles(env, folder, ids);
  spec.special = {.pad = roles.id("pad_token", "[PAD]"),
                  .unknown = roles.id("unk_token", "[UNK]"),
                  .cls = frame.cls >= 0 ? frame.cls : roles.id("cls_token", "[CLS]"),
                  .sep = frame.sep >= 0 ? frame.sep : roles.id("sep_token", "[SEP]"),
                  .mask = roles.id("mask_token", "[MASK]")};
  return spec;
}

Json ByteLevelBpe::describe() const {
  Json splits_json = Json::array();
  for (const SplitStep& step : splits)
    splits_json.push_back({step.pattern, step.removed, step.invert});
  Json merges_json = Json::array();
  for (const Merge& merge : merges) merges_json.push_back({merge.left, merge.right});
  Json added = Json::array();
  for (const AddedToken& token : added_tokens) {
    added.push_back({token.id, token.content, token.single_word, token.lstrip, token.rstrip,
                     token.normalized, token.special});
  }
  return {{"normalizer", normalizer},
          {"splits", splits_json},
          {"add_prefix_space", add_prefix_space},
          {"gpt2_words", gpt2_words},
          {"pieces", pieces},
          {"merges", merges_json},
          {"unknown", unknown},
          {"fuse_unknown", fuse_unknown},
          {"ignore_merges", ignore_merges},
          {"added_tokens", added},
          {"special", {special.pad, special.unknown, special.cls, special.sep, special.mask}}};
}

}  // namespace rexbert::tokenizer
