#pragma once

// batch: from shards to the packed batches of a step, the same ones however many ranks read them.
//
//   slices     SliceTable      a stream cut into units of shuffling, from offset tables alone
//   streams    StreamSource    one stream's slices, their endless order, and its open shards
//   packing    pack_rows()     token ranges of documents -> full rows of the context length
//   lanes      LaneReader      one lane's endless rows of one stream; its state is a LaneCursor
//   steps      Loader          this rank's rows of each step as PackedBatches, masked, prefetched
//   state      LoaderState     all cursors, docs/formats/loader-state.md
//   masking    Masker          which tokens are predicted (masking.h, salience.h, spans.h)
//
// The order (docs/data-order.md): a keyed permutation orders the slices of every epoch, and epochs
// follow each other without end. Of that sequence lane l takes the entries l, l + lanes, ...; row n
// of the run is the next row of lane n mod lanes, from the stream that the plan draws for it. A
// rank serves the lanes l with l mod world == rank. So a batch depends on (config, seed, step) and
// not on ranks, threads, micro-batches or restarts.

#include "rexbert/batch/lane_reader.h"
#include "rexbert/batch/loader.h"
#include "rexbert/batch/loader_state.h"
#include "rexbert/batch/options.h"
#include "rexbert/batch/pack.h"
#include "rexbert/batch/packed_batch.h"
#include "rexbert/batch/slices.h"
#include "rexbert/batch/stream_source.h"
