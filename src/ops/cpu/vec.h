// Vectors of the instruction set this file is compiled for, by the compiler's vector extensions.
// Included inside that set's namespace; defines nothing a linker could merge across sets.

#ifdef __AVX2__
constexpr int kLanes = 8;
#else
constexpr int kLanes = 4;
#endif

using Vf = float __attribute__((vector_size(4 * kLanes)));
using Vi = int32_t __attribute__((vector_size(4 * kLanes)));
using Vu = uint32_t __attribute__((vector_size(4 * kLanes)));

// How many lanes a step of a loop covers: all of them, or the rest of a row.
struct Full {};
struct Part {
  int count;
};

static inline Vf load(const float* p, Full = {}) {
  Vf v;
  __builtin_memcpy(&v, p, sizeof(v));
  return v;
}
static inline Vf load(const float* p, Part part) {
  Vf v{};
  for (int i = 0; i < part.count; ++i) v[i] = p[i];
  return v;
}
static inline void store(float* p, Vf v, Full = {}) { __builtin_memcpy(p, &v, sizeof(v)); }
static inline void store(float* p, Vf v, Part part) {
  for (int i = 0; i < part.count; ++i) p[i] = v[i];
}
static inline Vf splat(float x) { return x - Vf{}; }
static inline Vf select(Vi mask, Vf a, Vf b) { return mask ? a : b; }
static inline Vf max(Vf a, Vf b) { return a > b ? a : b; }
static inline Vf min(Vf a, Vf b) { return a < b ? a : b; }

// The lanes of `v` that `part` covers, zero elsewhere.
static inline Vf keep(Vf v, Full) { return v; }
static inline Vf keep(Vf v, Part part) {
  for (int i = part.count; i < kLanes; ++i) v[i] = 0;
  return v;
}

static inline Vi keep_mask(Vi v, Full) { return v; }
static inline Vi keep_mask(Vi v, Part part) {
  for (int i = part.count; i < kLanes; ++i) v[i] = 0;
  return v;
}

static inline Vf square_root(Vf v) {
  Vf result;
  for (int i = 0; i < kLanes; ++i) result[i] = __builtin_sqrtf(v[i]);
  return result;
}

static inline float sum(Vf v) {
  float total = 0;
  for (int i = 0; i < kLanes; ++i) total += v[i];
  return total;
}
static inline float max(Vf v) {
  float result = v[0];
  for (int i = 1; i < kLanes; ++i) result = v[i] > result ? v[i] : result;
  return result;
}

// body(i, lanes) over [0, count) in steps of a vector.
template <class Body>
static inline void for_lanes(int64_t count, Body&& body) {
  int64_t i = 0;
  for (; i + kLanes <= count; i += kLanes) body(i, Full{});
  if (i < count) body(i, Part{static_cast<int>(count - i)});
}

// Cody-Waite reduction and Cephes' expf polynomial: about 1 ulp; 0 below -87.3, NaN for NaN (the
// order of the operands of max and min keeps it).
static inline Vf exp(Vf x) {
  constexpr float kMagic = 12582912.0f;  // 1.5 * 2^23: adding it rounds to an integer
  const Vf clamped = min(splat(88.3f), max(splat(-87.3f), x));
  const Vf shifted = clamped * 1.44269504088896341f + kMagic;
  const Vf n = shifted - kMagic;
  const Vf r = clamped - n * 0.693359375f - n * -2.12194440e-4f;
  Vf p = r * 1.9875691500e-4f + 1.3981999507e-3f;
  p = p * r + 8.3334519073e-3f;
  p = p * r + 4.1665795894e-2f;
  p = p * r + 1.6666665459e-1f;
  p = p * r + 5.0000001201e-1f;
  p = p * (r * r) + r + 1.0f;
  const Vi exponent = (reinterpret_cast<Vi>(shifted) - 0x4B400000 + 127) << 23;
  const Vf result = p * reinterpret_cast<Vf>(exponent);
  return select(x < splat(-87.3f), Vf{}, result);
}

// The normal distribution's cumulative function and density at x. erfc(z) = t P(t) exp(-z^2) with
// t = 1 / (1 + 0.4 z); P is a minimax fit of ours, 4e-10 absolute.
struct Normal {
  Vf cumulative;
  Vf density;
};
static inline Normal normal(Vf x) {
  const Vf gauss = exp(x * x * -0.5f);
  const Vf z = max(x, -x) * 0.70710678118654752f;
  const Vf t = 1.0f / (z * 0.4f + 1.0f);
  Vf p = t * 0.07785856045f + -0.4103968125f;
  p = p * t + 0.7133307262f;
  p = p * t + -0.4017032259f;
  p = p * t + 0.4234195245f;
  p = p * t + 0.1356912123f;
  p = p * t + 0.2368373426f;
  p = p * t + 0.2249626729f;
  const Vf upper = 0.5f * gauss * t * p;
  return {select(x < Vf{}, upper, 1.0f - upper), gauss * 0.39894228040143268f};
}
