// What a C++ programmer would write instead: plain loops that the compiler may vectorize and reorder as it
// likes, shared among threads by OpenMP. No exact sums, no NaN, no checks. bench/rivals.ts compiles it.
#include <node_api.h>
#include <omp.h>

#include <cstddef>

namespace {

struct Batch {
  const float* y;
  const float* p;
  float* out;
  size_t rows, width;
};

bool get_floats(napi_env env, napi_value value, float** data, size_t* length) {
  napi_typedarray_type type;
  void* memory;
  if (napi_get_typedarray_info(env, value, &type, length, &memory, nullptr, nullptr) != napi_ok ||
      type != napi_float32_array) {
    return false;
  }
  *data = static_cast<float*>(memory);
  return true;
}

// Arguments: labels, predictions, width, losses of the rows, which only some functions write.
bool get_batch(napi_env env, napi_callback_info info, Batch* batch) {
  napi_value arguments[4];
  size_t count = 4, labels, n, rows;
  float *y, *p;
  double width;
  if (napi_get_cb_info(env, info, &count, arguments, nullptr, nullptr) != napi_ok || count != 4 ||
      !get_floats(env, arguments[0], &y, &labels) || !get_floats(env, arguments[1], &p, &n) ||
      napi_get_value_double(env, arguments[2], &width) != napi_ok ||
      !get_floats(env, arguments[3], &batch->out, &rows) || labels != n || !(width >= 1) ||
      rows * static_cast<size_t>(width) != n) {
    return false;
  }
  batch->y = y;
  batch->p = p;
  batch->rows = rows;
  batch->width = static_cast<size_t>(width);
  return true;
}

float larger(float a, float b) { return a > b ? a : b; }

// Float32 sums in each thread: double ones take a compiler three times as long.
double hinge_mean(const Batch& b) {
  const ptrdiff_t n = static_cast<ptrdiff_t>(b.rows * b.width);
  const float *y = b.y, *p = b.p;
  float sum = 0;
#pragma omp parallel for simd reduction(+ : sum) schedule(static)
  for (ptrdiff_t i = 0; i < n; ++i) sum += larger(0.0f, 1.0f - y[i] * p[i]);
  return sum / static_cast<double>(n);
}

double binary_hinge_mean(const Batch& b) {
  const ptrdiff_t n = static_cast<ptrdiff_t>(b.rows * b.width);
  const float *y = b.y, *p = b.p;
  int others = 0;
#pragma omp parallel for simd reduction(| : others) schedule(static)
  for (ptrdiff_t i = 0; i < n; ++i) others |= (y[i] != 0.0f) & (y[i] != 1.0f);
  if (others) return hinge_mean(b);
  float sum = 0;
#pragma omp parallel for simd reduction(+ : sum) schedule(static)
  for (ptrdiff_t i = 0; i < n; ++i) sum += larger(0.0f, 1.0f - (2.0f * y[i] - 1.0f) * p[i]);
  return sum / static_cast<double>(n);
}

double hinge_rows(const Batch& b) {
  const ptrdiff_t rows = static_cast<ptrdiff_t>(b.rows), width = static_cast<ptrdiff_t>(b.width);
  float* out = b.out;
  if (width == 1) {
    const float *y = b.y, *p = b.p;
#pragma omp parallel for simd schedule(static)
    for (ptrdiff_t i = 0; i < rows; ++i) out[i] = larger(0.0f, 1.0f - y[i] * p[i]);
    return out[0];
  }
#pragma omp parallel for schedule(static)
  for (ptrdiff_t r = 0; r < rows; ++r) {
    const float *y = b.y + r * width, *p = b.p + r * width;
    float sum = 0;
    for (ptrdiff_t i = 0; i < width; ++i) sum += larger(0.0f, 1.0f - y[i] * p[i]);
    out[r] = sum / static_cast<float>(width);
  }
  return out[0];
}

float categorical_row(const float* y, const float* p, ptrdiff_t width) {
  float pos = 0, neg = (1.0f - y[0]) * p[0];
  for (ptrdiff_t i = 0; i < width; ++i) {
    pos += y[i] * p[i];
    neg = larger(neg, (1.0f - y[i]) * p[i]);
  }
  return larger(0.0f, neg - pos + 1.0f);
}

double categorical_mean(const Batch& b) {
  const ptrdiff_t rows = static_cast<ptrdiff_t>(b.rows), width = static_cast<ptrdiff_t>(b.width);
  double sum = 0;
#pragma omp parallel for reduction(+ : sum) schedule(static)
  for (ptrdiff_t r = 0; r < rows; ++r) sum += categorical_row(b.y + r * width, b.p + r * width, width);
  return sum / static_cast<double>(rows);
}

double categorical_rows(const Batch& b) {
  const ptrdiff_t rows = static_cast<ptrdiff_t>(b.rows), width = static_cast<ptrdiff_t>(b.width);
#pragma omp parallel for schedule(static)
  for (ptrdiff_t r = 0; r < rows; ++r) b.out[r] = categorical_row(b.y + r * width, b.p + r * width, width);
  return b.out[0];
}

template <double (*kFunction)(const Batch&)>
napi_value call(napi_env env, napi_callback_info info) {
  Batch batch;
  napi_value result;
  if (!get_batch(env, info, &batch) ||
      napi_create_double(env, kFunction(batch), &result) != napi_ok) {
    napi_throw_type_error(env, nullptr, "not a batch");
    return nullptr;
  }
  return result;
}

napi_value set_threads(napi_env env, napi_callback_info info) {
  napi_value argument;
  size_t count = 1;
  int threads;
  if (napi_get_cb_info(env, info, &count, &argument, nullptr, nullptr) == napi_ok &&
      napi_get_value_int32(env, argument, &threads) == napi_ok) {
    omp_set_num_threads(threads);
  }
  return nullptr;
}

napi_value initialize(napi_env env, napi_value exports) {
  const napi_property_descriptor functions[] = {
      {"hinge", nullptr, call<hinge_mean>, nullptr, nullptr, nullptr, napi_default, nullptr},
      {"binaryHinge", nullptr, call<binary_hinge_mean>, nullptr, nullptr, nullptr, napi_default, nullptr},
      {"hingeRows", nullptr, call<hinge_rows>, nullptr, nullptr, nullptr, napi_default, nullptr},
      {"categoricalHinge", nullptr, call<categorical_mean>, nullptr, nullptr, nullptr, napi_default, nullptr},
      {"categoricalRows", nullptr, call<categorical_rows>, nullptr, nullptr, nullptr, napi_default, nullptr},
      {"setThreads", nullptr, set_threads, nullptr, nullptr, nullptr, napi_default, nullptr},
  };
  napi_define_properties(env, exports, sizeof functions / sizeof *functions, functions);
  return exports;
}

}  // namespace

NAPI_MODULE(rivals, initialize)
