# The build for node-gyp and prebuildify, of what native/build.json lists. CMakeLists.txt has the reasons.
# Kept as JSON with comments of whole lines, so that scripts and tests can read it.
{
  "variables": {
    "flags": ["<!@(node -p \"require('./native/build.json').flags.join(' ')\")"],
    "flags_msvc": ["<!@(node -p \"require('./native/build.json').flagsMsvc.join(' ')\")"]
  },
  "targets": [
    {
      "target_name": "maxmargin",
      "sources": ["<!@(node -p \"require('./native/build.json').sources.join(' ')\")"],
      "include_dirs": [
        "<!@(node -p \"require('./native/build.json').includeDirectories.join(' ')\")",
        "<!(node -p \"require('node-addon-api').include_dir\")"
      ],
      "defines": ["<!@(node -p \"require('./native/build.json').defines.join(' ')\")"],
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
