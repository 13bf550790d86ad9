#include "curate/sketches.h"

#include <algorithm>
#include <cstring>
#include <tuple>

#include "curate/sketch_files.h"
#include "rexbert/core/error.h"

namespace rexbert::curate {

Sketches::Sketches(const WorkFolder& folder)
    : folder_(folder),
      records_(folder.env().open_file(folder / kRecordsFile)),
      payload_(folder.env().open_file(folder / kPayloadFile)) {}

SketchRecord Sketches::record(uint32_t document) const {
  SketchRecord record;
  records_->read(uint64_t{document} * sizeof(record), sizeof(record),
                 reinterpret_cast<char*>(&record));
  return record;
}

void Sketches::read_shingles(const SketchRecord& record, std::vector<uint32_t>& shingles) const {
  shingles.resize(record.shingles);
  payload_->read(record.payload, shingles.size() * sizeof(uint32_t),
                 reinterpret_cast<char*>(shingles.data()));
}

std::string Sketches::id(const SketchRecord& record) const {
  std::string id(record.id_bytes, '\0');
  payload_->read(record.payload + record.shingles * sizeof(uint32_t), id.size(), id.data());
  return id;
}

bool Sketches::is_better(uint32_t a, uint32_t b) const {
  const SketchRecord of_a = record(a);
  const SketchRecord of_b = record(b);
  return std::tuple(of_a.text_bytes, of_a.score, b) > std::tuple(of_b.text_bytes, of_b.score, a);
}

std::vector<KeyedDocument> Sketches::read_keys(KeyKind kind, int partition) const {
  const fs::path path = folder_ / key_file(kind, partition);
  const auto file = folder_.env().open_file(path);
  if (file->size() % kKeyBytes != 0) {
    throw Error(ErrorCode::kCorrupt, path.string() + ": expected whole keys, got a part of one");
  }
  std::vector<KeyedDocument> keys(file->size() / kKeyBytes);
  std::string block;
  constexpr size_t kBlockKeys = size_t{1} << 16;
  for (size_t begin = 0; begin < keys.size(); begin += kBlockKeys) {
    const size_t count = std::min(kBlockKeys, keys.size() - begin);
    block.resize(count * kKeyBytes);
    file->read(begin * kKeyBytes, block.size(), block.data());
    for (size_t i = 0; i < count; ++i) keys[begin + i] = unpack_key(block.data() + i * kKeyBytes);
  }
  std::sort(keys.begin(), keys.end(), [](const KeyedDocument& a, const KeyedDocument& b) {
    return std::tie(a.key, a.document) < std::tie(b.key, b.document);
  });
  return keys;
}

double jaccard(const std::vector<uint32_t>& a, const std::vector<uint32_t>& b) {
  size_t i = 0, j = 0, both = 0;
  while (i < a.size() && j < b.size()) {
    const uint32_t x = a[i], y = b[j];
    both += x == y;
    i += x <= y;
    j += y <= x;
  }
  return static_cast<double>(both) / static_cast<double>(a.size() + b.size() - both);
}

}  // namespace rexbert::curate
