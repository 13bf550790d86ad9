#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <utility>
#include <vector>

#include "rexbert/core/env.h"
#include "rexbert/text/document_reader.h"

namespace rexbert::text {

struct MapOptions {
  ReadOptions read;
  // Worker threads, beside the calling one, which reads files and consumes results. Default 0: all
  // work is done in the calling thread.
  int threads = 0;
  // Records are handed to workers in batches of about this many bytes. Default 1 MiB. At most
  // 2 x threads + 2 batches are in memory.
  uint64_t batch_bytes = uint64_t{1} << 20;
};

namespace internal {
using ErasedResult = std::shared_ptr<void>;
using ErasedMapper = std::function<void(const Document&, void*)>;
struct ErasedJob {
  std::function<ErasedMapper()> make_mapper;
  std::function<ErasedResult()> make_result;
  std::function<void(ErasedResult)> consume;
};
ReadCounts map_documents(Env& env, const std::vector<fs::path>& files, const MapOptions& options,
                         const OnBadLine& on_bad_line, const ErasedJob& job);
}  // namespace internal

// Reads `files` in order and folds each batch of documents into one `Result`:
//
//   make_mapper()            -> callable (const Document&, Result&); called once in each worker
//   consume(Result&& result) called in the calling thread, batches in input order
//
// A batch never holds documents of two files, and its bounds depend on the files and batch_bytes
// alone, so results do not depend on `threads`. Bad lines of a batch are reported before its result
// is consumed. The first exception of a mapper, of `consume` or of `on_bad_line` ends the job and
// is rethrown here.
template <class Result, class MakeMapper, class Consume>
ReadCounts map_documents(Env& env, const std::vector<fs::path>& files, const MapOptions& options,
                         const OnBadLine& on_bad_line, MakeMapper make_mapper, Consume consume) {
  internal::ErasedJob job;
  job.make_mapper = [&make_mapper]() -> internal::ErasedMapper {
    return [mapper = make_mapper()](const Document& document, void* result) mutable {
      mapper(document, *static_cast<Result*>(result));
    };
  };
  job.make_result = [] { return std::make_shared<Result>(); };
  job.consume = [&consume](internal::ErasedResult result) {
    consume(std::move(*static_cast<Result*>(result.get())));
  };
  return internal::map_documents(env, files, options, on_bad_line, job);
}

}  // namespace rexbert::text
