// Blocked attention of one head of one sequence, scores never leaving the cache. Included after
// gemm.h.

static inline int64_t min(int64_t a, int64_t b) { return a < b ? a : b; }
static inline int64_t max(int64_t a, int64_t b) { return a > b ? a : b; }

// Keys that a query may attend to, or (the relation is symmetric) queries that may attend to a key.
struct Range {
  int64_t begin;
  int64_t end;
};
static inline Range neighbours(const AttentionHead& head, int64_t first, int64_t last) {
  if (head.window < 0) return {0, head.length};
  return {max(0, first - head.window), min(head.length, last + head.window + 1)};
}

// to[0, H) = factor * R(position) from[0, H); to[H, padded) = 0.
static void rotate(const AttentionHead& head, int64_t token, const float* __restrict from,
                   float factor, float* __restrict to) {
  const int64_t half = head.head_dim / 2;
  const float* __restrict cos = head.cos + head.positions[token] * half;
  const float* __restrict sin = head.sin + head.positions[token] * half;
  for (int64_t i = 0; i < half; ++i) {
    to[i] = (from[i] * cos[i] - from[i + half] * sin[i]) * factor;
    to[i + half] = (from[i + half] * cos[i] + from[i] * sin[i]) * factor;
  }
  for (int64_t i = head.head_dim; i < round_up(head.head_dim, 16); ++i) to[i] = 0;
}

// The transpose of rotate.
static void rotate_back(const AttentionHead& head, int64_t token, const float* __restrict from,
                        float factor, float* __restrict to) {
  const int64_t half = head.head_dim / 2;
  const float* __restrict cos = head.cos + head.positions[token] * half;
  const float* __restrict sin = head.sin + head.positions[token] * half;
  for (int64_t i = 0; i < half; ++i) {
    to[i] = (from[i] * cos[i] + from[i + half] * sin[i]) * factor;
    to[i + half] = (from[i + half] * cos[i] - from[i] * sin[i]) * factor;
  }
}

static void copy_row(const float* __restrict from, int64_t count, int64_t padded,
                     float* __restrict to) {
  for (int64_t i = 0; i < count; ++i) to[i] = from[i];
  for (int64_t i = count; i < padded; ++i) to[i] = 0;
}

// [rows, padded] to panels [rows / kPanel][padded][kPanel]; rows past the end become zeros.
static void transpose_to_panels(const float* __restrict rows, int64_t count, int64_t padded,
                                float* __restrict panels) {
  for (int64_t first = 0; first < round_up(count, 16); first += kPanel) {
    float* __restrict panel = panels + first * padded;
    const int64_t present = min(kPanel, count - first);
    for (int64_t column = 0; column < padded; ++column) {
      for (int64_t row = 0; row < present; ++row)
        panel[column * kPanel + row] = rows[(first + row) * padded + column];
      for (int64_t row = max(present, 0); row < kPanel; ++row) panel[column * kPanel + row] = 0;
    }
  }
}

static void attention_pack(const AttentionHead& head, float* keys_t, float* values) {
  const int64_t padded = round_up(head.head_dim, 16);
  // Rotated keys pass through the place of the values, a panel at a time.
  for (int64_t first = 0; first < round_up(head.length, 16); first += kPanel) {
    const int64_t present = max(0, min(kPanel, head.length - first));
    for (int64_t row = 0; row < present; ++row) {
      rotate(head, first + row, head.qkv + (first + row) * head.token_stride + head.part_stride,
             1.0f, values + (first + row) * padded);
    }
    float* panel = keys_t + first * padded;
    for (int64_t column = 0; column < padded; ++column) {
      for (int64_t row = 0; row < present; ++row)
        panel[column * kPanel + row] = values[(first + row) * padded + column];
      for (int64_t row = present; row < kPanel; ++row) panel[column * kPanel + row] = 0;
    }
  }
  for (int64_t token = 0; token < head.length; ++token) {
    copy_row(head.qkv + token * head.token_stride + 2 * head.part_stride, head.head_dim, padded,
             values + token * padded);
  }
}

// Scores of queries [begin, end) against keys [first, first + width): keys outside a query's range
// become minus infinity.
static void mask_scores(const AttentionHead& head, int64_t begin, int64_t end, int64_t first,
                        int64_t width, float* scores, float outside) {
  for (int64_t query = begin; query < end; ++query) {
    const Range keys = neighbours(head, query, query);
    float* row = scores + (query - begin) * kKeyBlock;
    for (int64_t i = 0; i < min(width, keys.begin - first); ++i) row[i] = outside;
    for (int64_t i = max(0, keys.end - first); i < width; ++i) row[i] = outside;
  }
}

