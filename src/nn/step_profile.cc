#include "rexbert/nn/step_profile.h"

#include <ATen/SequenceNumber.h>

#include <atomic>
#include <chrono>
#include <string_view>

#include "rexbert/core/error.h"

namespace rexbert::nn {
namespace {

using Clock = std::chrono::steady_clock;

std::atomic<StepProfile*> current = nullptr;

// The part that a record function's name is of, -1 where it is none.
int part_named(std::string_view name) {
  for (int part = 0; part < kStepParts; ++part) {
    if (name_of(static_cast<StepPart>(part)) == name) return part;
  }
  return -1;
}

}  // namespace

PartScope::PartScope(StepPart part) : record_(at::RecordScope::USER_SCOPE) {
  if (record_.isActive()) record_.before(name_of(part));
}

struct StepProfile::Open final : at::ObserverContext {
  int part = -1;
  uint64_t first_sequence = 0;
  Clock::time_point start;
};

StepProfile::StepProfile() {
  StepProfile* none = nullptr;
  if (!current.compare_exchange_strong(none, this)) {
    throw Error(ErrorCode::kUsage, "StepProfile: expected none to be at work, got another");
  }
  handle_ = at::addGlobalCallback(
      at::RecordFunctionCallback(&start, &end)
          .scopes({at::RecordScope::USER_SCOPE, at::RecordScope::BACKWARD_FUNCTION}));
}

StepProfile::~StepProfile() {
  at::removeCallback(handle_);
  current = nullptr;
}

std::unique_ptr<at::ObserverContext> StepProfile::start(const at::RecordFunction& function) {
  auto open = std::make_unique<Open>();
  if (function.scope() == at::RecordScope::USER_SCOPE) {
    open->part = part_named(function.name());
    open->first_sequence = at::sequence_number::peek();
  } else if (const StepProfile* profile = current) {
    open->part = profile->part_of(static_cast<uint64_t>(function.seqNr()));
  }
  open->start = Clock::now();
  return open;
}

void StepProfile::end(const at::RecordFunction& function, at::ObserverContext* context) {
  const auto& open = *static_cast<const Open*>(context);
  StepProfile* const profile = current;
  if (open.part < 0 || profile == nullptr) return;
  const double seconds = std::chrono::duration<double>(Clock::now() - open.start).count();
  const std::scoped_lock lock(profile->mutex_);
  Times& times = profile->times_[static_cast<size_t>(open.part)];
  if (function.scope() == at::RecordScope::USER_SCOPE) {
    times.forward_seconds += seconds;
    const uint64_t end_sequence = at::sequence_number::peek();
    if (end_sequence == open.first_sequence) return;
    profile->part_from_[open.first_sequence] = open.part;
    profile->part_from_[end_sequence] = -1;
  } else {
    times.backward_seconds += seconds;
    ++times.backward_nodes;
  }
}

int StepProfile::part_of(uint64_t sequence) const {
  const std::scoped_lock lock(mutex_);
  const auto after = part_from_.upper_bound(sequence);
  return after == part_from_.begin() ? -1 : std::prev(after)->second;
}

StepProfile::Times StepProfile::times(StepPart part) const {
  const std::scoped_lock lock(mutex_);
  return times_[static_cast<size_t>(part)];
}

void StepProfile::clear() {
  const std::scoped_lock lock(mutex_);
  times_ = {};
  part_from_.clear();
}

}  // namespace rexbert::nn
