// Typed arrays as C++ finds them: an address, and a number of bytes.
#pragma once

#include <node_api.h>

#include <cstddef>
#include <cstdint>

#include "dtype.h"

namespace maxmargin {

// The frame says of which kind it is: by a wrong one it would be read wrongly, but not beyond its end.
struct View {
  char* data = nullptr;
  size_t bytes = 0;
};

inline size_t size_of_element(napi_typedarray_type type) {
  switch (type) {
    case napi_int8_array:
    case napi_uint8_array:
    case napi_uint8_clamped_array:
      return 1;
    case napi_int16_array:
    case napi_uint16_array:
      return 2;
    case napi_int32_array:
    case napi_uint32_array:
    case napi_float32_array:
      return 4;
    case napi_float64_array:
    case napi_bigint64_array:
    case napi_biguint64_array:
      return 8;
    default:
      return 0;
  }
}

// False if the value is no typed array. A detached one has no bytes.
inline bool get_view(napi_env env, napi_value value, View* view) {
  bool is_array = false;
  if (napi_is_typedarray(env, value, &is_array) != napi_ok || !is_array) return false;
  void* data = nullptr;
  // Half as expensive as napi_get_typedarray_info, but not every runtime takes all arrays for buffers.
  if (napi_get_buffer_info(env, value, &data, &view->bytes) != napi_ok) {
    napi_typedarray_type type;
    size_t length;
    if (napi_get_typedarray_info(env, value, &type, &length, &data, nullptr, nullptr) != napi_ok) {
      return false;
    }
    view->bytes = length * size_of_element(type);
  }
  view->data = static_cast<char*>(data);
  return true;
}

// Direct callers may pass any byte offset.
inline bool is_aligned(const View& view, Dtype dtype) {
  return (reinterpret_cast<uintptr_t>(view.data) & (size_of(dtype) - 1)) == 0;
}

// Whether two arrays have a byte in common, whatever their buffers are.
inline bool overlap(const View& a, const View& b) {
  const auto first = reinterpret_cast<uintptr_t>(a.data), second = reinterpret_cast<uintptr_t>(b.data);
  // Of two stretches that meet, one begins in the other.
  return first < second ? second - first < a.bytes && b.bytes > 0 : first - second < b.bytes && a.bytes > 0;
}

}  // namespace maxmargin
