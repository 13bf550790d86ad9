// Kernels of the loss and the optimizer. Included after rows.h.

static inline Vf masked_max(Vf highest, Vf x, Full) { return max(highest, x); }
static inline Vf masked_max(Vf highest, Vf x, Part part) {
  for (int i = 0; i < part.count; ++i) highest[i] = x[i] > highest[i] ? x[i] : highest[i];
  return highest;
}

static float softmax_block(float* logits, const float* bias, int64_t columns, float* maximum,
                           float* total) {
  Vf highest = splat(*maximum);
  for_lanes(columns, [&](int64_t i, auto lanes) {
    const Vf x = load(logits + i, lanes) + load(bias + i, lanes);
    highest = masked_max(highest, x, lanes);
    store(logits + i, x, lanes);
  });
  const float raised = max(highest);
  Vf block{};
  for_lanes(columns, [&](int64_t i, auto lanes) {
    const Vf e = exp(load(logits + i, lanes) - raised);
    block += keep(e, lanes);
    store(logits + i, e, lanes);
  });
  const float factor = exp(splat(*maximum - raised))[0];
  *maximum = raised;
  *total = *total * factor + sum(block);
  return factor;
}

static void score_row(const float* logits, const float* bias, int64_t columns, int64_t target,
                      float* log_sum_exp, float* target_logit, int64_t* above) {
  const float goal = logits[target] + bias[target];
  Vf highest = splat(goal);
  Vi higher{};
  for_lanes(columns, [&](int64_t i, auto lanes) {
    const Vf x = load(logits + i, lanes) + load(bias + i, lanes);
    highest = masked_max(highest, x, lanes);
    higher += keep_mask(x > splat(goal), lanes);
  });
  const float maximum = max(highest);
  Vf total{};
  for_lanes(columns, [&](int64_t i, auto lanes) {
    const Vf x = load(logits + i, lanes) + load(bias + i, lanes);
    total += keep(exp(x - maximum), lanes);
  });
  *log_sum_exp = maximum + __builtin_logf(sum(total));
  *target_logit = goal;
  *above = 0;
  for (int i = 0; i < kLanes; ++i) *above -= higher[i];
}

static void weighted_column_sum(const float* values, int64_t stride, const float* weights,
                                int64_t rows, int64_t columns, float* sums) {
  for (int64_t r = 0; r < rows; ++r) {
    const float weight = weights[r];
    for_lanes(columns, [&](int64_t i, auto lanes) {
      store(sums + i, load(sums + i, lanes) + load(values + r * stride + i, lanes) * weight, lanes);
    });
  }
}

// The lanes' sum in double, so that long sums keep their digits.
struct DoubleSum {
  double lane[kLanes] = {};
  void add(Vf v) {
    for (int i = 0; i < kLanes; ++i) lane[i] += static_cast<double>(v[i]);
  }
  double total() const {
    double result = 0;
    for (int i = 0; i < kLanes; ++i) result += lane[i];
    return result;
  }
};

static double adam_moments(const float* grad, float* exp_avg, float* exp_avg_sq, int64_t count,
                           const AdamScalars& s) {
  const Vf floor = splat(s.epsilon * s.epsilon);
  DoubleSum ratio;
  for_lanes(count, [&](int64_t i, auto lanes) {
    const Vf g = load(grad + i, lanes);
    const Vf m = load(exp_avg + i, lanes);
    const Vf v = load(exp_avg_sq + i, lanes) * s.beta2 + g * g * s.beta2_complement;
    // at::lerp's two forms.
    const Vf moved = s.beta1_complement < 0.5f ? m + (g - m) * s.beta1_complement
                                               : g - (g - m) * (1.0f - s.beta1_complement);
    store(exp_avg + i, moved, lanes);
    store(exp_avg_sq + i, v, lanes);
    ratio.add(keep(g * g / max(v, floor), lanes));
  });
  return ratio.total();
}

static void adam_update(float* param, const float* exp_avg, const float* exp_avg_sq, int64_t count,
                        float decay, float rate, float epsilon) {
  for_lanes(count, [&](int64_t i, auto lanes) {
    const Vf denominator = square_root(load(exp_avg_sq + i, lanes)) + epsilon;
    store(param + i,
          load(param + i, lanes) * decay - rate * (load(exp_avg + i, lanes) / denominator), lanes);
  });
}

static double sum_of_squares(const float* values, int64_t count) {
  DoubleSum squares;
  for_lanes(count, [&](int64_t i, auto lanes) {
    const Vf v = load(values + i, lanes);
    squares.add(v * v);
  });
  return squares.total();
}
