#include "tokenizer/bpe_model.h"

#include <algorithm>
#include <bit>
#include <optional>

namespace rexbert::tokenizer {

// A piece of the word; those that were merged into their left neighbour have id kGone.
struct BpeModel::Symbol {
  static constexpr int32_t kGone = -1;
  int32_t id = 0;
  int32_t previous = -1;
  int32_t next = -1;
};

// A merge that may be done at `left`, as the symbols stood when it was found.
struct BpeModel::Candidate {
  uint32_t rank = 0;
  int32_t left = 0;
  int32_t merged = 0;

  // The order of the heap, whose front is its greatest.
  bool operator<(const Candidate& other) const {
    return rank != other.rank ? rank > other.rank : left > other.left;
  }
};

struct BpeModel::Scratch {
  std::vector<Symbol> symbols;
  std::vector<Candidate> heap;
};

namespace {

uint64_t pair_of(int32_t left, int32_t right) {
  return static_cast<uint64_t>(static_cast<uint32_t>(left)) << 32 | static_cast<uint32_t>(right);
}

}  // namespace

BpeModel::BpeModel(const ByteLevelBpe& spec)
    : rules_(std::bit_ceil(2 * spec.merges.size() + 2)),
      unknown_(spec.unknown),
      fuse_unknown_(spec.fuse_unknown) {
  for (size_t i = 0; i < spec.merges.size(); ++i) {
    const Merge& merge = spec.merges[i];
    const uint64_t pair = pair_of(merge.left, merge.right);
    rules_[slot_of(pair)] = {pair, static_cast<uint32_t>(i), merge.merged};
  }
  byte_ids_.fill(-1);
  for (size_t id = 0; id < spec.pieces.size(); ++id) {
    const std::optional<std::string> bytes = bytes_of_piece(spec.pieces[id]);
    if (!bytes) continue;  // no word is spelled so
    if (bytes->size() == 1) byte_ids_[static_cast<uint8_t>((*bytes)[0])] = static_cast<int32_t>(id);
    if (spec.ignore_merges) whole_words_.emplace(*bytes, static_cast<int32_t>(id));
  }
}

size_t BpeModel::slot_of(uint64_t pair) const {
  const size_t mask = rules_.size() - 1;
  size_t slot = static_cast<size_t>(pair * 0x9E3779B97F4A7C15u >> 32) & mask;
  while (rules_[slot].pair != pair && rules_[slot].pair != kNoPair) slot = (slot + 1) & mask;
  return slot;
}

const BpeModel::Rule* BpeModel::find(int32_t left, int32_t right) const {
  const Rule& rule = rules_[slot_of(pair_of(left, right))];
  return rule.pair == kNoPair ? nullptr : &rule;
}

// One symbol a byte; a byte without a piece becomes [UNK] or nothing.
void BpeModel::start(std::string_view word, std::vector<Symbol>& symbols) const {
  symbols.clear();
  bool after_unknown = false;
  for (const char byte : word) {
    const int32_t known = byte_ids_[static_cast<uint8_t>(byte)];
    const bool unknown = known < 0;
    const bool skipped = unknown && (unknown_ < 0 || (fuse_unknown_ && after_unknown));
    after_unknown = unknown;
    if (skipped) continue;
    const auto index = static_cast<int32_t>(symbols.size());
    if (index > 0) symbols.back().next = index;
    symbols.push_back({unknown ? unknown_ : known, index - 1, -1});
  }
}

void BpeModel::propose(Scratch& scratch, int32_t left, int32_t right) const {
  if (left < 0 || right < 0) return;
  const Rule* rule = find(scratch.symbols[static_cast<size_t>(left)].id,
                          scratch.symbols[static_cast<size_t>(right)].id);
  if (rule == nullptr) return;
  scratch.heap.push_back({rule->rank, left, rule->merged});
  std::push_heap(scratch.heap.begin(), scratch.heap.end());
}

void BpeModel::encode(std::string_view word, std::vector<int32_t>& ids) const {
  if (!whole_words_.empty()) {
    const auto whole = whole_words_.find(std::string(word));
    if (whole != whole_words_.end()) {
      ids.push_back(whole->second);
      return;
    }
  }
  thread_local Scratch scratch;
  std::vector<Symbol>& symbols = scratch.symbols;
  start(word, symbols);
  for (size_t i = 1; i < symbols.size(); ++i) {
    propose(scratch, static_cast<int32_t>(i) - 1, static_cast<int32_t>(i));
  }
  while (!scratch.heap.empty()) {
    const Candidate best = scratch.heap.front();
    std::pop_heap(scratch.heap.begin(), scratch.heap.end());
    scratch.heap.pop_back();
    Symbol& left = symbols[static_cast<size_t>(best.left)];
    if (left.id == Symbol::kGone || left.next < 0) continue;
    Symbol& right = symbols[static_cast<size_t>(left.next)];
    const Rule* rule = find(left.id, right.id);
    if (rule == nullptr || rule->merged != best.merged) continue;  // one of the two has changed
    left.id = best.merged;
    left.next = right.next;
    right.id = Symbol::kGone;
    if (left.next >= 0) symbols[static_cast<size_t>(left.next)].previous = best.left;
    propose(scratch, left.previous, best.left);
    propose(scratch, best.left, left.next);
  }
  for (const Symbol& symbol : symbols) {
    if (symbol.id != Symbol::kGone) ids.push_back(symbol.id);
  }
}

}  // namespace rexbert::tokenizer
