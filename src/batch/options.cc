#include "rexbert/batch/options.h"

#include "rexbert/shard/cache_options.h"
#include "rexbert/shard/value.h"

namespace rexbert::batch {

void describe(config::Schema<StreamOptions>& schema) {
  schema.field("path", &StreamOptions::path)
      .doc(
          "Folder with index.json and the token shards, as `rexbert tokenize` writes it, or the "
          "URL "
          "of one: s3://, http:// or https:// (docs/object-storage.md).")
      .required();
  schema.field("column", &StreamOptions::column).doc("The column that holds the token ids.");
  schema.field("dtype", &StreamOptions::dtype)
      .doc(
          "Type of the token ids: uint16, uint32, int32 or int64. Empty: as the shards say; needed "
          "for a column of plain bytes, which does not say.");
  schema.field("tokenizer", &StreamOptions::tokenizer)
      .doc(
          "For shards of other tools, which carry no tokenizer fingerprint: the fingerprint or the "
          "path of the run's tokenizer, to declare that it made them. Empty: the shards say.");
  const auto is_remote = [](const StreamOptions& options) {
    return shard::is_stream_url(options.path);
  };
  schema.field("cache", &StreamOptions::cache)
      .doc("Where fetched shards are kept.")
      .only_when("where path is a URL", is_remote);
  schema.field("lookahead", &StreamOptions::lookahead)
      .doc(
          "How many of each lane's next windows are fetched before they are needed; of a held-out "
          "stream, how many of its next shards. 0: none.")
      .unit("windows")
      .cost("their shards in the cache")
      .min(0)
      .max(1024)
      .only_when("where path is a URL", is_remote);
  schema.check([](const StreamOptions& options, const auto& report) {
    if (const auto problem = shard::stream_url_problem(options.path)) report("path", *problem);
    if (!options.dtype.empty() && !shard::parse_dtype(options.dtype)) {
      report("dtype", "expected uint16, uint32, int32 or int64, got " + options.dtype);
    }
  });
}

namespace {

// Lets kAutoMicroTokens be written as the word.
void allow_auto(config::Field<DataOptions>& field) {
  constexpr std::string_view kAuto = "auto";
  field.read = [kAuto, number = field.read](const config::Node& node, DataOptions& options,
                                            config::Reader& reader, const std::string& path,
                                            const config::Field<DataOptions>& self) {
    int64_t value = 0;
    if (node.kind == config::NodeKind::kScalar && node.scalar == kAuto) {
      options.micro_tokens = kAutoMicroTokens;
      reader.note_origin(path, node.where());
    } else if (config::read_integer(node, self.limits.form, value) &&
               self.limits.allows(static_cast<double>(value))) {
      number(node, options, reader, path, self);
    } else {
      reader.problem(node, path, "expected " + self.type_name(self) + ", got " + node.described());
    }
  };
  field.write = [kAuto, number = field.write](
                    const DataOptions& options, const config::Field<DataOptions>& self,
                    const config::Reader* reader, const std::string& path) {
    if (options.micro_tokens != kAutoMicroTokens) return number(options, self, reader, path);
    return config::Node::make_scalar(std::string(kAuto));
  };
  field.type_name = [number = field.type_name](const config::Field<DataOptions>& self) {
    return number(self) + ", or auto";
  };
}

}  // namespace

void describe(config::Schema<DataOptions>& schema) {
  schema.field("lanes", &DataOptions::lanes)
      .doc(
          "Independent readers of the data. Every batch is a multiple of it, and the number of "
          "ranks divides it. Fixed for a run and all that continue it.")
      .cost("memory for one window and its shards each")
      .min(1)
      .max(65536);
  schema.field("window_rows", &DataOptions::window_rows)
      .doc(
          "What a lane packs at once where the stream is large enough; more waste less and cut "
          "fewer documents. Fixed for a run and all that continue it.")
      .unit("rows")
      .cost("about 50 bytes for each document in the window")
      .min(1)
      .max(65536);
  auto& micro_tokens =
      schema.field("micro_tokens", &DataOptions::micro_tokens)
          .doc(
              "A micro-batch takes as many rows as fit, at least one. auto: as many as fit into "
              "the "
              "device's memory, by prediction and a probe, when a run starts; it goes on with that "
              "number wherever it is resumed, because another one adds in another order.")
          .unit("tokens")
          .cost("activation memory grows with it")
          .count()
          .min(1)
          .max(1 << 30);
  allow_auto(micro_tokens);
  schema.field("prefetch_steps", &DataOptions::prefetch_steps)
      .doc(
          "Steps that a background thread makes ahead, of small ones as many as hold 512 Ki "
          "tokens of a rank; 0: no thread.")
      .unit("steps")
      .cost("about 12 bytes for each of their tokens")
      .min(0)
      .max(1024);
}

}  // namespace rexbert::batch
