#pragma once

#include <torch/torch.h>

#include <map>
#include <string>
#include <vector>

#include "rexbert/dist/process_group.h"

namespace rexbert::train {

// What must be equal on all ranks, by name.
using Facts = std::map<std::string, std::string>;

// Where the ranks' facts differ, in one line ("optimizer.epsilon: 1e-6 on rank 0, 1e-8 on rank 2"),
// a line a fact; empty where nowhere.
std::vector<std::string> differences(const std::vector<Facts>& by_rank);

// Collective. Error(kIncompatible) on all ranks, naming what differs and where.
void require_same(dist::ProcessGroup& group, const Facts& own);

// The hash of each parameter, 16 hexadecimal digits, in the order of named_parameters().
std::vector<std::string> hash_parameters(const torch::nn::Module& model);

// Hashes of tensors that should be equal, by rank and then in the order of `names`: names the first
// that differs and the ranks that differ from most ("... on rank 2"); empty where none does.
std::string odd_ranks(const std::vector<std::string>& names,
                      const std::vector<std::vector<std::string>>& hashes_by_rank);

}  // namespace rexbert::train
