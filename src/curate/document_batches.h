#pragma once

#include <functional>
#include <vector>

#include "rexbert/core/ordered_map.h"
#include "rexbert/curate/source.h"

namespace rexbert::curate {

// Documents of one file in sequence, about a megabyte of them.
using DocumentBatch = std::vector<Document>;

// Reads a source to its end: make_work() gives each of `threads` threads what turns a batch into a
// result, and consume() takes the results in order. Batches depend on the source alone.
template <class Result>
void map_source(DocumentSource& source, int threads,
                std::function<std::function<Result(DocumentBatch&&)>()> make_work,
                std::function<void(Result&&)> consume) {
  constexpr size_t kBatchBytes = size_t{1} << 20;
  constexpr size_t kOverhead = 200;  // of a document beside its text
  const auto next = [&]() -> std::optional<DocumentBatch> {
    DocumentBatch batch;
    size_t bytes = 0;
    Document document;
    while (bytes < kBatchBytes && source.next(document)) {
      bytes += document.text.size() + kOverhead;
      batch.push_back(std::move(document));
      document = {};
    }
    if (batch.empty()) return std::nullopt;
    return batch;
  };
  ordered_map<DocumentBatch, Result>(threads, next, std::move(make_work), std::move(consume));
}

}  // namespace rexbert::curate
