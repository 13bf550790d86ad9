// Small matrix products for blocks that lie in cache. Included after vec.h.

constexpr int kTileRows = 6;
constexpr int kPanel = 2 * kLanes;  // columns of a tile

// c[kRows, kPanel] (+)= a[kRows, depth] b[depth, kPanel]. kTransposed: a is stored [depth, rows].
template <int kRows, bool kTransposed, bool kAccumulate>
static inline void multiply_tile(const float* __restrict a, int64_t a_stride,
                                 const float* __restrict b, int64_t b_stride, int64_t depth,
                                 float* __restrict c, int64_t c_stride) {
  Vf left[kRows];
  Vf right[kRows];
#pragma GCC unroll 6
  for (int i = 0; i < kRows; ++i) left[i] = right[i] = Vf{};
  for (int64_t k = 0; k < depth; ++k) {
    const Vf b0 = load(b + k * b_stride);
    const Vf b1 = load(b + k * b_stride + kLanes);
#pragma GCC unroll 6
    for (int i = 0; i < kRows; ++i) {
      const Vf value = splat(kTransposed ? a[k * a_stride + i] : a[i * a_stride + k]);
      left[i] += value * b0;
      right[i] += value * b1;
    }
  }
#pragma GCC unroll 6
  for (int i = 0; i < kRows; ++i) {
    float* row = c + i * c_stride;
    store(row, kAccumulate ? load(row) + left[i] : left[i]);
    store(row + kLanes, kAccumulate ? load(row + kLanes) + right[i] : right[i]);
  }
}

// c[rows, columns] (+)= a[rows, depth] b[depth, columns]. b is in panels of kPanel columns, one
// each panel_stride floats; columns is a multiple of kPanel.
template <bool kTransposed, bool kAccumulate>
static void multiply(int64_t rows, int64_t columns, int64_t depth, const float* a, int64_t a_stride,
                     const float* b, int64_t b_stride, int64_t panel_stride, float* c,
                     int64_t c_stride) {
  for (int64_t column = 0; column < columns; column += kPanel) {
    const float* panel = b + column / kPanel * panel_stride;
    int64_t row = 0;
    for (; row + kTileRows <= rows; row += kTileRows) {
      multiply_tile<kTileRows, kTransposed, kAccumulate>(a + row * (kTransposed ? 1 : a_stride),
                                                         a_stride, panel, b_stride, depth,
                                                         c + row * c_stride + column, c_stride);
    }
    for (; row < rows; ++row) {
      multiply_tile<1, kTransposed, kAccumulate>(a + row * (kTransposed ? 1 : a_stride), a_stride,
                                                 panel, b_stride, depth,
                                                 c + row * c_stride + column, c_stride);
    }
  }
}
