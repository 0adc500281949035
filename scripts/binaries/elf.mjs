import { Bytes } from "./bytes.mjs";

/** @typedef {import("./read.mjs").Binary} Binary */

/** @type {Record<number, string>} */
const machines = { 62: "x64", 183: "arm64" };
const sectionTypes = { symbols: 2, dynamic: 6, dynamicSymbols: 11, versionNeeds: 0x6ffffffe };
const needed = 1;
const weak = [2, 10];

/** @param {Buffer} buffer */
export const isElf = (buffer) => buffer.toString("latin1", 0, 4) === "\x7fELF";

/** @param {Bytes} bytes */
function sectionsOf(bytes) {
  const { u16, u32, u64 } = bytes;
  const [start, size, count, names] = [u64(0x28), u16(0x3a), u16(0x3c), u16(0x3e)];
  const sections = Array.from({ length: count }, (_, i) => {
    const at = start + i * size;
    return {
      nameAt: u32(at),
      type: u32(at + 4),
      offset: u64(at + 24),
      size: u64(at + 32),
      link: u32(at + 40),
      entrySize: u64(at + 56),
    };
  });
  return sections.map((section) => ({
    ...section,
    name: bytes.name(sections[names].offset + section.nameAt),
  }));
}

/**
 * @typedef {ReturnType<typeof sectionsOf>} Sections
 *
 * @param {Bytes} bytes
 * @param {Sections} sections
 * @param {number} type
 */
function symbolsOf(bytes, sections, type) {
  return sections
    .filter((section) => section.type === type)
    .flatMap(({ offset, size, link }) =>
      Array.from({ length: size / 24 }, (_, i) => {
        const at = offset + i * 24;
        return {
          name: bytes.name(sections[link].offset + bytes.u32(at)),
          isWeak: weak.includes(bytes.buffer[at + 4] >> 4),
          isGlobal: bytes.buffer[at + 4] >> 4 !== 0,
          isDefined: bytes.u16(at + 6) !== 0,
        };
      }).slice(1),
    );
}

/**
 * The versions that the binary asks its libraries for, such as "GLIBC_2.17".
 *
 * @param {Bytes} bytes
 * @param {Sections} sections
 */
function versionsOf(bytes, sections) {
  const { u16, u32 } = bytes;
  const section = sections.find(({ type }) => type === sectionTypes.versionNeeds);
  /** @type {string[]} */
  const versions = [];
  if (section === undefined) return versions;
  const strings = sections[section.link].offset;
  for (let library = section.offset, next = -1; next !== 0; library += next) {
    let at = library + u32(library + 8);
    for (let i = 0; i < u16(library + 2); i++, at += u32(at + 12)) {
      versions.push(bytes.name(strings + u32(at + 8)));
    }
    next = u32(library + 12);
  }
  return versions;
}

/**
 * @param {Buffer} buffer
 * @returns {Binary}
 */
export function readElf(buffer) {
  const bytes = new Bytes(buffer);
  const sections = sectionsOf(bytes);
  const dynamic = symbolsOf(bytes, sections, sectionTypes.dynamicSymbols);
  const libraries = sections
    .filter(({ type }) => type === sectionTypes.dynamic)
    .flatMap(({ offset, size, link }) =>
      Array.from({ length: size / 16 }, (_, i) => offset + i * 16)
        .filter((at) => bytes.u64(at) === needed)
        .map((at) => bytes.name(sections[link].offset + bytes.u64(at + 8))),
    );
  const machine = bytes.u16(0x12);
  return {
    format: "ELF",
    arch: machines[machine] ?? `machine ${machine}`,
    isStripped: !sections.some(({ name }) => name === ".symtab" || name.startsWith(".debug")),
    libraries,
    imports: dynamic
      .filter(({ isDefined, isWeak }) => !isDefined && !isWeak)
      .map(({ name }) => ({ name, from: null })),
    exports: dynamic
      .filter(({ isDefined, isGlobal }) => isDefined && isGlobal)
      .map(({ name }) => name),
    versions: versionsOf(bytes, sections),
    minimumSystem: null,
    isSigned: false,
  };
}

/**
 * The names in an object file of which the linker keeps one copy for all.
 *
 * @param {Buffer} buffer
 */
export function weakSymbolsOf(buffer) {
  const bytes = new Bytes(buffer);
  return symbolsOf(bytes, sectionsOf(bytes), sectionTypes.symbols)
    .filter(({ isWeak }) => isWeak)
    .map(({ name }) => name);
}
