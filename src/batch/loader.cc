#include "rexbert/batch/loader.h"

#include <algorithm>
#include <atomic>
#include <exception>
#include <mutex>
#include <thread>
#include <utility>

#include "rexbert/core/bounded_queue.h"
#include "rexbert/core/error.h"
#include "rexbert/core/strings.h"
#include "rexbert/plan/batch_share.h"

namespace rexbert::batch {
namespace {

struct Made {
  LoadedStep step;
  LoaderState after;
};

// Lanes open their windows at about the same time, and small steps are over before they have.
constexpr int64_t kTokensAhead = int64_t{1} << 19;

[[noreturn]] void usage(std::string what) { throw Error(ErrorCode::kUsage, std::move(what)); }

void check_setup(const LoaderSetup& setup) {
  const int32_t lanes = setup.options.lanes;
  if (setup.streams.empty()) usage("a loader needs at least one stream");
  if (!setup.step_at) usage("a loader needs a plan");
  if (lanes < 1 || setup.options.window_rows < 1 || setup.options.micro_tokens < 1 ||
      setup.options.prefetch_steps < 0) {
    usage("data: lanes, window_rows and micro_tokens are at least 1, prefetch_steps at least 0");
  }
  if (setup.world < 1 || setup.rank < 0 || setup.rank >= setup.world) {
    usage(str_cat("rank ", setup.rank, " of ", setup.world));
  }
  plan::lanes_per_rank(lanes, setup.world);
  for (const auto& stream : setup.streams) {
    if (stream->lanes() != lanes) {
      usage(str_cat("stream ", stream->name(), " was cut for ", stream->lanes(), " lanes, not for ",
                    lanes));
    }
  }
}

void check_state(const LoaderSetup& setup, const LoaderState& state) {
  if (state.lanes == 0) return;
  const auto refuse = [](std::string_view key, auto expected, auto got) {
    throw Error(ErrorCode::kIncompatible,
                str_cat(key, ": the loader state is of ", expected, ", the run has ", got));
  };
  if (state.lanes != setup.options.lanes) refuse("data.lanes", state.lanes, setup.options.lanes);
  if (state.window_rows != setup.options.window_rows) {
    refuse("data.window_rows", state.window_rows, setup.options.window_rows);
  }
  if (state.seed != setup.seed) refuse("run.seed", state.seed, setup.seed);
  for (const auto& stream : setup.streams) {
    const auto found = state.streams.find(stream->name());
    if (found == state.streams.end()) continue;
    if (found->second.fingerprint != stream->slices().fingerprint) {
      refuse(str_cat("streams.", stream->name(), ".path (other shards)"), found->second.fingerprint,
             stream->slices().fingerprint);
    }
    for (int32_t lane = setup.rank; lane < state.lanes; lane += setup.world) {
      if (!found->second.lanes.contains(lane)) {
        throw Error(ErrorCode::kIncompatible,
                    str_cat("the loader state has no cursor for lane ", lane, " of stream ",
                            stream->name(), ": it is of some of the ranks only"));
      }
    }
  }
}

}  // namespace

void reuse_slices(const std::vector<std::shared_ptr<const StreamSource>>& streams,
                  const LoaderState& state) {
  for (const auto& stream : streams) {
    const auto found = state.streams.find(stream->name());
    if (found == state.streams.end() || !found->second.slices) continue;
    if (state.lanes == stream->lanes()) stream->reuse_slices(found->second.slices);
  }
}

// Makes steps one after the other, in whichever thread calls it.
class Loader::Maker {
 public:
  Maker(LoaderSetup setup, LoaderState state) : setup_(std::move(setup)), state_(std::move(state)) {
    check_setup(setup_);
    reuse_slices(setup_.streams, state_);
    check_state(setup_, state_);
    state_.seed = setup_.seed;
    state_.lanes = setup_.options.lanes;
    state_.window_rows = setup_.options.window_rows;
    for (auto& [name, stream] : state_.streams) {
      std::erase_if(stream.lanes, [&](const auto& lane) { return !serves(lane.first); });
    }
    for (const auto& stream : setup_.streams) add_readers(stream);
    announce_first_windows();
    update_state();
  }

  // Ends waits for data, from any thread.
  void stop() { stopping_ = true; }

  const LoaderState& state() const { return state_; }
  bool at_end() const { return state_.next_step >= setup_.end_step; }
  const LoaderSetup& setup() const { return setup_; }

  Made make() {
    const int64_t step = state_.next_step;
    return with_context(str_cat("data of step ", step), [&] {
      Made made;
      made.step.spec = setup_.step_at(step);
      check_spec(made.step.spec);
      fill(made.step);
      ++state_.next_step;
      update_state();
      made.after = state_;
      return made;
    });
  }

 private:
  struct Lane {
    std::unique_ptr<LaneReader> reader;
    LaneCursor* cursor;  // in state_
  };

  bool serves(int64_t lane) const { return lane % setup_.world == setup_.rank; }

  void add_readers(const std::shared_ptr<const StreamSource>& source) {
    StreamState& stream = state_.streams[source->name()];
    stream.fingerprint = source->slices().fingerprint;
    stream.slices = source->costly_slices();
    const OrderOptions order{.seed = setup_.seed, .window_rows = setup_.options.window_rows};
    const auto stop = [this] {
      return stopping_ || (setup_.stop_requested && setup_.stop_requested());
    };
    std::vector<Lane>& lanes = lanes_.emplace_back();
    for (int32_t lane = setup_.rank; lane < setup_.options.lanes; lane += setup_.world) {
      LaneCursor& cursor = stream.lanes[lane];
      lanes.push_back({std::make_unique<LaneReader>(source, lane, order, cursor, stop), &cursor});
    }
  }

