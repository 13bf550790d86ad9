#include <gmock/gmock.h>

#include <functional>

#include "tokenizer/tokenizer_test_util.h"

namespace rexbert::tokenizer {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

// The bytes in the alphabet of byte-level BPE: printable Latin-1 stands for itself, the other bytes
// for U+0100 onwards.
std::string letters_of(std::string_view bytes) {
  std::vector<uint32_t> letters;
  uint32_t next = 0x100;
  for (uint32_t byte = 0; byte < 256; ++byte) {
    const bool printable = (byte > ' ' && byte < 0x7F) || (byte > 0xA0 && byte != 0xAD);
    letters.push_back(printable ? byte : next++);
  }
  std::string out;
  for (const char byte : bytes) append_utf8(letters[static_cast<uint8_t>(byte)], out);
  return out;
}

Json added(int32_t id, const std::string& content, Json flags = Json::object()) {
  Json token = {{"id", id},        {"content", content},  {"single_word", false}, {"lstrip", false},
                {"rstrip", false}, {"normalized", false}, {"special", false}};
  token.update(flags);
  return token;
}

Json special(int32_t id, const std::string& content) {
  return added(id, content, {{"special", true}});
}

// 256 bytes at their own ids, then these pieces, then the five roles, of which [MASK] takes the
// space before it.
const std::vector<std::string> kMerged = {"ab", "bc", "abc", " a", " abc", "\n\n"};
constexpr int32_t kFirstMerged = 256;
constexpr int32_t kFirstRole = 262;  // [UNK] [CLS] [SEP] [PAD] [MASK]
constexpr int32_t kFirstFree = 267;

Json made_tokenizer() {
  Json vocabulary;
  for (int byte = 0; byte < 256; ++byte) {
    vocabulary[letters_of(std::string(1, static_cast<char>(byte)))] = byte;
  }
  for (size_t i = 0; i < kMerged.size(); ++i) {
    vocabulary[letters_of(kMerged[i])] = kFirstMerged + static_cast<int32_t>(i);
  }
  const Json merges = {"a b",
                       "b c",
                       "ab c",
                       letters_of(" ") + " a",
                       letters_of(" ") + " abc",
                       letters_of("\n") + " " + letters_of("\n")};
  Json mask = special(kFirstRole + 4, "[MASK]");
  mask["lstrip"] = true;
  const Json frame = {
      {"[CLS]", {{"id", "[CLS]"}, {"ids", {kFirstRole + 1}}, {"tokens", {"[CLS]"}}}},
      {"[SEP]", {{"id", "[SEP]"}, {"ids", {kFirstRole + 2}}, {"tokens", {"[SEP]"}}}}};
  const auto token = [](const char* name) {
    return Json{{"SpecialToken", {{"id", name}, {"type_id", 0}}}};
  };
  const Json text = {{"Sequence", {{"id", "A"}, {"type_id", 0}}}};
  return {{"version", "1.0"},
          {"truncation", nullptr},
          {"padding", nullptr},
          {"added_tokens",
           {special(kFirstRole, "[UNK]"), special(kFirstRole + 1, "[CLS]"),
            special(kFirstRole + 2, "[SEP]"), special(kFirstRole + 3, "[PAD]"), mask}},
          {"normalizer", {{"type", "NFC"}}},
          {"pre_tokenizer",
           {{"type", "ByteLevel"},
            {"add_prefix_space", false},
            {"trim_offsets", true},
            {"use_regex", true}}},
          {"post_processor",
           {{"type", "TemplateProcessing"},
            {"single", {token("[CLS]"), text, token("[SEP]")}},
            {"pair", Json::array()},
            {"special_tokens", frame}}},
          {"decoder", {{"type", "ByteLevel"}}},
          {"model",
           {{"type", "BPE"},
            {"dropout", nullptr},
            {"unk_token", nullptr},
            {"continuing_subword_prefix", nullptr},
            {"end_of_word_suffix", nullptr},
            {"fuse_unk", false},
            {"byte_fallback", false},
            {"ignore_merges", false},
            {"vocab", vocabulary},
            {"merges", merges}}}};
}

class ByteLevel : public testing::Test {
 protected:
  void write(const std::string& name, const Json& json) {
    std::ofstream(folder_.path() / name) << json.dump();
  }
  Tokenizer load(const Json& json) {
    write("tokenizer.json", json);
    return Tokenizer::load(Env::posix(), folder_.path());
  }
  // As made_tokenizer() with `change` made to it.
  Tokenizer load(const std::function<void(Json&)>& change) {
    Json json = made_tokenizer();
    change(json);
    return load(json);
  }
  // The error without its kind and the path.
  std::string refusal(const std::function<void(Json&)>& change) {
    std::string error = error_of([&] { load(change); });
    const std::string front =
        "incompatible: " + (folder_.path() / "tokenizer.json").string() + ": ";
    return error.starts_with(front) ? error.substr(front.size()) : error;
  }
  static void add(Json& json, Json token) { json["added_tokens"].push_back(std::move(token)); }

