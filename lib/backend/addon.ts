import { load } from "./load.cjs";
import { type Addon, checkAddon } from "./native.js";

const loaded = load(checkAddon);

/** The addon; null if no binary could be loaded. */
export const addon = loaded.addon as Addon | null;

/** The path of the binary, and why earlier candidates could not be used. */
export const { binary, errors }: { binary: string | null; errors: readonly string[] } = loaded;
