#include "rexbert/batch/loader_state.h"

#include <algorithm>
#include <utility>

#include "rexbert/core/error.h"
#include "rexbert/core/strings.h"

namespace rexbert::batch {
namespace {

[[noreturn]] void corrupt(std::string_view source, std::string_view what) {
  throw Error(ErrorCode::kCorrupt, str_cat(source, ": loader state: ", what));
}

// An array of exactly `size` whole numbers from 0 to 2^62 - 1.
std::vector<int64_t> numbers(const Json& json, size_t size, std::string_view source,
                             std::string_view what) {
  const bool fits = json.is_array() && json.size() == size &&
                    std::all_of(json.begin(), json.end(), [](const Json& item) {
                      return item.is_number_unsigned() && item.get<uint64_t>() < uint64_t{1} << 62;
                    });
  if (!fits) {
    corrupt(source, str_cat("expected ", what, " as ", size, " whole numbers, got ",
                            str_quote(json.dump())));
  }
  return json.get<std::vector<int64_t>>();
}

int32_t narrow(int64_t value, std::string_view source) {
  if (value > INT32_MAX) corrupt(source, str_cat("expected a number below 2^31, got ", value));
  return static_cast<int32_t>(value);
}

Json cursor_to_json(int32_t lane, const LaneCursor& cursor) {
  Json carry = Json::array();
  for (const TokenRange& range : cursor.carry) {
    carry.push_back({range.epoch, range.shard, range.sample, range.begin, range.end});
  }
  Json takes = Json::array();
  for (const Take& take : cursor.takes) takes.push_back({take.context_length, take.rows});
  return Json::array({lane, cursor.first_entry, std::move(carry), std::move(takes)});
}

LaneCursor cursor_from_json(const Json& json, std::string_view source) {
  LaneCursor cursor;
  cursor.first_entry = json[1].get<int64_t>();
  for (const Json& item : json[2]) {
    const std::vector<int64_t> words = numbers(item, 5, source, "a range of the carry");
    TokenRange range{narrow(words[0], source), narrow(words[1], source), narrow(words[2], source),
                     narrow(words[3], source), narrow(words[4], source)};
    if (range.begin >= range.end) corrupt(source, "a range of the carry is empty");
    cursor.carry.push_back(range);
  }
  for (const Json& item : json[3]) {
    const std::vector<int64_t> words = numbers(item, 2, source, "a take");
    cursor.takes.push_back({narrow(words[0], source), words[1]});
  }
  return cursor;
}

// Slices of a shard follow each other: their ends say it all.
Json slices_to_json(const SliceTable& table) {
  Json shards = Json::array();
  for (size_t i = 0; i < table.slices.size(); ++i) {
    const Slice& slice = table.slices[i];
    if (i == 0 || slice.shard != table.slices[i - 1].shard) {
      shards.push_back({slice.shard, table.offset_hashes.at(static_cast<size_t>(slice.shard))});
    }
    shards.back().push_back(slice.end_sample);
    shards.back().push_back(slice.end_token);
  }
  return {{"tokens", table.tokens}, {"shards", std::move(shards)}};
}

SliceTable slices_from_json(const Json& json, std::string_view source) {
  SliceTable table;
  const Json shards = json_get<Json>(json, "shards", source);
  table.tokens = numbers(Json::array({json_get<Json>(json, "tokens", source)}), 1, source,
                         "the slices' tokens")[0];
  if (!shards.is_array() || json.size() != 2) corrupt(source, "expected tokens and shards");
  for (const Json& item : shards) {
    if (!item.is_array() || item.size() < 4 || item.size() % 2 != 0 ||
        !item[1].is_number_unsigned()) {
      corrupt(source, "expected a shard's slices [shard, hash, end sample, end token, ...]");
    }
    Json words = item;
    words.erase(1);
    const std::vector<int64_t> ends = numbers(words, words.size(), source, "the ends of slices");
    Slice slice{.shard = narrow(ends[0], source)};
    table.offset_hashes[static_cast<size_t>(slice.shard)] = item[1].get<uint64_t>();
    for (size_t i = 1; i < ends.size(); i += 2) {
      slice.begin_sample = slice.end_sample;
      slice.begin_token = slice.end_token;
      slice.end_sample = narrow(ends[i], source);
      slice.end_token = narrow(ends[i + 1], source);
      table.slices.push_back(slice);
    }
  }
  return table;
}

StreamState stream_from_json(const Json& json, int32_t lanes, std::string_view source) {
  StreamState stream;
  stream.fingerprint = json_get<std::string>(json, "fingerprint", source);
  const Json cursors = json_get<Json>(json, "cursors", source);
  const auto slices = json.find("slices");
  if (!cursors.is_array() || json.size() != (slices == json.end() ? 2 : 3)) {
    corrupt(source, "expected fingerprint, cursors and, at most, slices");
  }
  if (slices != json.end()) {
    auto table = std::make_shared<SliceTable>(slices_from_json(*slices, source));
    table->fingerprint = stream.fingerprint;
    stream.slices = std::move(table);
  }
  for (const Json& item : cursors) {
    if (!item.is_array() || item.size() != 4 || !item[2].is_array() || !item[3].is_array()) {
      corrupt(source, "expected a cursor [lane, first entry, carry, takes]");
    }
    const int64_t lane = numbers(Json::array({item[0], item[1]}), 2, source, "a cursor's head")[0];
    if (lane >= lanes) corrupt(source, str_cat("lane ", lane, " of ", lanes));
    if (!stream.lanes.emplace(static_cast<int32_t>(lane), cursor_from_json(item, source)).second) {
      corrupt(source, str_cat("lane ", lane, " twice"));
    }
  }
  return stream;
}

}  // namespace

std::string LoaderState::dump() const {
  Json json_streams = Json::object();
  for (const auto& [name, stream] : streams) {
    Json cursors = Json::array();
    for (const auto& [lane, cursor] : stream.lanes) cursors.push_back(cursor_to_json(lane, cursor));
    json_streams[name] = {{"fingerprint", stream.fingerprint}, {"cursors", std::move(cursors)}};
    if (stream.slices) json_streams[name]["slices"] = slices_to_json(*stream.slices);
  }
  return Json{{"version", kLoaderStateVersion},
              {"next_step", next_step},
              {"seed", seed},
              {"lanes", lanes},
              {"window_rows", window_rows},
              {"streams", std::move(json_streams)}}
      .dump();
}

LoaderState LoaderState::parse(std::string_view text, std::string_view source) {
  const Json json = parse_json(text, source);
  const auto version = json_get<int>(json, "version", source);
  if (version < 1 || version > kLoaderStateVersion) {
    throw Error(ErrorCode::kIncompatible,
                str_cat(source, ": expected a loader state of a version from 1 to ",
                        kLoaderStateVersion, ", got ", version));
  }
  const std::vector<int64_t> words = numbers(
      Json::array({json_get<Json>(json, "next_step", source), json_get<Json>(json, "lanes", source),
                   json_get<Json>(json, "window_rows", source)}),
      3, source, "next_step, lanes and window_rows");
  LoaderState state{.next_step = words[0],
                    .seed = json_get<uint64_t>(json, "seed", source),
                    .lanes = narrow(words[1], source),
                    .window_rows = narrow(words[2], source),
                    .streams = {}};
  const Json streams = json_get<Json>(json, "streams", source);
  if (json.size() != 6) corrupt(source, "expected six keys");
  if (!streams.is_object()) corrupt(source, "expected streams by name");
  for (const auto& [name, stream] : streams.items()) {
    state.streams[name] =
        stream_from_json(stream, state.lanes, str_cat(source, ": streams.", name));
  }
  return state;
}

LoaderState LoaderState::cursors() const {
  LoaderState copy = *this;
  for (auto& [name, stream] : copy.streams) stream.slices = nullptr;
  return copy;
}

LoaderState LoaderState::merge(const std::vector<LoaderState>& parts) {
  if (parts.empty()) throw Error(ErrorCode::kUsage, "no loader states to merge");
  LoaderState merged = parts.front();
  const auto refuse = [](const std::string& what) {
    throw Error(ErrorCode::kIncompatible, "loader states to merge: " + what);
  };
  for (size_t i = 1; i < parts.size(); ++i) {
    const LoaderState& part = parts[i];
    if (part.next_step != merged.next_step || part.seed != merged.seed ||
        part.lanes != merged.lanes || part.window_rows != merged.window_rows) {
      refuse(str_cat("expected one run and step, got steps ", merged.next_step, " and ",
                     part.next_step, ", lanes ", merged.lanes, " and ", part.lanes));
    }
    for (const auto& [name, stream] : part.streams) {
      StreamState& into =
          merged.streams.try_emplace(name, StreamState{stream.fingerprint, {}}).first->second;
      if (!into.slices) into.slices = stream.slices;
      if (into.fingerprint != stream.fingerprint) {
        refuse(str_cat("stream ", name, " is of different data"));
      }
      for (const auto& [lane, cursor] : stream.lanes) {
        if (!into.lanes.emplace(lane, cursor).second) {
          refuse(str_cat("stream ", name, ", lane ", lane, " is there twice"));
        }
      }
    }
  }
  return merged;
}

Json LoaderState::summary() const {
  Json summary = Json::object();
  for (const auto& [name, stream] : streams) {
    if (stream.lanes.empty()) continue;
    int64_t hindmost = stream.lanes.begin()->second.first_entry;
    int64_t foremost = hindmost;
    for (const auto& [lane, cursor] : stream.lanes) {
      hindmost = std::min(hindmost, cursor.first_entry);
      foremost = std::max(foremost, cursor.first_entry);
    }
    summary[name] = {hindmost, foremost};
  }
  return summary;
}

}  // namespace rexbert::batch
