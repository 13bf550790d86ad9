#include "corpus/job_inputs.h"

#include <algorithm>

#include "rexbert/core/hash.h"
#include "rexbert/core/philox.h"
#include "rexbert/core/strings.h"
#include "rexbert/text/input_files.h"

namespace rexbert::corpus {
namespace {

// Reading stops for a moment between groups; after a restart at most a group is read again in vain.
constexpr uint64_t kGroupBytes = uint64_t{2} << 30;
constexpr uint64_t kHashedBytes = 1 << 16;

std::string ends_hash(Env& env, const fs::path& path, uint64_t bytes) {
  const auto file = env.open_file(path);
  const size_t length = static_cast<size_t>(std::min(bytes, kHashedBytes));
  std::string ends(2 * length, '\0');
  file->read(0, length, ends.data());
  file->read(bytes - length, length, ends.data() + length);
  return str_printf("%016llx", static_cast<unsigned long long>(hash64(ends)));
}

// Where part `index` (0-based) of `count` begins: parts have about equal bytes and a file at least.
size_t run_begin(const std::vector<uint64_t>& bytes, size_t index, size_t count) {
  uint64_t total = 0;
  for (const uint64_t size : bytes) total += size + 1;
  size_t begin = 0;
  uint64_t before = 0;
  for (size_t part = 1; part <= index; ++part) {
    const auto target = static_cast<uint64_t>(
        static_cast<double>(total) * static_cast<double>(part) / static_cast<double>(count));
    const size_t latest = bytes.size() - (count - part);
    const size_t earliest = begin + 1;
    while (begin < latest && (begin < earliest || before + (bytes[begin] + 1) / 2 < target)) {
      before += bytes[begin++] + 1;
    }
  }
  return begin;
}

}  // namespace

JobInputs::JobInputs(Env& env, const TokenizeOptions& options)
    : files_(text::expand_inputs(env, options.inputs)), part_(options.part.value_or(Part{})) {
  for (size_t i = 0; i < files_.size(); ++i) {
    bytes_.push_back(env.file_size(files_[i]));
    indexes_.emplace(files_[i].string(), i);
  }
  const auto count = static_cast<size_t>(part_.count);
  dealt_ = count > files_.size();
  first_ = dealt_ ? 0 : run_begin(bytes_, static_cast<size_t>(part_.index - 1), count);
  end_ = dealt_ || part_.index == part_.count
             ? files_.size()
             : run_begin(bytes_, static_cast<size_t>(part_.index), count);
}

Json JobInputs::describe(Env& env) const {
  Json list = Json::array();
  for (size_t i = 0; i < files_.size(); ++i) {
    list.push_back({{"path", files_[i].string()},
                    {"bytes", bytes_[i]},
                    {"ends", ends_hash(env, files_[i], bytes_[i])}});
  }
  return list;
}

bool JobInputs::owns(const Position& position) const {
  if (!dealt_) return true;
  const PhiloxCounter mixed =
      philox4x32({static_cast<uint32_t>(position.line), static_cast<uint32_t>(position.line >> 32),
                  static_cast<uint32_t>(position.file), 0},
                 {0x70617274u, static_cast<uint32_t>(part_.count)});
  return mixed[0] % static_cast<uint32_t>(part_.count) == static_cast<uint32_t>(part_.index - 1);
}

size_t JobInputs::group_end(size_t file) const {
  uint64_t bytes = 0;
  while (file < end_ && bytes < kGroupBytes) bytes += bytes_[file++];
  return file;
}

}  // namespace rexbert::corpus
