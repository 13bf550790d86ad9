#pragma once

#include <cstdint>
#include <vector>

#include "curate/sketches.h"

namespace rexbert::curate {

// For each document the one that is kept in its place: itself where it is unique or the best of its
// cluster. Taken from the folder if its state says that they are found, else found from the
// sketches and stored there.
std::vector<uint32_t> find_clusters(WorkFolder& folder, uint64_t documents, int threads,
                                    const DedupOptions& options);

}  // namespace rexbert::curate