// scores become exp(scores - maximum); maximum, total and the output rows are carried along.
static void online_softmax(int64_t queries, int64_t width, int64_t padded, float* scores,
                           float* maxima, float* totals, float* out) {
  for (int64_t query = 0; query < queries; ++query) {
    float* row = scores + query * kKeyBlock;
    Vf highest = load(row);
    for (int64_t i = kLanes; i < width; i += kLanes) highest = max(highest, load(row + i));
    const float row_max = max(highest);
    const float maximum = row_max > maxima[query] ? row_max : maxima[query];
    if (maximum == -__builtin_inff()) {
      for (int64_t i = 0; i < width; ++i) row[i] = 0;
      continue;
    }
    Vf total{};
    for (int64_t i = 0; i < width; i += kLanes) {
      const Vf p = exp(load(row + i) - maximum);
      total += p;
      store(row + i, p);
    }
    if (maximum != maxima[query]) {
      const float factor = exp(splat(maxima[query] - maximum))[0];
      totals[query] *= factor;
      for (int64_t i = 0; i < padded; i += kLanes)
        store(out + query * padded + i, load(out + query * padded + i) * factor);
      maxima[query] = maximum;
    }
    totals[query] += sum(total);
  }
}

static void attention_forward(const AttentionHead& head, const float* keys_t, const float* values,
                              int64_t begin, int64_t end, float* out, int64_t out_stride,
                              float* lse, int64_t lse_stride, float* scratch) {
  const int64_t padded = round_up(head.head_dim, 16);
  const int64_t queries = end - begin;
  float* query_block = scratch;
  float* out_block = query_block + kGlobalQueryBlock * padded;
  float* scores = out_block + kGlobalQueryBlock * padded;
  float* maxima = scores + kGlobalQueryBlock * kKeyBlock;
  float* totals = maxima + kGlobalQueryBlock;
  for (int64_t i = 0; i < queries; ++i) {
    rotate(head, begin + i, head.qkv + (begin + i) * head.token_stride, head.scale,
           query_block + i * padded);
    maxima[i] = -__builtin_inff();
    totals[i] = 0;
  }
  for (int64_t i = 0; i < queries * padded; ++i) out_block[i] = 0;

  const Range keys = neighbours(head, begin, end - 1);
  for (int64_t first = keys.begin / 16 * 16; first < keys.end; first += kKeyBlock) {
    const int64_t present = min(kKeyBlock, keys.end - first);
    const int64_t width = round_up(present, 16);
    multiply<false, false>(queries, width, head.head_dim, query_block, padded,
                           keys_t + first * padded, kPanel, kPanel * padded, scores, kKeyBlock);
    mask_scores(head, begin, end, first, width, scores, -__builtin_inff());
    online_softmax(queries, width, padded, scores, maxima, totals, out_block);
    multiply<false, true>(queries, padded, present, scores, kKeyBlock, values + first * padded,
                          padded, kPanel, out_block, padded);
  }
  for (int64_t i = 0; i < queries; ++i) {
    const float factor = 1.0f / totals[i];
    float* row = out + (begin + i) * out_stride;
    for (int64_t d = 0; d < head.head_dim; ++d) row[d] = out_block[i * padded + d] * factor;
    lse[(begin + i) * lse_stride] = maxima[i] + __builtin_logf(totals[i]);
  }
}

// Everything a backward pass of a head holds: whole-sequence arrays of [length, padded].
struct BackwardArrays {
  int64_t padded;
  float* queries;  // rotated and scaled
  float* keys;     // rotated
  float* keys_t;
  float* values_t;
  float* grad_out;
  float* grad_queries;
  float* delta;      // sum over the head of out * grad_out, for each query
  float* grad_keys;  // of one block of keys
  float* grad_values;
  float* scores;  // [kGlobalQueryBlock, kGlobalQueryBlock]
  float* grad_scores;
};

static BackwardArrays arrange_backward(const AttentionHead& head, float* scratch) {
  BackwardArrays a;
  a.padded = round_up(head.head_dim, 16);
  const int64_t size = packed_size(head.length, head.head_dim);
  a.queries = scratch;
  a.keys = a.queries + size;
  a.keys_t = a.keys + size;
  a.values_t = a.keys_t + size;
  a.grad_out = a.values_t + size;
  a.grad_queries = a.grad_out + size;
  a.delta = a.grad_queries + size;
  a.grad_keys = a.delta + round_up(head.length, 16);
  a.grad_values = a.grad_keys + kGlobalQueryBlock * a.padded;
  a.scores = a.grad_values + kGlobalQueryBlock * a.padded;
  a.grad_scores = a.scores + kGlobalQueryBlock * kGlobalQueryBlock;
  return a;
}

