// Time and memory of deduplication at scale; no test.
//
//   rexbert_curate_dedup_scale DIRECTORY [DOCUMENTS [THREADS]]
//
// Makes DOCUMENTS (default 5,000,000) short documents in DIRECTORY, a fifth of them edited copies
// of others and a twentieth exact ones, unless they are there already, deduplicates them with
// THREADS threads (default 2) and prints the time taken and the peak resident memory. Takes about
// 2 kB of disk for each document.

#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "rexbert/core/clock.h"
#include "rexbert/core/error.h"
#include "rexbert/core/philox.h"
#include "rexbert/core/strings.h"
#include "rexbert/core/units.h"
#include "rexbert/curate/dedup.h"
#include "rexbert/curate/document.h"

namespace rexbert::curate {
namespace {

constexpr uint64_t kFiles = 20;

std::string random_word(KeyedRng& random) {
  // Ranks of a vocabulary of 60,000 words, frequent ones often.
  const double rank = std::pow(60000.0, random.next_uniform());
  return "word" + std::to_string(static_cast<int>(rank));
}

std::vector<std::string> original(uint64_t number) {
  KeyedRng random(1, Purpose::kTest, number);
  std::vector<std::string> words(40 + random.next_below(80));
  for (std::string& word : words) word = random_word(random);
  return words;
}

std::string text_of(uint64_t number) {
  KeyedRng random(2, Purpose::kTest, number);
  const double kind = random.next_uniform();
  if (number == 0 || kind >= 0.25) return str_join(original(number), " ");
  std::vector<std::string> words = original(random.next_below(number));
  if (kind >= 0.05) {
    const double rate = 0.05 * random.next_uniform();
    for (std::string& word : words) {
      if (random.next_uniform() < rate) word = random_word(random);
    }
  }
  return str_join(words, " ");
}

void make_documents(const std::vector<fs::path>& files, uint64_t documents) {
  for (size_t i = 0; i < files.size(); ++i) {
    if (Env::posix().exists(files[i])) continue;
    const fs::path aside = files[i].string() + ".tmp";
    const auto file = Env::posix().new_writable_file(aside);
    for (uint64_t n = documents * i / kFiles; n < documents * (i + 1) / kFiles; ++n) {
      file->append(to_json_line({.id = "document-" + std::to_string(n), .text = text_of(n)}));
    }
    file->close();
    Env::posix().rename(aside, files[i]);
  }
}

double peak_gib() {
  struct rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<double>(usage.ru_maxrss) / (1 << 20);
}

void run(const fs::path& directory, uint64_t documents, int threads) {
  std::vector<fs::path> inputs;
  DedupJob job;
  Env::posix().create_directories(directory);
  for (uint64_t i = 0; i < kFiles; ++i) {
    const std::string name =
        str_printf("%llu-%02llu.jsonl", static_cast<unsigned long long>(documents),
                   static_cast<unsigned long long>(i));
    inputs.push_back(directory / name);
    job.files.push_back({inputs.back(), directory / "kept" / name});
  }
  job.report = directory / "dropped.jsonl";
  job.work_directory = directory / "work";
  job.threads = threads;
  make_documents(inputs, documents);
  std::printf("peak memory before: %.3f GiB\n", peak_gib());
  Env::posix().remove_all(job.work_directory);
  const auto start = std::chrono::steady_clock::now();
  const DedupSummary summary = deduplicate(Env::posix(), job, {});
  std::printf("%llu documents, %llu kept, %llu exact, %llu near\n",
              static_cast<unsigned long long>(summary.documents),
              static_cast<unsigned long long>(summary.kept),
              static_cast<unsigned long long>(summary.exact),
              static_cast<unsigned long long>(summary.near));
  std::printf("wall time %s, peak memory %.3f GiB\n", format_duration(seconds_since(start)).c_str(),
              peak_gib());
}

}  // namespace
}  // namespace rexbert::curate

int main(int argc, char** argv) {
  if (argc < 2 || argc > 4) {
    std::fprintf(stderr, "usage: %s DIRECTORY [DOCUMENTS [THREADS]]\n", argv[0]);
    return 2;
  }
  try {
    rexbert::curate::run(argv[1], argc > 2 ? std::strtoull(argv[2], nullptr, 10) : 5'000'000,
                         argc > 3 ? std::atoi(argv[3]) : 2);
  } catch (const rexbert::Error& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return static_cast<int>(error.code());
  }
  return 0;
}
