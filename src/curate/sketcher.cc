#include "curate/sketcher.h"

#include <algorithm>

#include "rexbert/core/hash.h"

namespace rexbert::curate {
namespace {

size_t signature_size(const DedupOptions& options) {
  return static_cast<size_t>(options.bands) * static_cast<size_t>(options.rows);
}

}  // namespace

SketchFunctions::SketchFunctions(const DedupOptions& used)
    : options(used), minhash(signature_size(used), used.seed) {}

Sketcher::Sketcher(const SketchFunctions& functions)
    : options_(functions.options),
      minhash_(functions.minhash),
      signature_(signature_size(functions.options)) {}

const DocumentSketch& Sketcher::operator()(std::string_view text) {
  words_.clear();
  words_.append(text);
  const std::string_view compared = words_.size() > 0 ? words_.text() : text;
  sketch_.hash = {hash64(compared), hash64(compared, 1)};
  find_shingles();
  find_band_keys();
  return sketch_;
}

void Sketcher::find_shingles() {
  std::vector<uint32_t>& shingles = sketch_.shingles;
  shingles.clear();
  const auto length = static_cast<size_t>(options_.shingle_words);
  if (words_.size() < length || options_.bands == 0) return;
  hashes_.assign(words_);
  for (size_t i = 0; i + length <= words_.size(); ++i) {
    shingles.push_back(static_cast<uint32_t>(hashes_(i, length) >> 32));
  }
  std::sort(shingles.begin(), shingles.end());
  shingles.erase(std::unique(shingles.begin(), shingles.end()), shingles.end());
}

void Sketcher::find_band_keys() {
  sketch_.band_keys.clear();
  if (sketch_.shingles.empty()) return;
  minhash_(sketch_.shingles, signature_);
  const size_t band_bytes = static_cast<size_t>(options_.rows) * sizeof(uint32_t);
  const auto* bytes = reinterpret_cast<const char*>(signature_.data());
  for (size_t band = 0; band < static_cast<size_t>(options_.bands); ++band) {
    sketch_.band_keys.push_back(hash64({bytes + band * band_bytes, band_bytes}, band));
  }
}

}  // namespace rexbert::curate