static void load_backward(const AttentionHead& head, const float* out, const float* grad_out,
                          int64_t out_stride, const BackwardArrays& a) {
  for (int64_t token = 0; token < head.length; ++token) {
    const float* query = head.qkv + token * head.token_stride;
    // The values pass through the place of grad_queries on their way to values_t.
    copy_row(query + 2 * head.part_stride, head.head_dim, a.padded,
             a.grad_queries + token * a.padded);
    rotate(head, token, query + head.part_stride, 1.0f, a.keys + token * a.padded);
    rotate(head, token, query, head.scale, a.queries + token * a.padded);
    const float* gradient = grad_out + token * out_stride;
    copy_row(gradient, head.head_dim, a.padded, a.grad_out + token * a.padded);
    Vf delta{};
    for_lanes(head.head_dim, [&](int64_t i, auto lanes) {
      delta += load(gradient + i, lanes) * load(out + token * out_stride + i, lanes);
    });
    a.delta[token] = sum(delta);
  }
  transpose_to_panels(a.keys, head.length, a.padded, a.keys_t);
  transpose_to_panels(a.grad_queries, head.length, a.padded, a.values_t);
  for (int64_t i = 0; i < head.length * a.padded; ++i) a.grad_queries[i] = 0;
}

// scores become probabilities and grad_scores P * (dP - delta), zero outside each query's range.
static void softmax_backward(const AttentionHead& head, const BackwardArrays& a, const float* lse,
                             int64_t lse_stride, int64_t begin, int64_t end, int64_t first,
                             int64_t width) {
  for (int64_t query = begin; query < end; ++query) {
    float* p = a.scores + (query - begin) * kGlobalQueryBlock;
    float* ds = a.grad_scores + (query - begin) * kGlobalQueryBlock;
    const float row_lse = lse[query * lse_stride];
    const float delta = a.delta[query];
    for (int64_t i = 0; i < width; i += kLanes) {
      const Vf probability = exp(load(p + i) - row_lse);
      store(p + i, probability);
      store(ds + i, probability * (load(ds + i) - delta));
    }
    const Range keys = neighbours(head, query, query);
    for (int64_t i = 0; i < min(width, keys.begin - first); ++i) p[i] = ds[i] = 0;
    for (int64_t i = max(0, keys.end - first); i < width; ++i) p[i] = ds[i] = 0;
  }
}

static void attention_backward(const AttentionHead& head, const float* out, const float* grad_out,
                               int64_t out_stride, const float* lse, int64_t lse_stride,
                               float* grad_qkv, float* scratch) {
  const BackwardArrays a = arrange_backward(head, scratch);
  load_backward(head, out, grad_out, out_stride, a);
  const int64_t block = head.window < 0 ? kGlobalQueryBlock : kLocalQueryBlock;
  const int64_t stride = kGlobalQueryBlock;
  for (int64_t first = 0; first < head.length; first += block) {
    const int64_t present = min(block, head.length - first);
    const int64_t width = round_up(present, 16);
    for (int64_t i = 0; i < width * a.padded; ++i) a.grad_keys[i] = a.grad_values[i] = 0;
    const Range queries = neighbours(head, first, first + present - 1);
    for (int64_t begin = queries.begin; begin < queries.end; begin += kGlobalQueryBlock) {
      const int64_t end = min(begin + kGlobalQueryBlock, queries.end);
      const float* q = a.queries + begin * a.padded;
      const float* go = a.grad_out + begin * a.padded;
      multiply<false, false>(end - begin, width, head.head_dim, q, a.padded,
                             a.keys_t + first * a.padded, kPanel, kPanel * a.padded, a.scores,
                             stride);
      multiply<false, false>(end - begin, width, head.head_dim, go, a.padded,
                             a.values_t + first * a.padded, kPanel, kPanel * a.padded,
                             a.grad_scores, stride);
      softmax_backward(head, a, lse, lse_stride, begin, end, first, width);
      multiply<true, true>(present, a.padded, end - begin, a.scores, stride, go, a.padded, kPanel,
                           a.grad_values, a.padded);
      multiply<true, true>(present, a.padded, end - begin, a.grad_scores, stride, q, a.padded,
                           kPanel, a.grad_keys, a.padded);
      multiply<false, true>(end - begin, a.padded, present, a.grad_scores, stride,
                            a.keys + first * a.padded, a.padded, kPanel,
                            a.grad_queries + begin * a.padded, a.padded);
    }
    for (int64_t i = 0; i < present; ++i) {
      float* row = grad_qkv + (first + i) * head.token_stride;
      rotate_back(head, first + i, a.grad_keys + i * a.padded, 1.0f, row + head.part_stride);
      copy_row(a.grad_values + i * a.padded, head.head_dim, head.head_dim,
               row + 2 * head.part_stride);
    }
  }
  for (int64_t token = 0; token < head.length; ++token) {
    rotate_back(head, token, a.grad_queries + token * a.padded, head.scale,
                grad_qkv + token * head.token_stride);
  }
}
