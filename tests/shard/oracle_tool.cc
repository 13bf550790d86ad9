#include <cstdio>
#include <string>
#include <vector>

#include "rexbert/core/error.h"
#include "rexbert/core/strings.h"
#include "rexbert/shard/shard.h"

// The C++ side of tools/oracle/check_mds.py.
//   dump DIR [dtype]                   every token id, a line a sample
//   show DIR                           every sample as `rexbert shards show --limit 0`
//   write DIR SPEC                     SPEC: JSON {columns, compression, hashes, size_limit,
//   samples}
namespace rexbert::shard {
namespace {

void dump(const std::string& directory, const std::string& dtype) {
  TokenColumn column;
  if (!dtype.empty()) column.dtype = parse_dtype(dtype);
  const auto stream = TokenStream::open(Env::posix(), directory, column);
  for (size_t i = 0; i < stream.shards(); ++i) {
    const auto shard = stream.open_shard(i);
    for (uint64_t sample = 0; sample < shard->samples(); ++sample) {
      std::vector<int32_t> ids(shard->length(sample));
      shard->copy(sample, 0, shard->length(sample), ids.data());
      for (const int32_t id : ids) std::printf("%d ", id);
      std::printf("\n");
    }
  }
}

void show(const std::string& directory) {
  const Index index = Index::load(Env::posix(), directory);
  for (const ShardInfo& info : index.shards) {
    const auto reader = ShardReader::open(Env::posix(), directory, info, {.verify_hashes = true});
    for (uint64_t sample = 0; sample < reader->samples(); ++sample) {
      std::printf("%s\n", render_sample(*reader, sample, {.limit = 0}).c_str());
    }
  }
}

NdArray array_from(const Json& json) {
  NdArray array;
  array.dtype = parse_dtype(json.at("dtype").get<std::string>()).value();
  array.shape = json.at("shape").get<std::vector<uint64_t>>();
  const Encoding element = Encoding::parse(json.at("dtype").get<std::string>());
  for (const Json& value : json.at("values")) {
    if (element.kind() == Encoding::Kind::kFloat) {
      element.encode(value.get<double>(), array.values);
    } else if (value.is_number_unsigned()) {
      element.encode(value.get<uint64_t>(), array.values);
    } else {
      element.encode(value.get<int64_t>(), array.values);
    }
  }
  return array;
}

std::string bytes_from(const Json& json) {
  std::string bytes;
  for (const Json& value : json) bytes.push_back(static_cast<char>(value.get<int>()));
  return bytes;
}

Value value_from(const Encoding& encoding, const Json& json) {
  switch (encoding.kind()) {
    case Encoding::Kind::kBytes:
      return bytes_from(json);
    case Encoding::Kind::kJson:
      return json;
    case Encoding::Kind::kArray:
      return array_from(json);
    case Encoding::Kind::kFloat:
    case Encoding::Kind::kStringFloat:
      return json.get<double>();
    case Encoding::Kind::kString:
    case Encoding::Kind::kStringDecimal:
      return json.get<std::string>();
    default:
      if (json.is_number_unsigned()) return json.get<uint64_t>();
      return json.get<int64_t>();
  }
}

void write(const std::string& directory, const std::string& path) {
  const Json spec = parse_json(Env::posix().read_file(path), path);
  WriterOptions options;
  for (const Json& column : spec.at("columns")) {
    options.columns.push_back({column.at(0), column.at(1)});
  }
  options.compression = spec.at("compression").get<std::string>();
  options.hashes = spec.at("hashes").get<std::vector<std::string>>();
  options.size_limit.reset();
  if (!spec.at("size_limit").is_null()) options.size_limit = spec.at("size_limit").get<uint64_t>();
  MdsWriter writer(Env::posix(), directory, options);
  for (const Json& sample : spec.at("samples")) {
    std::vector<Value> values;
    for (size_t i = 0; i < options.columns.size(); ++i) {
      values.push_back(value_from(Encoding::parse(options.columns[i].encoding), sample.at(i)));
    }
    writer.write(values);
  }
  writer.finish();
}

}  // namespace
}  // namespace rexbert::shard

int main(int argc, char** argv) {
  const std::vector<std::string> arguments(argv + 1, argv + argc);
  try {
    if (arguments.size() >= 2 && arguments[0] == "dump") {
      rexbert::shard::dump(arguments[1], arguments.size() > 2 ? arguments[2] : "");
    } else if (arguments.size() == 2 && arguments[0] == "show") {
      rexbert::shard::show(arguments[1]);
    } else if (arguments.size() == 3 && arguments[0] == "write") {
      rexbert::shard::write(arguments[1], arguments[2]);
    } else {
      std::fprintf(stderr, "usage: dump DIR [dtype] | show DIR | write DIR SPEC\n");
      return 2;
    }
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
  return 0;
}
