// What a binary says of itself, read from the file: on any machine, without the tools of its platform.
import { isElf, readElf } from "./elf.mjs";
import { isMachO, readMachO } from "./macho.mjs";
import { isPe, readPe } from "./pe.mjs";

/**
 * @typedef {object} Binary
 * @property {"ELF" | "PE" | "Mach-O"} format
 * @property {string} arch - as `process.arch` has it
 * @property {boolean} isStripped - whether it has neither names for linkers and debuggers nor debug sections
 * @property {string[]} libraries - that are loaded with it
 * @property {{ name: string, from: string | null }[]} imports - `from` is the library, where the format tells it
 * @property {string[]} exports
 * @property {string[]} versions - that it asks its libraries for
 * @property {string | null} minimumSystem - the oldest version of macOS that loads it
 * @property {boolean} isSigned
 */

/**
 * @param {Buffer} buffer
 * @returns {Binary}
 */
export function readBinary(buffer) {
  if (isElf(buffer)) return readElf(buffer);
  if (isPe(buffer)) return readPe(buffer);
  if (isMachO(buffer)) return readMachO(buffer);
  throw new Error("expected an ELF, PE or Mach-O file, received another");
}
