#include "rexbert/shard/inspect.h"

#include <algorithm>
#include <set>

#include "rexbert/core/strings.h"
#include "shard/python_text.h"

namespace rexbert::shard {
namespace {

size_t shown(size_t size, size_t limit) { return limit == 0 ? size : std::min(size, limit); }

std::string element_text(const NdArray& array, const Encoding& element, uint64_t index) {
  const size_t size = dtype_size(array.dtype);
  const Value value = element.decode(std::string_view(array.values).substr(index * size, size));
  if (const double* number = std::get_if<double>(&value)) return python_float(*number);
  if (const uint64_t* number = std::get_if<uint64_t>(&value)) return std::to_string(*number);
  return std::to_string(std::get<int64_t>(value));
}

std::string array_text(const NdArray& array, size_t limit) {
  std::vector<std::string> dimensions;
  for (const uint64_t dimension : array.shape) dimensions.push_back(std::to_string(dimension));
  std::string text = str_cat(dtype_name(array.dtype), "[", str_join(dimensions, ","), "] ");
  const Encoding element = Encoding::parse(dtype_name(array.dtype));
  const uint64_t count = shown(array.elements(), limit);
  for (uint64_t i = 0; i < count; ++i) text += " " + element_text(array, element, i);
  if (count < array.elements()) text += " ...";
  return text;
}

std::string hex_text(std::string_view bytes, size_t limit) {
  std::string text = str_cat(bytes.size(), " bytes ");
  const size_t count = shown(bytes.size(), limit);
  for (size_t i = 0; i < count; ++i) {
    text += str_printf(" %02x", static_cast<unsigned>(static_cast<unsigned char>(bytes[i])));
  }
  if (count < bytes.size()) text += " ...";
  return text;
}

std::string value_text(const Value& value, const Encoding& encoding, size_t limit) {
  const size_t bytes = limit == 0 ? std::string::npos : 8 * limit;
  if (const auto* array = std::get_if<NdArray>(&value)) return array_text(*array, limit);
  if (const auto* number = std::get_if<int64_t>(&value)) return std::to_string(*number);
  if (const auto* number = std::get_if<uint64_t>(&value)) return std::to_string(*number);
  if (const auto* number = std::get_if<double>(&value)) return python_float(*number);
  if (const auto* json = std::get_if<Json>(&value)) {
    const std::string text = dump_python_json(*json);
    return text.size() <= bytes ? text : text.substr(0, bytes) + "...";
  }
  const auto& text = std::get<std::string>(value);
  return encoding.kind() == Encoding::Kind::kBytes ? hex_text(text, limit) : str_quote(text, bytes);
}

}  // namespace

StreamDescription describe_stream(Env& env, const fs::path& directory) {
  const Index index = Index::load(env, directory);
  StreamDescription description;
  description.shards = index.shards.size();
  description.samples = index.samples();
  description.raw_bytes = index.raw_bytes();
  description.stored_bytes = index.stored_bytes();
  std::set<std::string> compression;
  for (const ShardInfo& info : index.shards) {
    compression.insert(info.compression.empty() ? "none" : info.compression);
  }
  description.compression.assign(compression.begin(), compression.end());
  if (!index.shards.empty()) {
    description.columns = index.shards[0].columns;
    description.hashes = index.shards[0].hashes;
    description.size_limit = index.shards[0].size_limit;
  }
  description.info = StreamInfo::load(env, directory);
  if (description.info) {
    description.info->check_against(index, (directory / kStreamInfoFile).string());
  }
  return description;
}

std::string render_sample(const ShardReader& reader, uint64_t sample, RenderOptions options) {
  std::string text;
  for (size_t i = 0; i < reader.columns(); ++i) {
    const Column& column = reader.info().columns[i];
    text += str_cat(column.name, "  ", column.encoding, "  ",
                    value_text(reader.value(sample, i), reader.encoding(i), options.limit), "\n");
  }
  return text;
}

}  // namespace rexbert::shard