  // Fetches what the first step needs of streams behind URLs side by side, not lane by lane.
  void announce_first_windows() {
    if (at_end()) return;
    const plan::StepSpec spec = setup_.step_at(state_.next_step);
    for (size_t i = 0; i < lanes_.size() && i < spec.mixture.size(); ++i) {
      if (spec.mixture[i] <= 0 || !setup_.streams[i]->tokens().is_remote()) continue;
      for (const Lane& lane : lanes_[i]) lane.reader->announce(spec.context_length);
    }
  }

  void check_spec(const plan::StepSpec& spec) const {
    const int32_t lanes = setup_.options.lanes;
    if (spec.rows < 1 || spec.rows % lanes != 0 || spec.first_row % lanes != 0) {
      usage(str_cat("expected rows in multiples of the ", lanes, " lanes, got ", spec.rows,
                    " from row ", spec.first_row));
    }
    if (spec.mixture.size() != setup_.streams.size()) {
      usage(str_cat("expected a mixture of ", setup_.streams.size(), " streams, got ",
                    spec.mixture.size()));
    }
  }

  void fill(LoadedStep& step) {
    const plan::StepSpec& spec = step.spec;
    const plan::BatchShare share = plan::share_batch(spec.rows, spec.context_length,
                                                     setup_.options.micro_tokens, setup_.world);
    const auto own_lanes = static_cast<int64_t>(lanes_.front().size());
    for (int64_t i = 0; i < share.rows; ++i) {
      if (i % share.micro_rows == 0) {
        start_batch(step, std::min(share.micro_rows, share.rows - i) * spec.context_length);
      }
      const int64_t own = i % own_lanes;
      const int64_t row = spec.first_row + (i / own_lanes) * setup_.options.lanes + setup_.rank +
                          own * setup_.world;
      const int stream = plan::stream_of_row(spec, row, setup_.seed);
      lanes_[static_cast<size_t>(stream)][static_cast<size_t>(own)].reader->append_row(
          spec.context_length, stream, row, step.micro_batches.back());
      if ((i + 1) % share.micro_rows == 0 || i + 1 == share.rows) {
        mask(spec, step.micro_batches.back());
      }
    }
  }

  void start_batch(LoadedStep& step, int64_t tokens) const {
    PackedBatch& batch = step.micro_batches.emplace_back();
    batch.tokens_T.reserve(static_cast<size_t>(tokens));
    batch.positions_T.reserve(static_cast<size_t>(tokens));
  }

  void mask(const plan::StepSpec& spec, PackedBatch& batch) const {
    if (setup_.mask) setup_.mask(spec.masking, batch);
  }

  void update_state() {
    for (const std::vector<Lane>& stream : lanes_) {
      for (const Lane& lane : stream) *lane.cursor = lane.reader->cursor();
    }
  }

  LoaderSetup setup_;
  LoaderState state_;
  std::atomic<bool> stopping_ = false;
  std::vector<std::vector<Lane>> lanes_;  // by stream, then the rank's own lanes in order
};

// Runs the maker ahead in a thread of its own.
class Loader::Prefetcher {
 public:
  explicit Prefetcher(Maker& maker)
      : maker_(maker),
        queue_(static_cast<size_t>(maker.setup().options.prefetch_steps), kTokensAhead),
        thread_([this] { run(); }) {}

  ~Prefetcher() {
    maker_.stop();
    queue_.close();
    thread_.join();
  }

  // Nothing after the last step.
  std::optional<Made> next() {
    std::optional<Item> item = queue_.pop();
    if (!item) return std::nullopt;
    if (item->error) std::rethrow_exception(item->error);
    return std::move(item->made);
  }

  // Takes apart, in the thread that makes steps, what would keep the trainer from its next one: a
  // state of many lanes is many pieces of memory.
  void retire(LoaderState state) {
    const std::scoped_lock lock(retired_mutex_);
    retired_.push_back(std::move(state));
  }

 private:
  struct Item {
    Made made;
    std::exception_ptr error;
  };

  void run() {
    bool wanted = true;
    while (wanted && !maker_.at_end()) {
      try {
        Made made = maker_.make();
        int64_t tokens = 0;
        for (const PackedBatch& batch : made.step.micro_batches) tokens += batch.tokens();
        wanted = queue_.push({std::move(made), nullptr}, tokens);
        drop_retired();
      } catch (...) {
        queue_.push({{}, std::current_exception()});
        wanted = false;
      }
    }
    queue_.close();
  }

  void drop_retired() {
    std::vector<LoaderState> dropped;
    const std::scoped_lock lock(retired_mutex_);
    dropped.swap(retired_);
  }

  Maker& maker_;
  BoundedQueue<Item> queue_;
  std::mutex retired_mutex_;
  std::vector<LoaderState> retired_;
  std::thread thread_;
};

Loader::Loader(LoaderSetup setup, LoaderState state) {
  maker_ = std::make_unique<Maker>(std::move(setup), std::move(state));
  state_ = maker_->state();
  if (maker_->setup().options.prefetch_steps > 0) {
    prefetcher_ = std::make_unique<Prefetcher>(*maker_);
  }
}

Loader::~Loader() = default;

LoadedStep Loader::next() {
  if (failure_) std::rethrow_exception(failure_);
  if (state_.next_step >= maker_->setup().end_step) {
    usage(str_cat("no data after the last step, ", state_.next_step - 1));
  }
  try {
    Made made = prefetcher_ ? prefetcher_->next().value() : maker_->make();
    std::swap(state_, made.after);
    if (prefetcher_) prefetcher_->retire(std::move(made.after));
    return std::move(made.step);
  } catch (...) {
    failure_ = std::current_exception();
    throw;
  }
}

}  // namespace rexbert::batch
