#include "rexbert/tokenizer/tokenizer.h"

#include <utility>

#include "rexbert/core/error.h"
#include "rexbert/core/strings.h"
#include "tokenizer/byte_level_encoder.h"
#include "tokenizer/encoder.h"
#include "tokenizer/folder.h"
#include "tokenizer/sentencepiece_encoder.h"

namespace rexbert::tokenizer {
namespace {

bool is_continuation(char byte) { return (static_cast<unsigned char>(byte) & 0xC0) == 0x80; }

// Appends `bytes`, replacing what is not UTF-8 by U+FFFD, a byte at a time.
void append_valid_utf8(std::string_view bytes, std::string& out) {
  while (!bytes.empty()) {
    const auto lead = static_cast<unsigned char>(bytes[0]);
    const size_t size = lead < 0x80    ? 1
                        : lead >= 0xF0 ? 4
                        : lead >= 0xE0 ? 3
                        : lead >= 0xC2 ? 2
                                       : 0;
    bool valid = size > 0 && size <= bytes.size() && lead <= 0xF4;
    for (size_t i = 1; valid && i < size; ++i) valid = is_continuation(bytes[i]);
    if (valid && size >= 3) {
      // Overlong forms, surrogates and what lies above U+10FFFF show in the second byte.
      const auto second = static_cast<unsigned char>(bytes[1]);
      valid = !(lead == 0xE0 && second < 0xA0) && !(lead == 0xED && second > 0x9F) &&
              !(lead == 0xF0 && second < 0x90) && !(lead == 0xF4 && second > 0x8F);
    }
    out.append(valid ? bytes.substr(0, size) : "\uFFFD");
    bytes.remove_prefix(valid ? size : 1);
  }
}

}  // namespace

struct Tokenizer::Impl {
  Vocabulary vocabulary;
  std::unique_ptr<const Encoder> encoder;
  std::string fingerprint;
  Json options;
};

Tokenizer Tokenizer::load(Env& env, const fs::path& folder) {
  auto impl = std::make_shared<Impl>();
  if (is_hugging_face_folder(env, folder)) {
    const ByteLevelBpe spec = read_tokenizer_json(env, folder);
    impl->vocabulary = make_vocabulary(spec);
    impl->encoder = make_byte_level_encoder(spec, (folder / kTokenizerJson).string());
    impl->fingerprint = compute_fingerprint(spec);
    impl->options = summarize(spec);
  } else {
    const Manifest manifest = read_manifest(env, folder);
    const std::string bytes = read_model(env, folder, manifest);
    const std::string source = (folder / kModelFile).string();
    const Model model = parse_model(bytes, source);
    check_model(model, manifest.vocabulary_size, source);
    impl->vocabulary = make_vocabulary(model);
    impl->encoder = make_sentencepiece_encoder(bytes, model, source);
    impl->fingerprint = manifest.fingerprint;
    impl->options = manifest.options;
  }
  impl->vocabulary.index_pieces();
  return Tokenizer(std::move(impl));
}

void Tokenizer::encode(std::string_view text, std::vector<int32_t>& ids) const {
  impl_->encoder->encode(text, ids);
}

std::vector<int32_t> Tokenizer::encode(std::string_view text) const {
  std::vector<int32_t> ids;
  encode(text, ids);
  return ids;
}

void Tokenizer::encode_document(std::string_view text, std::vector<int32_t>& ids) const {
  ids.push_back(cls_id());
  encode(text, ids);
  ids.push_back(sep_id());
}

void Tokenizer::encode_masked(std::string_view text, std::vector<int32_t>& ids) const {
  impl_->encoder->encode_masked(text, ids);
}

std::string Tokenizer::decode(std::span<const int32_t> ids) const {
  std::string bytes;
  for (const int32_t id : ids) bytes.append(id == unknown_id() ? "\uFFFD" : text(id));
  std::string text;
  append_valid_utf8(bytes, text);
  if (impl_->encoder->has_prefix_space() && text.starts_with(' ')) text.erase(0, 1);
  return text;
}

int32_t Tokenizer::vocabulary_size() const {
  return static_cast<int32_t>(impl_->vocabulary.pieces_V.size());
}

void Tokenizer::check_id(int32_t id) const {
  if (id < 0 || id >= vocabulary_size()) {
    throw Error(ErrorCode::kUsage,
                str_cat("token id: expected 0 to ", vocabulary_size() - 1, ", got ", id));
  }
}

std::string_view Tokenizer::piece(int32_t id) const {
  check_id(id);
  return impl_->vocabulary.pieces_V[static_cast<size_t>(id)];
}

std::string_view Tokenizer::text(int32_t id) const {
  check_id(id);
  return impl_->vocabulary.texts_V[static_cast<size_t>(id)];
}

int32_t Tokenizer::piece_id(std::string_view piece) const {
  const auto found = impl_->vocabulary.ids.find(piece);
  return found == impl_->vocabulary.ids.end() ? unknown_id() : found->second;
}

int32_t Tokenizer::pad_id() const { return impl_->vocabulary.special.pad; }
int32_t Tokenizer::unknown_id() const { return impl_->vocabulary.special.unknown; }
int32_t Tokenizer::cls_id() const { return impl_->vocabulary.special.cls; }
int32_t Tokenizer::sep_id() const { return impl_->vocabulary.special.sep; }
int32_t Tokenizer::mask_id() const { return impl_->vocabulary.special.mask; }

const std::string& Tokenizer::fingerprint() const { return impl_->fingerprint; }
std::string Tokenizer::options_json() const { return impl_->options.dump(); }

bool Tokenizer::is_special(int32_t id) const { return impl_->vocabulary.has(id, kSpecialPiece); }
bool Tokenizer::is_unused(int32_t id) const { return impl_->vocabulary.has(id, kUnusedPiece); }
bool Tokenizer::is_byte(int32_t id) const { return impl_->vocabulary.has(id, kBytePiece); }
bool Tokenizer::begins_word(int32_t id) const { return impl_->vocabulary.has(id, kBeginsWord); }
bool Tokenizer::ends_in_break(int32_t id) const { return impl_->vocabulary.has(id, kEndsInBreak); }

}  // namespace rexbert::tokenizer
