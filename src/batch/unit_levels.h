#pragma once

#include <array>
#include <cstdint>

namespace rexbert::batch {

// Scores of guided masking come in steps of 1/32 nat: level l stands for the score (l - 64) / 32.
inline constexpr int kLevels = 128;

// A score in steps, clamped to [-64, 63].
int32_t score_steps(double score);
int32_t level_of(int32_t steps);

// weights[l] = exp(strength (l - 64) / 32).
std::array<double, kLevels> level_weights(double strength);

// p[l] = min(cap, c weights[l]) with cap = max(probability, 0.9) and c such that
// sum(mass p) == probability sum(mass), to rounding. `weights` ascend; mass >= 0 counts tokens.
std::array<double, kLevels> level_probabilities(const std::array<double, kLevels>& mass,
                                                const std::array<double, kLevels>& weights,
                                                double probability);

}  // namespace rexbert::batch
