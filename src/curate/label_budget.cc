#include "curate/label_budget.h"

namespace rexbert::curate {

Spending& Spending::operator+=(const Spending& other) {
  prompt_tokens += other.prompt_tokens;
  completion_tokens += other.completion_tokens;
  cost += other.cost;
  return *this;
}

Spending& Spending::operator-=(const Spending& other) {
  prompt_tokens -= other.prompt_tokens;
  completion_tokens -= other.completion_tokens;
  cost -= other.cost;
  return *this;
}

LabelBudget::LabelBudget(uint64_t token_limit, double money_limit, const Spending& spent_before)
    : token_limit_(token_limit), money_limit_(money_limit), spent_(spent_before) {}

bool LabelBudget::fits(const Spending& estimate) const {
  Spending sum = spent_;
  sum += reserved_;
  sum += estimate;
  return (token_limit_ == 0 || sum.tokens() <= token_limit_) &&
         (money_limit_ == 0 || sum.cost <= money_limit_);
}

bool LabelBudget::reserve(const Spending& estimate) {
  std::unique_lock lock(mutex_);
  settled_.wait(lock, [&] { return stopped_ || holders_ == 0 || fits(estimate); });
  if (stopped_ || !fits(estimate)) return false;
  reserved_ += estimate;
  ++holders_;
  return true;
}

void LabelBudget::settle(const Spending& estimate, const Spending& actual) {
  const std::scoped_lock lock(mutex_);
  reserved_ -= estimate;
  spent_ += actual;
  --holders_;
  if (holders_ == 0) reserved_ = {};  // no rest of roundings
  settled_.notify_all();
}

void LabelBudget::stop() {
  const std::scoped_lock lock(mutex_);
  stopped_ = true;
  settled_.notify_all();
}

void LabelBudget::resume() {
  const std::scoped_lock lock(mutex_);
  stopped_ = false;
}

Spending LabelBudget::spent() const {
  const std::scoped_lock lock(mutex_);
  return spent_;
}

}  // namespace rexbert::curate