  test::TemporaryDirectory folder_;
};

TEST_F(ByteLevel, MergesGoByTheirOrderAndStayInWords) {
  const Tokenizer tokenizer = load(made_tokenizer());
  EXPECT_EQ(tokenizer.vocabulary_size(), kFirstFree);
  EXPECT_THAT(tokenizer.encode("abc"), ElementsAre(kFirstMerged + 2));
  EXPECT_THAT(tokenizer.encode("bcab"), ElementsAre(kFirstMerged + 1, kFirstMerged));
  EXPECT_THAT(tokenizer.encode("abc abc"), ElementsAre(kFirstMerged + 2, kFirstMerged + 4));
  // " a" comes before " abc", but after "ab".
  EXPECT_THAT(tokenizer.encode(" ax"), ElementsAre(kFirstMerged + 3, 'x'));
  EXPECT_THAT(tokenizer.encode("\u00e9"), ElementsAre(0xC3, 0xA9));
  EXPECT_THAT(tokenizer.encode(""), ElementsAre());
}

TEST_F(ByteLevel, BothSpellingsOfMergesAreOneTokenizer) {
  const std::string fingerprint = load(made_tokenizer()).fingerprint();
  EXPECT_EQ(fingerprint.size(), 32u);
  const auto pairs = [](Json& json) {
    for (Json& merge : json["model"]["merges"]) {
      const auto text = merge.get<std::string>();
      merge = {text.substr(0, text.find(' ')), text.substr(text.find(' ') + 1)};
    }
  };
  EXPECT_EQ(load(pairs).fingerprint(), fingerprint);
  const auto swap = [](Json& json) {
    std::swap(json["model"]["merges"][0], json["model"]["merges"][1]);
  };
  EXPECT_NE(load(swap).fingerprint(), fingerprint);
  EXPECT_THAT(load(swap).encode("abc"), ElementsAre('a', kFirstMerged + 1));
}

TEST_F(ByteLevel, AWordThatIsAPieceNeedsNoMergesWhereTheyAreIgnored) {
  const auto change = [](Json& json) {
    json["model"]["ignore_merges"] = true;
    json["model"]["merges"] = Json::array();
  };
  EXPECT_THAT(load(change).encode("abc ab"), ElementsAre(kFirstMerged + 2, ' ', 'a', 'b'));
}

TEST_F(ByteLevel, BytesWithoutAPieceAreUnknownOrDropped) {
  const auto drop = [](Json& json) {
    json["model"]["vocab"].erase("z");
    json["model"]["vocab"]["<unk>"] = static_cast<int>('z');
  };
  EXPECT_THAT(load(drop).encode("azzb"), ElementsAre(kFirstMerged));
  const auto unknown = [&](Json& json) {
    drop(json);
    json["model"]["unk_token"] = "<unk>";
  };
  EXPECT_THAT(load(unknown).encode("azzb"), ElementsAre('a', 'z', 'z', 'b'));
  const auto fused = [&](Json& json) {
    unknown(json);
    json["model"]["fuse_unk"] = true;
  };
  EXPECT_THAT(load(fused).encode("azzb"), ElementsAre('a', 'z', 'b'));
}

TEST_F(ByteLevel, SpecialTokensHaveTheIdsOfTheFile) {
  const Tokenizer tokenizer = load(made_tokenizer());
  EXPECT_EQ(tokenizer.unknown_id(), kFirstRole);
  EXPECT_EQ(tokenizer.cls_id(), kFirstRole + 1);
  EXPECT_EQ(tokenizer.sep_id(), kFirstRole + 2);
  EXPECT_EQ(tokenizer.pad_id(), kFirstRole + 3);
  EXPECT_EQ(tokenizer.mask_id(), kFirstRole + 4);
  for (int32_t id = 0; id < kFirstFree; ++id) {
    EXPECT_EQ(tokenizer.is_special(id), id >= kFirstRole) << id;
  }
  std::vector<int32_t> ids;
  tokenizer.encode_document("abc [MASK]", ids);
  EXPECT_THAT(ids, ElementsAre(kFirstRole + 1, kFirstMerged + 2, kFirstRole + 4, kFirstRole + 2));
  EXPECT_EQ(tokenizer.decode(ids), "abc");
  EXPECT_EQ(tokenizer.piece_id("no such piece"), kFirstRole);
  std::vector<int32_t> masked;
  tokenizer.encode_masked("abc [MASK]", masked);
  EXPECT_THAT(masked, ElementsAre(kFirstMerged + 2, kFirstRole + 4));
}

TEST_F(ByteLevel, RolesAreNamedByTheConfig) {
  const auto rename = [](Json& json) {
    add(json, special(kFirstFree, "<mask>"));
    add(json, special(kFirstFree + 1, "<s>"));
    add(json, special(kFirstFree + 2, "</s>"));
    json["post_processor"] = {{"type", "RobertaProcessing"},
                              {"sep", {"</s>", kFirstFree + 2}},
                              {"cls", {"<s>", kFirstFree + 1}},
                              {"trim_offsets", true},
                              {"add_prefix_space", false}};
  };
  write("special_tokens_map.json",
        {{"mask_token", "[PAD]"}, {"unk_token", {{"content", "<mask>"}}}});
  write("tokenizer_config.json", {{"mask_token", "<mask>"}, {"cls_token", "[CLS]"}});
  const Tokenizer tokenizer = load(rename);
  EXPECT_EQ(tokenizer.mask_id(), kFirstFree);
  EXPECT_EQ(tokenizer.unknown_id(), kFirstFree);
  EXPECT_EQ(tokenizer.cls_id(), kFirstFree + 1);
  EXPECT_EQ(tokenizer.sep_id(), kFirstFree + 2);
  write("tokenizer_config.json", {{"mask_token", "<none>"}});
  EXPECT_EQ(error_of([&] { load(rename); }),
            "incompatible: " + (folder_.path() / "tokenizer_config.json").string() +
                ": mask_token: expected a token of the vocabulary, got \"<none>\"");
}

TEST_F(ByteLevel, AddedTokensAreFoundByTheirFlags) {
  constexpr int32_t kId = kFirstFree;
  const auto with = [&](const std::string& content, const Json& flags) {
    return load([&](Json& json) { add(json, added(kId, content, flags)); });
  };
  EXPECT_THAT(with("xy", Json::object()).encode("axyb"), ElementsAre('a', kId, 'b'));
  EXPECT_THAT(with("xy", {{"lstrip", true}}).encode("a \u3000\n xy b"),
              ElementsAre('a', kId, ' ', 'b'));
  EXPECT_THAT(with("xy", {{"rstrip", true}}).encode("a xy \t\u00a0b"),
              ElementsAre('a', ' ', kId, 'b'));
  EXPECT_THAT(with("xy", {{"single_word", true}}).encode("xy,xyz"),
              ElementsAre(kId, ',', 'x', 'y', 'z'));
  EXPECT_THAT(with("xy", {{"single_word", true}}).encode("\u00e9xy"),
              ElementsAre(0xC3, 0xA9, 'x', 'y'));
  // Before normalization "e" and the accent are two characters, after it one.
  EXPECT_THAT(with("e\u0301", {{"normalized", true}}).encode("\u00e9"), ElementsAre(kId));
  EXPECT_THAT(with("e\u0301", Json::object()).encode("\u00e9"), ElementsAre(0xC3, 0xA9));
  EXPECT_THAT(with("e\u0301", Json::object()).encode("e\u0301"), ElementsAre(kId));
}

TEST_F(ByteLevel, TheLongestAddedTokenIsTaken) {
  const auto spaces = [](Json& json) {
    add(json, added(kFirstFree, "    ", {{"normalized", true}}));
    add(json, added(kFirstFree + 1, "  ", {{"normalized", true}}));
  };
  const Tokenizer tokenizer = load(spaces);
  const std::vector<int32_t> ids = tokenizer.encode("b       c");
  EXPECT_THAT(ids, ElementsAre('b', kFirstFree, kFirstFree + 1, ' ', 'c'));
  EXPECT_EQ(tokenizer.decode(ids), "b       c");
  EXPECT_TRUE(tokenizer.begins_word(kFirstFree));
  EXPECT_TRUE(tokenizer.begins_word(kFirstFree, 'c'));
}

TEST_F(ByteLevel, NormalizersAreThoseOfTheirName) {
  const auto with = [&](const Json& normalizer) {
    return load([&](Json& json) { json["normalizer"] = normalizer; });
  };
  const auto text = [](const Tokenizer& tokenizer, const char* before) {
    return tokenizer.decode(tokenizer.encode(before));
  };
  const Json lowercase = {{"type", "Lowercase"}};
  const Json nfd = {{"type", "NFD"}};
  EXPECT_EQ(text(with({{"type", "NFC"}}), "e\u0301 \ufb01"), "\u00e9 \ufb01");
  EXPECT_EQ(text(with(nfd), "\u00e9 \ufb01"), "e\u0301 \ufb01");
  EXPECT_EQ(text(with({{"type", "NFKC"}}), "e\u0301 \ufb01"), "\u00e9 fi");
  EXPECT_EQ(text(with({{"type", "NFKD"}}), "\u00e9 \ufb01"), "e\u0301 fi");
  EXPECT_EQ(text(with(lowercase), "\u00c9A\u0130\u03a3"), "\u00e9ai\u0307\u03c3");
  EXPECT_EQ(text(with(nullptr), "e\u0301"), "e\u0301");
  EXPECT_EQ(text(with({{"type", "Sequence"}, {"normalizers", {lowercase, nfd}}}), "\u00c9"),
            "e\u0301");
  // Younger than Unicode 9: neither composed, nor put into order.
  EXPECT_EQ(text(with({{"type", "NFC"}}), "\U00011935\U00011930"), "\U00011935\U00011930");
  EXPECT_EQ(text(with(nfd), "a\u0345\u07fd"), "a\u0345\u07fd");
}

TEST_F(ByteLevel, RegularExpressionsSplitBeforeTheBytes) {
  const Json last = {{"type", "ByteLevel"}, {"add_prefix_space", false}, {"use_regex", false}};
  const auto with = [&](const Json& pattern, const char* behavior, bool invert) {
    const Json split = {
        {"type", "Split"}, {"pattern", pattern}, {"behavior", behavior}, {"invert", invert}};
    return load([&](Json& json) {
      json["pre_tokenizer"] = {{"type", "Sequence"}, {"pretokenizers", {split, last}}};
    });
  };
  const Json letters = {{"Regex", "\\p{L}+"}};
  EXPECT_THAT(with(letters, "Isolated", false).encode("5abc5"),
              ElementsAre('5', kFirstMerged + 2, '5'));
  EXPECT_THAT(with(letters, "Removed", false).encode("5abc5"), ElementsAre('5', '5'));
  EXPECT_THAT(with(letters, "Removed", true).encode("5abc 5ab"),
              ElementsAre(kFirstMerged + 2, kFirstMerged));
  EXPECT_THAT(with({{"String", "b"}}, "Isolated", false).encode("abc"), ElementsAre('a', 'b', 'c'));
  EXPECT_THAT(with({{"String", "."}}, "Removed", false).encode("ab.c"),
              ElementsAre(kFirstMerged, 'c'));
}

TEST_F(ByteLevel, TheSpaceInFrontIsTakenOffAgain) {
  const auto prefix = [](Json& json) { json["pre_tokenizer"]["add_prefix_space"] = true; };
  const Tokenizer tokenizer = load(prefix);
  EXPECT_THAT(tokenizer.encode("abc"), ElementsAre(kFirstMerged + 4));
  EXPECT_THAT(tokenizer.encode("abc[SEP]abc"),
              ElementsAre(kFirstMerged + 4, kFirstRole + 2, kFirstMerged + 4));
  EXPECT_EQ(tokenizer.decode(tokenizer.encode("abc")), "abc");
}

TEST_F(ByteLevel, PiecesSayWhatTheyStandFor) {
  const auto unused = [](Json& json) { add(json, added(kFirstFree, "[unused7]")); };
  const Tokenizer tokenizer = load(unused);
  EXPECT_EQ(tokenizer.piece(kFirstMerged + 4), "\u0120abc");
  EXPECT_EQ(tokenizer.piece_id("\u0120abc"), kFirstMerged + 4);
  EXPECT_EQ(tokenizer.text(kFirstMerged + 4), " abc");
  EXPECT_TRUE(tokenizer.begins_word(kFirstMerged + 4));
  EXPECT_FALSE(tokenizer.begins_word(kFirstMerged + 2));
  EXPECT_TRUE(tokenizer.begins_word(tokenizer.cls_id(), kFirstMerged + 2));
  EXPECT_TRUE(tokenizer.ends_in_break(kFirstMerged + 5));
  EXPECT_FALSE(tokenizer.ends_in_break('a'));
  EXPECT_EQ(tokenizer.text(0xC3), "\xC3");
  EXPECT_TRUE(tokenizer.is_byte(0xC3));
  EXPECT_FALSE(tokenizer.is_byte('a'));
  EXPECT_EQ(tokenizer.text(tokenizer.mask_id()), "");
  EXPECT_TRUE(tokenizer.is_unused(kFirstFree));
  EXPECT_FALSE(tokenizer.is_unused('a'));
  EXPECT_EQ(tokenizer.decode(tokenizer.encode("a[unused7]")), "a[unused7]");
  EXPECT_EQ(tokenizer.decode(std::vector<int32_t>{0xC3, 'a', tokenizer.unknown_id()}),
            "\uFFFDa\uFFFD");
}

TEST_F(ByteLevel, DecodingGivesBackAnyText) {
  const auto raw = [](Json& json) {
    json["normalizer"] = nullptr;
    json["added_tokens"][4]["lstrip"] = false;
  };
  const Tokenizer tokenizer = load(raw);
  KeyedRng rng(7, Purpose::kTest);
  for (int i = 0; i < 3000; ++i) {
    const std::string text = i == 0 ? std::string(100'000, 'a') : random_text(rng);
    std::string plain = text;  // special tokens come back as nothing
    for (const char* token : {"[MASK]", "[CLS]"}) {
      for (size_t at = 0; (at = plain.find(token, at)) != std::string::npos;) {
        plain.erase(at, std::string_view(token).size());
      }
    }
    if (plain.find("[MASK]") != std::string::npos || plain.find("[CLS]") != std::string::npos)
      continue;
    ASSERT_EQ(tokenizer.decode(tokenizer.encode(text)), plain) << str_quote(text, 300);
  }
}

TEST_F(ByteLevel, WhatIsNotKnownIsRefusedByName) {
  const auto set = [](const char* pointer, Json value) {
    return [pointer, value](Json& json) { json[Json::json_pointer(pointer)] = value; };
  };
  EXPECT_EQ(refusal(set("/version", "2.0")), "version: expected \"1.0\", got \"2.0\"");
  EXPECT_EQ(refusal(set("/extra", 1)), "extra: expected no such key: it is not known here, got 1");
  EXPECT_EQ(refusal(set("/normalizer/type", "StripAccents")),
            "normalizer.type: expected NFC, NFD, NFKC, NFKD, Lowercase or a Sequence of them, got "
            "StripAccents: normalizer StripAccents is not supported");
  EXPECT_EQ(refusal(set("/pre_tokenizer", {{"type", "Metaspace"}})),
            "pre_tokenizer.type: expected ByteLevel as the last step, got \"Metaspace\"");
  EXPECT_EQ(refusal(set("/pre_tokenizer", nullptr)),
            "pre_tokenizer: expected ByteLevel, or a Sequence that ends in it, got null");
  EXPECT_EQ(refusal(set("/decoder/type", "Fuse")),
            "decoder.type: expected ByteLevel, got \"Fuse\"");
  EXPECT_EQ(refusal(set("/model/type", "Unigram")), "model.type: expected BPE, got \"Unigram\"");
  EXPECT_THAT(refusal(set("/model/dropout", 0.1)), HasSubstr("model.dropout: expected none"));
  EXPECT_THAT(refusal(set("/model/byte_fallback", true)),
              HasSubstr("model.byte_fallback: expected false"));
  EXPECT_THAT(refusal(set("/model/continuing_subword_prefix", "##")),
              HasSubstr("model.continuing_subword_prefix: expected none"));
  EXPECT_EQ(refusal(set("/model/vocab/a", -1)),
            "model.vocab[\"a\"]: expected an id below 16777216, got -1");
  EXPECT_THAT(refusal(set("/model/vocab/a", 98)), HasSubstr("expected an id of its own, which"));
  EXPECT_EQ(refusal(set("/model/merges/2", "ab c d")),
            "model.merges[2]: expected two pieces, as \"a b\" or [\"a\", \"b\"], got \"ab c d\"");
  EXPECT_EQ(refusal(set("/model/merges/2", "ab d")),
            "model.merges[2]: expected pieces of model.vocab, got \"abd\"");
  EXPECT_EQ(refusal(set("/added_tokens/1/id", 300)),
            "added_tokens[1].id: expected 263 for \"[CLS]\", got 300");
  EXPECT_EQ(refusal(set("/added_tokens/1/lstrip", 1)),
            "added_tokens[1].lstrip: expected true or false, got 1");
  EXPECT_THAT(
      refusal([](Json& json) { json["post_processor"]["single"].erase(2); }),
      HasSubstr("post_processor.single: expected a special token, the text and a special token"));
  EXPECT_THAT(refusal(set("/post_processor/special_tokens/[CLS]/ids/0", 999)),
              HasSubstr("post_processor: expected tokens of the vocabulary"));
  EXPECT_EQ(refusal([](Json& json) { json["added_tokens"].erase(4); }),
            "mask_token: expected a token of the vocabulary, got \"[MASK]\"");
}

TEST_F(ByteLevel, AnExpressionThatCannotBeReadIsRefused) {
  const Json split = {{"type", "Split"},
                      {"pattern", {{"Regex", "a("}}},
                      {"behavior", "Isolated"},
                      {"invert", false}};
  EXPECT_THAT(refusal([&](Json& json) {
                json["pre_tokenizer"] = {{"type", "Sequence"},
                                         {"pretokenizers", {split, json["pre_tokenizer"]}}};
              }),
              HasSubstr("expected a regular expression that ICU takes, got \"a(\""));
}

TEST_F(ByteLevel, AFileThatIsNoJsonIsCorrupt) {
  std::ofstream(folder_.path() / "tokenizer.json") << "{";
  EXPECT_THAT(error_of([&] { Tokenizer::load(Env::posix(), folder_.path()); }),
              testing::StartsWith("corrupt data: " + (folder_.path() / "tokenizer.json").string()));
}

TEST_F(ByteLevel, ItsFilesMakeTheSameTokenizer) {
  write("tokenizer_config.json", {{"mask_token", "[MASK]"}});
  const std::string fingerprint = load(made_tokenizer()).fingerprint();
  const test::TemporaryDirectory copy;
  const auto files = read_tokenizer_files(Env::posix(), folder_.path());
  EXPECT_EQ(files.size(), 2u);
  for (const auto& [name, contents] : files)
    publish_file(Env::posix(), copy.path() / name, contents);
  EXPECT_EQ(Tokenizer::load(Env::posix(), copy.path()).fingerprint(), fingerprint);
}

}  // namespace
}  // namespace rexbert::tokenizer
