// Target regions: everything between BEGIN and END is compiled for one instruction set, whatever the
// flags of the command line say. Per-file flags such as -mavx2 would leave AVX2 copies of inline
// functions that the linker may then keep for every caller, also on a machine without AVX2.
#pragma once

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
#else
#define MAXMARGIN_FORCE_INLINE inline __attribute__((always_inline))
// Nor copied for callers with constant arguments.
#if defined(__clang__)
#define MAXMARGIN_NO_INLINE __attribute__((noinline))
#else
#define MAXMARGIN_NO_INLINE __attribute__((noinline, noclone))
#endif
#define MAXMARGIN_PREFETCH(address) __builtin_prefetch(address)
// Arrays of registers stay in registers only if nothing indexes them at run time.
#if defined(__clang__)
#define MAXMARGIN_UNROLL MAXMARGIN_PRAGMA(unroll)
#else
#define MAXMARGIN_UNROLL MAXMARGIN_PRAGMA(GCC unroll 8)
#endif
#endif
#define MAXMARGIN_INLINE static MAXMARGIN_FORCE_INLINE

#if defined(__x86_64__) || defined(_M_X64)
#define MAXMARGIN_X64 1
#elif defined(__aarch64__) || defined(_M_ARM64)
#define MAXMARGIN_ARM64 1
#endif
