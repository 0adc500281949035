import { Bytes } from "./bytes.mjs";

/** @typedef {import("./read.mjs").Binary} Binary */

/** @type {Record<number, string>} */
const machines = { 34404: "x64", 43620: "arm64" };

/** @param {Buffer} buffer */
export const isPe = (buffer) => buffer.toString("latin1", 0, 2) === "MZ";

/**
 * @param {Buffer} buffer
 * @returns {Binary}
 */
export function readPe(buffer) {
  const bytes = new Bytes(buffer);
  const { u16, u32, u64 } = bytes;
  const coff = u32(0x3c) + 4;
  const optional = coff + 20;
  const sectionsAt = optional + u16(coff + 16);
  const sections = Array.from({ length: u16(coff + 2) }, (_, i) => {
    const at = sectionsAt + i * 40;
    return {
      name: bytes.name(at, 8),
      size: u32(at + 8),
      address: u32(at + 12),
      offset: u32(at + 20),
    };
  });
  /** Where in the file lies what is at an address relative to the image. */
  const offsetOf = (/** @type {number} */ address) => {
    const own = sections.find(
      (section) => address - section.address < section.size && address >= section.address,
    );
    return own === undefined ? 0 : address - own.address + own.offset;
  };
  const directory = (/** @type {number} */ i) => offsetOf(u32(optional + 112 + i * 8));
  const nameAt = (/** @type {number} */ address) => bytes.name(offsetOf(address));

  const exportsAt = directory(0);
  const exportNames = exportsAt === 0 ? 0 : offsetOf(u32(exportsAt + 32));
  const exports = Array.from({ length: exportsAt === 0 ? 0 : u32(exportsAt + 24) }, (_, i) =>
    nameAt(u32(exportNames + i * 4)),
  );
  /** @type {Binary["imports"]} */
  const imports = [];
  const libraries = [];
  for (let at = directory(1); at !== 0 && u32(at + 12) !== 0; at += 20) {
    const from = nameAt(u32(at + 12));
    libraries.push(from);
    for (let entry = offsetOf(u32(at)); u64(entry) !== 0; entry += 8) {
      imports.push({ name: nameAt(u32(entry) + 2), from });
    }
  }
  const machine = u16(coff);
  return {
    format: "PE",
    arch: machines[machine] ?? `machine ${machine}`,
    // Names of more than eight letters, such as those of debug sections, stand in the table of symbols.
    isStripped: u32(coff + 8) === 0 && !sections.some(({ name }) => /^(\/\d|\.debug)/.test(name)),
    libraries,
    imports,
    exports,
    versions: [],
    minimumSystem: null,
    isSigned: false,
  };
}
