#include "curate/clusters.h"

#include <algorithm>
#include <atomic>
#include <future>
#include <mutex>

#include "curate/disjoint_sets.h"
#include "rexbert/core/error.h"
#include "rexbert/core/progress.h"
#include "rexbert/core/strings.h"

namespace rexbert::curate {
namespace {

constexpr const char* kClustersFile = "clusters.bin";

class Clusterer {
 public:
  Clusterer(const WorkFolder& folder, uint64_t documents, int threads, const DedupOptions& options)
      : sketches_(folder),
        options_(options),
        threads_(threads),
        sets_(documents, [this](uint32_t a, uint32_t b) { return sketches_.is_better(a, b); }),
        repeated_(documents) {}

  std::vector<uint32_t> run() {
    for_each_bucket(KeyKind::kExact, "exact duplicates",
                    [this](const std::vector<uint32_t>& bucket) { join_equal(bucket); });
    for (uint32_t i = 0; i < sets_.size(); ++i) repeated_[i] = sets_.find(i) != i;
    if (options_.bands > 0) {
      for_each_bucket(KeyKind::kNear, "near duplicates",
                      [this](const std::vector<uint32_t>& bucket) { join_similar(bucket); });
    }
    std::vector<uint32_t> kept(sets_.size());
    for (uint32_t i = 0; i < kept.size(); ++i) kept[i] = sets_.find(i);
    return kept;
  }

 private:
  // body(documents with the same key, rising, at least two), partitions spread over the threads.
  template <class Body>
  void for_each_bucket(KeyKind kind, const std::string& what, const Body& body) {
    std::atomic<int> next = 0;
    std::mutex mutex;
    const int partitions = options_.partitions;
    Progress progress(what + ", partitions", static_cast<uint64_t>(partitions),
                      [](uint64_t count) { return std::to_string(count); });
    uint64_t done = 0;
    const auto work = [&] {
      std::vector<uint32_t> bucket;
      for (int partition = next++; partition < partitions; partition = next++) {
        const std::vector<KeyedDocument> keys = sketches_.read_keys(kind, partition);
        for (size_t begin = 0, end = 0; begin < keys.size(); begin = end) {
          bucket.clear();
          for (; end < keys.size() && keys[end].key == keys[begin].key; ++end) {
            if (!repeated_[keys[end].document]) bucket.push_back(keys[end].document);
          }
          if (bucket.size() > 1) body(bucket);
        }
        const std::scoped_lock lock(mutex);
        progress.update(++done);
      }
    };
    std::vector<std::future<void>> workers;
    for (int i = 0; i < std::max(threads_, 1); ++i) {
      workers.push_back(
          std::async(threads_ > 0 ? std::launch::async : std::launch::deferred, work));
    }
    for (std::future<void>& worker : workers) worker.get();
  }

  void join_equal(const std::vector<uint32_t>& bucket) {
    std::vector<std::pair<std::array<uint64_t, 2>, uint32_t>> hashes;
    hashes.reserve(bucket.size());
    for (const uint32_t document : bucket) {
      hashes.emplace_back(sketches_.record(document).hash, document);
    }
    std::sort(hashes.begin(), hashes.end());
    for (size_t i = 1; i < hashes.size(); ++i) {
      if (hashes[i].first == hashes[i - 1].first) {
        sets_.unite(hashes[i - 1].second, hashes[i].second);
      }
    }
  }

  // Which pairs are compared depends on the bucket alone; that those already joined are left out
  // changes no set.
  void join_similar(const std::vector<uint32_t>& bucket) {
    const auto window = static_cast<size_t>(options_.bucket_window);
    std::vector<std::vector<uint32_t>> shingles(bucket.size());
    const auto load = [&](size_t i) -> const std::vector<uint32_t>& {
      if (shingles[i].empty()) {
        sketches_.read_shingles(sketches_.record(bucket[i]), shingles[i]);
      }
      return shingles[i];
    };
    for (size_t i = 1; i < bucket.size(); ++i) {
      if (i > window) std::vector<uint32_t>().swap(shingles[i - window - 1]);
      for (size_t j = i - std::min(i, window); j < i; ++j) {
        if (sets_.find(bucket[j]) == sets_.find(bucket[i])) continue;
        if (jaccard(load(j), load(i)) >= options_.similarity) sets_.unite(bucket[j], bucket[i]);
      }
    }
  }

  const Sketches sketches_;
  const DedupOptions& options_;
  int threads_;
  DisjointSets sets_;
  // Exact duplicates of a better document: their near duplicates are the better one's. Written
  // between the two kinds of keys alone.
  std::vector<bool> repeated_;
};

std::vector<uint32_t> load_clusters(Env& env, const fs::path& path, uint64_t documents) {
  const auto file = env.open_file(path);
  std::vector<uint32_t> kept(documents);
  if (file->size() != kept.size() * sizeof(uint32_t)) {
    throw Error(ErrorCode::kCorrupt,
                str_cat(path.string(), ": expected ", documents, " numbers of documents, got ",
                        file->size(), " bytes"));
  }
  file->read(0, file->size(), reinterpret_cast<char*>(kept.data()));
  return kept;
}

}  // namespace

std::vector<uint32_t> find_clusters(WorkFolder& folder, uint64_t documents, int threads,
                                    const DedupOptions& options) {
  const fs::path path = folder / kClustersFile;
  if (folder.state().contains("clusters")) return load_clusters(folder.env(), path, documents);
  const std::vector<uint32_t> kept = Clusterer(folder, documents, threads, options).run();
  publish_file(folder.env(), path,
               {reinterpret_cast<const char*>(kept.data()), kept.size() * sizeof(uint32_t)});
  Json state = folder.state();
  state["clusters"] = true;
  folder.save(std::move(state));
  return kept;
}

}  // namespace rexbert::curate
