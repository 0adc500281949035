# CMakeLists.txt says the same for cmake-js and gives the reasons; test/build.test.ts holds them to it.
# Kept as JSON with comments of whole lines, so that the test can read it.
{
  "variables": {
    "flags": [
      "-std=c++17",
      "-ffp-contract=off",
      "-fvisibility=hidden",
      "-fexceptions",
      "-fno-rtti",
      "-pthread",
      "-Wall",
      "-Wextra",
      "-Wno-psabi"
    ],
    "flags_msvc": [
      "/std:c++17",
      "/fp:precise",
      "/EHsc",
      "/W3"
    ]
  },
  "targets": [
    {
      "target_name": "maxmargin",
      "sources": [
        "native/addon.cpp",
        "native/cpu.cpp",
        "native/demangle.cpp",
        "native/dispatch.cpp",
        "native/dtypes.cpp",
        "native/gradient.cpp",
        "native/pages.cpp",
        "native/probe.cpp",
        "native/reader.cpp",
        "native/reduce.cpp",
        "native/thread_pool.cpp",
        "native/weights.cpp",
        "native/isa/baseline.cpp",
        "native/isa/avx2.cpp",
        "native/isa/avx512.cpp",
        "native/isa/neon.cpp"
      ],
      "include_dirs": [
        "native",
        "<!(node -p \"require('node-addon-api').include_dir\")"
      ],
      "defines": [
        "NAPI_VERSION=8",
        "NODE_ADDON_API_DISABLE_CPP_EXCEPTIONS",
        "NODE_ADDON_API_DISABLE_DEPRECATED",
        "NDEBUG"
      ],
      # Node's own settings, which are the defaults here, tell Windows' headers that there are none.
      "defines!": ["_HAS_EXCEPTIONS=0"],
      # Linux and the BSDs read cflags_cc, macOS reads xcode_settings, Windows reads msvs_settings.
      "cflags_cc": ["<@(flags)"],
      "xcode_settings": {
        "GCC_ENABLE_CPP_EXCEPTIONS": "YES",
        "OTHER_CPLUSPLUSFLAGS": ["<@(flags)"],
        "CLANG_CXX_LIBRARY": "libc++",
        "MACOSX_DEPLOYMENT_TARGET": "10.15"
      },
      "msvs_settings": {
        "VCCLCompilerTool": {
          "AdditionalOptions": ["<@(flags_msvc)"]
        }
      }
    }
  ]
}
