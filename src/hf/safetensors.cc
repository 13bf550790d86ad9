#include "rexbert/hf/safetensors.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "rexbert/core/error.h"
#include "rexbert/core/json.h"
#include "rexbert/core/strings.h"

namespace rexbert::hf {
namespace {

constexpr std::array<std::pair<std::string_view, at::ScalarType>, 10> kTypes = {{
    {"F64", at::kDouble},
    {"F32", at::kFloat},
    {"F16", at::kHalf},
    {"BF16", at::kBFloat16},
    {"I64", at::kLong},
    {"I32", at::kInt},
    {"I16", at::kShort},
    {"I8", at::kChar},
    {"U8", at::kByte},
    {"BOOL", at::kBool},
}};
constexpr uint64_t kLargestHeader = 100'000'000;  // the reference implementation's limit

std::string_view name_of(at::ScalarType type) {
  for (const auto& [name, known] : kTypes) {
    if (known == type) return name;
  }
  throw Error(ErrorCode::kUsage,
              str_cat("safetensors: cannot store tensors of type ", at::toString(type)));
}

std::string header_of(const NamedTensors& tensors,
                      const std::map<std::string, std::string>& metadata) {
  Json header = Json::object();
  if (!metadata.empty()) header["__metadata__"] = metadata;
  uint64_t offset = 0;
  for (const auto& [name, tensor] : tensors) {
    const uint64_t end = offset + tensor.nbytes();
    Json& entry = header[name];
    entry["dtype"] = name_of(tensor.scalar_type());
    entry["shape"] = tensor.sizes().vec();
    entry["data_offsets"] = {offset, end};
    offset = end;
  }
  std::string text = header.dump();
  text.resize((text.size() + 7) / 8 * 8, ' ');
  return text;
}

struct Entry {
  std::string name;
  at::ScalarType type;
  std::vector<int64_t> shape;
  uint64_t begin, end;
};

Entry parse_entry(const std::string& name, const Json& json, const std::string& source) {
  const std::string where = str_cat(source, ": tensor ", name);
  Entry entry{name, at::kFloat, json_get<std::vector<int64_t>>(json, "shape", where), 0, 0};
  const auto type = json_get<std::string>(json, "dtype", where);
  const auto offsets = json_get<std::vector<uint64_t>>(json, "data_offsets", where);
  const auto known = std::find_if(kTypes.begin(), kTypes.end(),
                                  [&](const auto& pair) { return pair.first == type; });
  if (known == kTypes.end()) {
    throw Error(ErrorCode::kCorrupt, str_cat(where, ": unknown dtype ", str_quote(type)));
  }
  entry.type = known->second;
  if (offsets.size() != 2 || offsets[0] > offsets[1]) {
    throw Error(ErrorCode::kCorrupt, str_cat(where, ": data_offsets: expected [begin, end]"));
  }
  entry.begin = offsets[0];
  entry.end = offsets[1];
  uint64_t bytes = at::elementSize(entry.type);
  for (const int64_t size : entry.shape) {
    if (size < 0 || __builtin_mul_overflow(bytes, static_cast<uint64_t>(size), &bytes)) {
      throw Error(ErrorCode::kCorrupt, str_cat(where, ": impossible shape"));
    }
  }
  if (bytes != entry.end - entry.begin) {
    throw Error(ErrorCode::kCorrupt,
                str_cat(where, ": its shape needs ", bytes, " bytes, data_offsets hold ",
                        entry.end - entry.begin));
  }
  return entry;
}

// The header of a file's `data`, and what comes behind it.
Json read_header(std::string_view data, const std::string& source, std::string_view& body) {
  uint64_t length = 0;
  if (data.size() < sizeof(length)) {
    throw Error(ErrorCode::kCorrupt,
                str_cat(source, ": expected at least 8 bytes, got ", data.size()));
  }
  std::memcpy(&length, data.data(), sizeof(length));
  if (length > kLargestHeader || length > data.size() - sizeof(length)) {
    throw Error(ErrorCode::kCorrupt, str_cat(source, ": offset 0: header of ", length,
                                             " bytes does not fit a file of ", data.size()));
  }
  const Json header = parse_json(data.substr(sizeof(length), length), source);
  if (!header.is_object()) {
    throw Error(ErrorCode::kCorrupt, str_cat(source, ": the header is not a JSON object"));
  }
  body = data.substr(sizeof(length) + length);
  return header;
}

}  // namespace

void write_safetensors(Env& env, const fs::path& path, const NamedTensors& tensors,
                       const std::map<std::string, std::string>& metadata) {
  const std::string header = header_of(tensors, metadata);
  const uint64_t length = header.size();
  const auto file = env.new_writable_file(path);
  file->append({reinterpret_cast<const char*>(&length), sizeof(length)});
  file->append(header);
  for (const auto& [name, tensor] : tensors) {
    const at::Tensor bytes = tensor.detach().to(at::kCPU).contiguous();
    file->append({static_cast<const char*>(bytes.const_data_ptr()), bytes.nbytes()});
  }
  file->sync();
  file->close();
}

std::map<std::string, at::Tensor> read_safetensors(Env& env, const fs::path& path) {
  const std::string source = path.string();
  const auto mapped = env.map_file(path);
  std::string_view body;
  const Json header = read_header(mapped->data(), source, body);
  std::vector<Entry> entries;
  for (const auto& [name, json] : header.items()) {
    if (name != "__metadata__") entries.push_back(parse_entry(name, json, source));
  }
  std::sort(entries.begin(), entries.end(), [](const Entry& a, const Entry& b) {
    return std::tie(a.begin, a.end) < std::tie(b.begin, b.end);
  });
  uint64_t at = 0;
  std::map<std::string, at::Tensor> tensors;
  for (const Entry& entry : entries) {
    if (entry.begin != at || entry.end > body.size()) {
      throw Error(
          ErrorCode::kCorrupt,
          str_cat(source, ": tensor ", entry.name, ": expected data at offset ", at, " within ",
                  body.size(), " bytes, got [", entry.begin, ", ", entry.end, ")"));
    }
    at = entry.end;
    at::Tensor tensor = at::empty(entry.shape, at::TensorOptions().dtype(entry.type));
    std::memcpy(tensor.mutable_data_ptr(), body.data() + entry.begin, entry.end - entry.begin);
    tensors.emplace(entry.name, std::move(tensor));
  }
  if (at != body.size()) {
    throw Error(ErrorCode::kCorrupt,
                str_cat(source, ": expected ", at, " bytes of tensors, got ", body.size()));
  }
  return tensors;
}

std::map<std::string, std::string> read_safetensors_metadata(Env& env, const fs::path& path) {
  const std::string source = path.string();
  const auto mapped = env.map_file(path);
  std::string_view body;
  const Json header = read_header(mapped->data(), source, body);
  if (!header.contains("__metadata__")) return {};
  return json_get<std::map<std::string, std::string>>(header, "__metadata__", source);
}

}  // namespace rexbert::hf
