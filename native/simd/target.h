// Target regions: everything between BEGIN and END is compiled for one instruction set, whatever flags the command line
// has. Per-file flags such as -mavx2 would also compile inline functions of headers for AVX2, and the linker may keep that
// copy for every caller, on machines without AVX2 too. So code in a target region lies in an unnamed namespace, is included
// there, and uses no containers or algorithms of the standard library. The headers that it does use are included here:
// inside a region they would be compiled for it.
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <type_traits>
#include <utility>

#if defined(__clang__)
#define MAXMARGIN_PRAGMA(text) _Pragma(#text)
#define MAXMARGIN_TARGET_BEGIN(features) \
  MAXMARGIN_PRAGMA(clang attribute push(__attribute__((target(features))), apply_to = function))
#define MAXMARGIN_TARGET_END MAXMARGIN_PRAGMA(clang attribute pop)
#elif defined(__GNUC__)
#define MAXMARGIN_PRAGMA(text) _Pragma(#text)
#define MAXMARGIN_TARGET_BEGIN(features) \
  MAXMARGIN_PRAGMA(GCC push_options) MAXMARGIN_PRAGMA(GCC target(features))
#define MAXMARGIN_TARGET_END MAXMARGIN_PRAGMA(GCC pop_options)
#else
#define MAXMARGIN_TARGET_BEGIN(features)
#define MAXMARGIN_TARGET_END
#endif

#if defined(_MSC_VER) && !defined(__clang__)
#define MAXMARGIN_FORCE_INLINE __forceinline
#define MAXMARGIN_NO_INLINE __declspec(noinline)
#define MAXMARGIN_PREFETCH(address) ((void)(address))
#define MAXMARGIN_UNROLL
#define MAXMARGIN_NO_UNROLL
#else
#define MAXMARGIN_FORCE_INLINE inline __attribute__((always_inline))
// GCC would also clone functions for callers with constant arguments.
#if defined(__clang__)
#define MAXMARGIN_NO_INLINE __attribute__((noinline))
#else
#define MAXMARGIN_NO_INLINE __attribute__((noinline, noclone))
#endif
#define MAXMARGIN_PREFETCH(address) __builtin_prefetch(address)
// Arrays of registers stay in registers only if no index is left to run time.
#if defined(__clang__)
#define MAXMARGIN_UNROLL MAXMARGIN_PRAGMA(unroll)
#define MAXMARGIN_NO_UNROLL MAXMARGIN_PRAGMA(nounroll)
#else
#define MAXMARGIN_UNROLL MAXMARGIN_PRAGMA(GCC unroll 8)
#define MAXMARGIN_NO_UNROLL MAXMARGIN_PRAGMA(GCC unroll 1)
#endif
#endif
#define MAXMARGIN_INLINE static MAXMARGIN_FORCE_INLINE

#if defined(__x86_64__) || defined(_M_X64)
#define MAXMARGIN_X64 1
#elif defined(__aarch64__) || defined(_M_ARM64)
#define MAXMARGIN_ARM64 1
#elif defined(__wasm_simd128__)
#define MAXMARGIN_WASM128 1
#endif
