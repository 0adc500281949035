// The registers of NEON.

constexpr int kUnit = 8;
constexpr bool kSavesCode = false;

template <>
struct vec<float, 4> {
  float32x4_t v;
};
template <>
struct vec<double, 2> {
  float64x2_t v;
};
using F4 = vec<float, 4>;
using D2 = vec<double, 2>;

MAXMARGIN_INLINE F4 operator+(F4 a, F4 b) { return {vaddq_f32(a.v, b.v)}; }
MAXMARGIN_INLINE F4 operator-(F4 a, F4 b) { return {vsubq_f32(a.v, b.v)}; }
MAXMARGIN_INLINE F4 operator*(F4 a, F4 b) { return {vmulq_f32(a.v, b.v)}; }
MAXMARGIN_INLINE F4 operator|(F4 a, F4 b) {
  return {vreinterpretq_f32_u32(vorrq_u32(vreinterpretq_u32_f32(a.v), vreinterpretq_u32_f32(b.v)))};
}
MAXMARGIN_INLINE F4 apply_binary_sign(F4 y, F4 p, F4& invalid) {
  const uint32x4_t one = vceqq_f32(y.v, vdupq_n_f32(1.0f));
  const uint32x4_t rest = vbicq_u32(vreinterpretq_u32_f32(y.v), one);
  invalid.v = vreinterpretq_f32_u32(vorrq_u32(vreinterpretq_u32_f32(invalid.v), rest));
  return {vbslq_f32(one, p.v, vnegq_f32(p.v))};
}
// vmaxq decides otherwise on NaN and zeros.
MAXMARGIN_INLINE F4 max_or_second(F4 a, F4 b) { return {vbslq_f32(vcgtq_f32(a.v, b.v), a.v, b.v)}; }
MAXMARGIN_INLINE F4 select_nan(F4 x, F4 a, F4 b) {
  return {vbslq_f32(vceqq_f32(x.v, x.v), b.v, a.v)};
}
MAXMARGIN_INLINE F4 value_if_equal(F4 a, F4 b, F4 value) {
  return {vreinterpretq_f32_u32(vandq_u32(vceqq_f32(a.v, b.v), vreinterpretq_u32_f32(value.v)))};
}
MAXMARGIN_INLINE F4 first_n_or(F4 a, int n, float rest) {
  const int32_t lanes[4] = {0, 1, 2, 3};
  return {vbslq_f32(vcgtq_s32(vdupq_n_s32(n), vld1q_s32(lanes)), a.v, vdupq_n_f32(rest))};
}
MAXMARGIN_INLINE void set_all(float value, F4& a) { a.v = vdupq_n_f32(value); }
MAXMARGIN_INLINE void load(const float* from, F4& a) { a.v = vld1q_f32(from); }
MAXMARGIN_INLINE uint8x8_t load_4_bytes(const void* from) {
  uint32_t bytes;
  std::memcpy(&bytes, from, sizeof bytes);
  return vreinterpret_u8_u32(vdup_n_u32(bytes));
}
MAXMARGIN_INLINE int32x4_t widened(int8x8_t bytes) { return vmovl_s16(vget_low_s16(vmovl_s8(bytes))); }
MAXMARGIN_INLINE uint32x4_t widened(uint8x8_t bytes) { return vmovl_u16(vget_low_u16(vmovl_u8(bytes))); }
MAXMARGIN_INLINE int32x4_t load_integers(const int8_t* from) { return widened(vreinterpret_s8_u8(load_4_bytes(from))); }
MAXMARGIN_INLINE uint32x4_t load_integers(const Bool8* from) { return widened(vmin_u8(load_4_bytes(from), vdup_n_u8(1))); }
MAXMARGIN_INLINE void load(const int8_t* from, F4& a) { a.v = vcvtq_f32_s32(load_integers(from)); }
MAXMARGIN_INLINE void load(const uint8_t* from, F4& a) { a.v = vcvtq_f32_u32(widened(load_4_bytes(from))); }
MAXMARGIN_INLINE void load(const Bool8* from, F4& a) { a.v = vcvtq_f32_u32(load_integers(from)); }
MAXMARGIN_INLINE void load_bits(const int8_t* from, F4& y) { y.v = vreinterpretq_f32_s32(load_integers(from)); }
MAXMARGIN_INLINE void load_bits(const Bool8* from, F4& y) { y.v = vreinterpretq_f32_u32(load_integers(from)); }
MAXMARGIN_INLINE F4 apply_bit_sign(F4 y, F4 p, F4& invalid) {
  invalid = invalid | y;
  const uint32x4_t sign = vshlq_n_u32(vreinterpretq_u32_f32(y.v), 31);
  return {vreinterpretq_f32_u32(veorq_u32(vreinterpretq_u32_f32(vnegq_f32(p.v)), sign))};
}
MAXMARGIN_INLINE void load(const int32_t* from, F4& a) { a.v = vcvtq_f32_s32(vld1q_s32(from)); }
MAXMARGIN_INLINE uint16x4_t load_4_shorts(const void* from) {
  return vld1_u16(static_cast<const uint16_t*>(from));
}
MAXMARGIN_INLINE void load(const Half* from, F4& a) {
  a.v = vcvt_f32_f16(vreinterpret_f16_u16(load_4_shorts(from)));
}
MAXMARGIN_INLINE void load(const BFloat16* from, F4& a) {
  a.v = vreinterpretq_f32_u32(vshll_n_u16(load_4_shorts(from), 16));
}
MAXMARGIN_INLINE F4 round_to_half(F4 a) { return {vcvt_f32_f16(vcvt_f16_f32(a.v))}; }
MAXMARGIN_INLINE F4 round_to_bfloat16(F4 a) {
  const uint32x4_t bits = vreinterpretq_u32_f32(a.v);
  const uint32x4_t odd = vandq_u32(vshrq_n_u32(bits, 16), vdupq_n_u32(1));
  const uint32x4_t half = vaddq_u32(odd, vdupq_n_u32(0x7FFF));
  return {vreinterpretq_f32_u32(vandq_u32(vaddq_u32(bits, half), vdupq_n_u32(0xFFFF0000)))};
}
MAXMARGIN_INLINE void optimization_barrier(F4& a) { __asm__ volatile("" : "+w"(a.v)); }
MAXMARGIN_INLINE void store(float* to, F4 a) { vst1q_f32(to, a.v); }

