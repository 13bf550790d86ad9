#include "train/consistency.h"

#include <algorithm>
#include <set>
#include <utility>

#include "rexbert/core/error.h"
#include "rexbert/core/hash.h"
#include "rexbert/core/json.h"
#include "rexbert/core/log.h"
#include "rexbert/core/strings.h"
#include "rexbert/train/callbacks.h"

namespace rexbert::train {
namespace {

std::string text_of(const Facts& facts, const std::string& name) {
  const auto found = facts.find(name);
  return found == facts.end() ? "nothing" : found->second;
}

std::string hash_of(const torch::Tensor& tensor) {
  const torch::Tensor bytes = tensor.detach().cpu().contiguous();
  return hash_hex("xxh3_64", {static_cast<const char*>(bytes.const_data_ptr()), bytes.nbytes()});
}

}  // namespace

std::vector<std::string> differences(const std::vector<Facts>& by_rank) {
  std::set<std::string> names;
  for (const Facts& facts : by_rank) {
    for (const auto& [name, text] : facts) names.insert(name);
  }
  std::vector<std::string> lines;
  for (const std::string& name : names) {
    const std::string first = text_of(by_rank.front(), name);
    for (size_t rank = 1; rank < by_rank.size(); ++rank) {
      const std::string other = text_of(by_rank[rank], name);
      if (other == first) continue;
      lines.push_back(str_cat(name, ": ", first, " on rank 0, ", other, " on rank ", rank));
      break;
    }
  }
  return lines;
}

void require_same(dist::ProcessGroup& group, const Facts& own) {
  std::vector<Facts> by_rank;
  for (const std::string& text : group.all_gather(Json(own).dump())) {
    by_rank.push_back(Json::parse(text).get<Facts>());
  }
  const std::vector<std::string> lines = differences(by_rank);
  if (lines.empty()) return;
  throw Error(ErrorCode::kIncompatible,
              "the ranks were not started alike:\n  " + str_join(lines, "\n  "));
}

std::vector<std::string> hash_parameters(const torch::nn::Module& model) {
  std::vector<std::string> hashes;
  for (const torch::Tensor& parameter : model.parameters()) hashes.push_back(hash_of(parameter));
  return hashes;
}

std::string odd_ranks(const std::vector<std::string>& names,
                      const std::vector<std::vector<std::string>>& hashes_by_rank) {
  for (size_t i = 0; i < names.size(); ++i) {
    std::map<std::string, int> votes;
    for (const auto& hashes : hashes_by_rank) ++votes[hashes[i]];
    if (votes.size() == 1) continue;
    // Of equally many, rank 0's.
    std::string usual = hashes_by_rank.front()[i];
    for (const auto& [hash, count] : votes) {
      if (count > votes[usual]) usual = hash;
    }
    std::vector<std::string> odd;
    for (size_t rank = 0; rank < hashes_by_rank.size(); ++rank) {
      if (hashes_by_rank[rank][i] != usual) odd.push_back(std::to_string(rank));
    }
    return str_cat(names[i], " on rank ", str_join(odd, ", "));
  }
  return "";
}

void ConsistencyCallback::run_started(Trainer& trainer) {
  // Without a step to come, no backward pass has settled a layout.
  const bool trains = trainer.first_step() < trainer.plan().end_step();
  if (trainer.group().world_size() == 1 || !trains) return;
  const std::string layout = trainer.reducer().layout();
  require_same(trainer.group(), {{"the layout of gradient buckets", layout}});
  if (!layout_before_.empty() && layout != layout_before_) {
    log::warning(str_cat(
        "gradients are summed in another order than before the checkpoint (layout ", layout_before_,
        " then, ", layout, " now): the run goes on, but not bit for bit as it would have"));
  }
}

void ConsistencyCallback::step_done(Trainer& trainer, const StepResult& result) {
  dist::ProcessGroup& group = trainer.group();
  if (group.world_size() == 1 || every_ == 0 || result.steps_done() % every_ != 0) return;
  const std::vector<std::string> by_rank = group.all_gather(str_join(hash_parameters(model_), " "));
  if (std::adjacent_find(by_rank.begin(), by_rank.end(), std::not_equal_to<>()) == by_rank.end()) {
    return;
  }
  std::vector<std::vector<std::string>> hashes_by_rank;
  for (const std::string& text : by_rank) hashes_by_rank.push_back(str_split(text, ' '));
  throw Error(ErrorCode::kPeer, str_cat("step ", result.steps_done(),
                                        ": the weights are no longer the same on all "
                                        "ranks: ",
                                        odd_ranks(model_.named_parameters().keys(), hashes_by_rank),
                                        " differs; nothing was written since the last checkpoint"));
}

}  // namespace rexbert::train
