#pragma once

// shard: token shards on disk: MDS version 2, the format of MosaicML streaming, read and written
// byte for byte as the reference does (docs/formats/mds.md), and a sidecar that says which
// tokenizer made the tokens (docs/formats/stream-info.md).
//
// A stream is a directory: index.json, shard.00000.mds[.zstd] and so on, and rexbert.json.
//
//   writing     MdsWriter       samples -> shards, restartable after the last published shard
//   index       Index           load, save, merge of partitions
//   any sample  ShardReader     one checked shard; column values decoded
//   training    TokenStream     one token column of a stream, any thread, a billion tokens a second
//   elsewhere   RemoteShards    a stream behind a URL, by way of a cache; sync_stream copies it
//   sidecar     StreamInfo      fingerprint, counts, how the stream was made
//   people      verify_stream, describe_stream, render_sample
//
// A file that is not what its index, hash or header says is Error(kCorrupt) naming the file, the
// byte offset in it, what was expected and what was found.

#include "rexbert/shard/inspect.h"
#include "rexbert/shard/reader.h"
#include "rexbert/shard/remote_shards.h"
#include "rexbert/shard/shard_index.h"
#include "rexbert/shard/stream_info.h"
#include "rexbert/shard/sync.h"
#include "rexbert/shard/token_stream.h"
#include "rexbert/shard/value.h"
#include "rexbert/shard/writer.h"
