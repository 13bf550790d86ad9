// Row-wise kernels. Included after vec.h.

static void layer_norm(const float* x, const float* weight, int64_t rows, int64_t columns,
                       float eps, float* y, float* mean, float* rstd) {
  for (int64_t r = 0; r < rows; ++r, x += columns, y += columns) {
    Vf total{};
    for_lanes(columns, [&](int64_t i, auto lanes) { total += load(x + i, lanes); });
    const float row_mean = sum(total) / static_cast<float>(columns);
    Vf squares{};
    for_lanes(columns, [&](int64_t i, auto lanes) {
      const Vf centred = keep(load(x + i, lanes) - row_mean, lanes);
      squares += centred * centred;
    });
    const float row_rstd = 1.0f / __builtin_sqrtf(sum(squares) / static_cast<float>(columns) + eps);
    for_lanes(columns, [&](int64_t i, auto lanes) {
      store(y + i, (load(x + i, lanes) - row_mean) * row_rstd * load(weight + i, lanes), lanes);
    });
    mean[r] = row_mean;
    rstd[r] = row_rstd;
  }
}

static void layer_norm_backward(const float* grad_y, const float* x, const float* weight,
                                const float* mean, const float* rstd, int64_t rows, int64_t columns,
                                float* grad_x, float* grad_weight) {
  for (int64_t r = 0; r < rows; ++r, x += columns, grad_y += columns, grad_x += columns) {
    const float row_mean = mean[r];
    const float row_rstd = rstd[r];
    Vf total{};
    Vf projection{};
    for_lanes(columns, [&](int64_t i, auto lanes) {
      const Vf normed = (load(x + i, lanes) - row_mean) * row_rstd;
      const Vf gradient = load(grad_y + i, lanes);
      const Vf weighted = gradient * load(weight + i, lanes);
      total += weighted;
      projection += weighted * normed;
      store(grad_weight + i, load(grad_weight + i, lanes) + gradient * normed, lanes);
    });
    const float a = sum(total) / static_cast<float>(columns);
    const float b = sum(projection) / static_cast<float>(columns);
    for_lanes(columns, [&](int64_t i, auto lanes) {
      const Vf normed = (load(x + i, lanes) - row_mean) * row_rstd;
      const Vf weighted = load(grad_y + i, lanes) * load(weight + i, lanes);
      store(grad_x + i, (weighted - a - normed * b) * row_rstd, lanes);
    });
  }
}

static void geglu(const float* x, int64_t rows, int64_t columns, float* y) {
  for (int64_t r = 0; r < rows; ++r, x += 2 * columns, y += columns) {
    for_lanes(columns, [&](int64_t i, auto lanes) {
      const Vf value = load(x + i, lanes);
      store(y + i, value * normal(value).cumulative * load(x + columns + i, lanes), lanes);
    });
  }
}

static void geglu_backward(const float* grad_y, const float* x, int64_t rows, int64_t columns,
                           float* grad_x) {
  for (int64_t r = 0; r < rows; ++r, x += 2 * columns, grad_x += 2 * columns, grad_y += columns) {
    for_lanes(columns, [&](int64_t i, auto lanes) {
      const Vf value = load(x + i, lanes);
      const Vf gate = load(x + columns + i, lanes);
      const Vf gradient = load(grad_y + i, lanes);
      const Normal n = normal(value);
      store(grad_x + i, gradient * gate * (n.cumulative + value * n.density), lanes);
      store(grad_x + columns + i, gradient * value * n.cumulative, lanes);
    });
  }
}

// The four words of Philox4x32-10 for kLanes consecutive first counter words.
struct PhiloxWords {
  Vu word[4];
};
static inline PhiloxWords philox(Vu c0, Vu c1, Vu c2, Vu c3, uint32_t k0, uint32_t k1) {
  using Wide = uint64_t __attribute__((vector_size(8 * kLanes)));
  for (int round = 0; round < 10; ++round) {
    const Wide product0 = __builtin_convertvector(c0, Wide) * 0xD2511F53u;
    const Wide product1 = __builtin_convertvector(c2, Wide) * 0xCD9E8D57u;
    const Vu low0 = __builtin_convertvector(product0, Vu);
    const Vu low1 = __builtin_convertvector(product1, Vu);
    c0 = __builtin_convertvector(product1 >> 32, Vu) ^ c1 ^ k0;
    c2 = __builtin_convertvector(product0 >> 32, Vu) ^ c3 ^ k1;
    c1 = low1;
    c3 = low0;
    k0 += 0x9E3779B9u;
    k1 += 0xBB67AE85u;
  }
  return {{c0, c1, c2, c3}};
}

static void dropout_add(const float* residual, const float* x, const DropoutKey& key,
                        uint32_t token, uint32_t row, int64_t columns, float* y) {
  const int64_t quarter = (columns + 3) / 4;
  Vu lane;
  for (int i = 0; i < kLanes; ++i) lane[i] = static_cast<uint32_t>(i);
  for_lanes(quarter, [&](int64_t first, auto) {
    const PhiloxWords words = philox(lane + static_cast<uint32_t>(first), Vu{} + token, Vu{} + row,
                                     Vu{} + key.layer, key.key[0], key.key[1]);
    for (int part = 0; part < 4; ++part) {
      const int64_t begin = part * quarter + first;
      int64_t count = quarter - first < kLanes ? quarter - first : kLanes;
      if (begin + count > columns) count = columns - begin;
      for (int i = 0; i < count; ++i) {
        const float kept = words.word[part][i] >= key.threshold ? x[begin + i] * key.scale : 0.0f;
        y[begin + i] = residual ? residual[begin + i] + kept : kept;
      }
    }
  });
}

static void add(float* sum, const float* term, int64_t count) {
  for_lanes(count, [&](int64_t i, auto lanes) {
    store(sum + i, load(sum + i, lanes) + load(term + i, lanes), lanes);
  });
}

static void scale(float* values, float factor, int64_t count) {
  for_lanes(count, [&](int64_t i, auto lanes) {
    store(values + i, load(values + i, lanes) * factor, lanes);
  });
}