MAXMARGIN_INLINE D2 operator+(D2 a, D2 b) { return {vaddq_f64(a.v, b.v)}; }
MAXMARGIN_INLINE D2 operator-(D2 a, D2 b) { return {vsubq_f64(a.v, b.v)}; }
MAXMARGIN_INLINE D2 operator*(D2 a, D2 b) { return {vmulq_f64(a.v, b.v)}; }
MAXMARGIN_INLINE D2 operator|(D2 a, D2 b) {
  return {vreinterpretq_f64_u64(vorrq_u64(vreinterpretq_u64_f64(a.v), vreinterpretq_u64_f64(b.v)))};
}
MAXMARGIN_INLINE D2 operator/(D2 a, D2 b) { return {vdivq_f64(a.v, b.v)}; }
MAXMARGIN_INLINE D2 apply_binary_sign(D2 y, D2 p, D2& invalid) {
  const uint64x2_t one = vceqq_f64(y.v, vdupq_n_f64(1.0));
  const uint64x2_t rest = vbicq_u64(vreinterpretq_u64_f64(y.v), one);
  invalid.v = vreinterpretq_f64_u64(vorrq_u64(vreinterpretq_u64_f64(invalid.v), rest));
  return {vbslq_f64(one, p.v, vnegq_f64(p.v))};
}
MAXMARGIN_INLINE D2 max_or_second(D2 a, D2 b) { return {vbslq_f64(vcgtq_f64(a.v, b.v), a.v, b.v)}; }
MAXMARGIN_INLINE D2 select_nan(D2 x, D2 a, D2 b) {
  return {vbslq_f64(vceqq_f64(x.v, x.v), b.v, a.v)};
}
MAXMARGIN_INLINE D2 value_if_equal(D2 a, D2 b, D2 value) {
  return {vreinterpretq_f64_u64(vandq_u64(vceqq_f64(a.v, b.v), vreinterpretq_u64_f64(value.v)))};
}
MAXMARGIN_INLINE D2 first_n_or(D2 a, int n, double rest) {
  const int64_t lanes[2] = {0, 1};
  return {vbslq_f64(vcgtq_s64(vdupq_n_s64(n), vld1q_s64(lanes)), a.v, vdupq_n_f64(rest))};
}
MAXMARGIN_INLINE bool any_nan(D2 a) {
  const uint64x2_t same = vceqq_f64(a.v, a.v);
  return (vgetq_lane_u64(same, 0) & vgetq_lane_u64(same, 1)) == 0;
}
MAXMARGIN_INLINE void set_all(double value, D2& a) { a.v = vdupq_n_f64(value); }
MAXMARGIN_INLINE void load(const double* from, D2& a) { a.v = vld1q_f64(from); }
MAXMARGIN_INLINE void load(const int32_t* from, D2& a) {
  a.v = vcvtq_f64_s64(vmovl_s32(vld1_s32(from)));
}
MAXMARGIN_INLINE void load(const int64_t* from, D2& a) { a.v = vcvtq_f64_s64(vld1q_s64(from)); }
MAXMARGIN_INLINE void optimization_barrier(D2& a) { __asm__ volatile("" : "+w"(a.v)); }
MAXMARGIN_INLINE void store(double* to, D2 a) { vst1q_f64(to, a.v); }
MAXMARGIN_INLINE void stream_line(const char* from, char* to) { std::memcpy(to, from, 64); }
MAXMARGIN_INLINE vec<double, 4> widen(F4 a) {
  return {{vcvt_f64_f32(vget_low_f32(a.v))}, {vcvt_high_f64_f32(a.v)}};
}
MAXMARGIN_INLINE F4 narrow(vec<double, 4> a) {
  return {vcvt_high_f32_f64(vcvt_f32_f64(a.lo.v), a.hi.v)};
}

template <int kSegment>
MAXMARGIN_INLINE void unzip_segments(F4 a, F4 b, F4& low, F4& high) {
  if constexpr (kSegment == 4) {
    low.v = vcombine_f32(vget_low_f32(a.v), vget_low_f32(b.v));
    high.v = vcombine_f32(vget_high_f32(a.v), vget_high_f32(b.v));
  } else {
    low.v = vuzp1q_f32(a.v, b.v);
    high.v = vuzp2q_f32(a.v, b.v);
  }
}

template <int kSegment>
MAXMARGIN_INLINE void unzip_segments(D2 a, D2 b, D2& low, D2& high) {
  low.v = vzip1q_f64(a.v, b.v);
  high.v = vzip2q_f64(a.v, b.v);
}
