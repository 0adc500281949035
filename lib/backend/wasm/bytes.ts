/**
 * The WebAssembly module in base64: as part of a JavaScript module it needs neither a file nor a
 * setting of a bundler. scripts/build-ts.mjs writes it into dist in place of this file.
 */
export const base64: string | undefined = undefined;
