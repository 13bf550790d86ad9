#include <algorithm>
#include <cmath>
#include <limits>

#include "rexbert/curate/audit.h"

namespace rexbert::curate {
namespace {

// Shares of all lines: each cell's, and what each side gave each label.
struct Shares {
  double cell[2][2];
  double row[2];
  double column[2];
};

Shares shares_of(const Confusion& confusion) {
  const auto n = static_cast<double>(confusion.total());
  Shares shares = {};
  for (size_t a = 0; a < 2; ++a) {
    for (size_t b = 0; b < 2; ++b) {
      shares.cell[a][b] = static_cast<double>(confusion.counts[a][b]) / n;
      shares.row[a] += shares.cell[a][b];
      shares.column[b] += shares.cell[a][b];
    }
  }
  return shares;
}

}  // namespace

uint64_t Confusion::total() const {
  return counts[0][0] + counts[0][1] + counts[1][0] + counts[1][1];
}

double Confusion::observed_agreement() const {
  if (total() == 0) return std::numeric_limits<double>::quiet_NaN();
  return static_cast<double>(counts[0][0] + counts[1][1]) / static_cast<double>(total());
}

double Confusion::expected_agreement() const {
  const Shares p = shares_of(*this);
  return p.row[0] * p.column[0] + p.row[1] * p.column[1];
}

Confusion& Confusion::operator+=(const Confusion& other) {
  for (size_t a = 0; a < 2; ++a) {
    for (size_t b = 0; b < 2; ++b) counts[a][b] += other.counts[a][b];
  }
  return *this;
}

std::optional<double> cohen_kappa(const Confusion& confusion) {
  // By counts: rounding must not decide whether there is a value.
  if (confusion.counts[0][0] == confusion.total() || confusion.counts[1][1] == confusion.total()) {
    return std::nullopt;
  }
  const double expected = confusion.expected_agreement();
  return (confusion.observed_agreement() - expected) / (1 - expected);
}

std::optional<double> cohen_kappa_standard_error(const Confusion& confusion) {
  const std::optional<double> kappa = cohen_kappa(confusion);
  if (!kappa) return std::nullopt;
  const Shares p = shares_of(confusion);
  const double expected = confusion.expected_agreement();
  const double rest = 1 - *kappa;
  double agreeing = 0;
  double differing = 0;
  for (size_t a = 0; a < 2; ++a) {
    for (size_t b = 0; b < 2; ++b) {
      if (a == b) {
        agreeing += p.cell[a][a] * std::pow(1 - (p.row[a] + p.column[a]) * rest, 2);
      } else {
        differing += p.cell[a][b] * std::pow(p.column[a] + p.row[b], 2);
      }
    }
  }
  const double variance =
      agreeing + rest * rest * differing - std::pow(*kappa - expected * rest, 2);
  const auto n = static_cast<double>(confusion.total());
  return std::sqrt(std::max(variance, 0.0) / n) / (1 - expected);
}

}  // namespace rexbert::curate
