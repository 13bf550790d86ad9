#pragma once

#include <c10/util/intrusive_ptr.h>

#include <chrono>
#include <torch/csrc/distributed/c10d/Store.hpp>

#include "rexbert/dist/launch.h"

namespace rexbert::dist {

using StorePtr = c10::intrusive_ptr<c10d::Store>;

// The store of one start of a run, when all its processes have come. Keys of other starts, which a
// launcher's store may still hold (a restart under torchrun, whose count need not grow), are never
// seen: rank 0 draws a name for the start and hands it to each rank in answer to a token of its
// own. Error(kPeer) naming the ranks that did not come within `timeout`.
StorePtr meet(const Launch& launch, std::chrono::milliseconds timeout);

}  // namespace rexbert::dist
