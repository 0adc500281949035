// In place of addon.ts in the build without Node: there are no binaries, which is no error.
import type { Addon } from "./native.js";

export const addon: Addon | null = null;
export const binary: string | null = null;
export const errors: readonly string[] = [];
