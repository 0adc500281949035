import { createHash } from "node:crypto";
import { Bytes } from "./bytes.mjs";

/** @typedef {import("./read.mjs").Binary} Binary */

const magic = 0xfeedfacf;
const codeDirectory = 0xfade0c02;
/** @type {Record<number, string>} */
const machines = { 16777223: "x64", 16777228: "arm64" };
const commands = {
  symbols: 0x2,
  library: 0xc,
  segment: 0x19,
  signature: 0x1d,
  minimum: 0x24,
  build: 0x32,
  loading: 0x80000022,
};
/** Instead of the number of a library: whatever the process has. */
const wholeProcess = 0xfe;

/** @param {Buffer} buffer */
export const isMachO = (buffer) => buffer.length > 4 && buffer.readUInt32LE(0) === magic;

/** @param {Bytes} bytes */
function* commandsOf({ u32 }) {
  for (let i = 0, at = 32; i < u32(16); i++, at += u32(at + 4)) yield { type: u32(at), at };
}

/** @param {Bytes} bytes */
function symbolsOf(bytes) {
  const { u16, u32 } = bytes;
  const table = [...commandsOf(bytes)].find(({ type }) => type === commands.symbols);
  if (table === undefined) return [];
  const [offset, count, names] = [u32(table.at + 8), u32(table.at + 12), u32(table.at + 16)];
  return Array.from({ length: count }, (_, i) => {
    const at = offset + i * 16;
    const kind = bytes.buffer[at + 4];
    return {
      name: bytes.name(names + u32(at)).replace(/^_/, ""),
      isLocal: (kind & 1) === 0,
      isDebug: (kind & 0xe0) !== 0,
      isDefined: (kind & 0x0e) !== 0,
      library: u16(at + 6) >> 8,
    };
  });
}

/**
 * The names in a trie of them: a node says whether a name ends there, and which letters lead on to which nodes.
 *
 * @param {Bytes} bytes
 * @param {number} trie
 * @returns {string[]}
 */
function exportsIn(bytes, trie, node = 0, prefix = "") {
  const { buffer } = bytes;
  let at = trie + node;
  const number = () => {
    let value = 0;
    for (let bits = 0; ; bits += 7) {
      const byte = buffer[at++];
      value += (byte & 0x7f) * 2 ** bits;
      if (byte < 0x80) return value;
    }
  };
  const end = number();
  const names = end > 0 ? [prefix] : [];
  at += end;
  for (let left = buffer[at++]; left > 0; left--) {
    const letters = bytes.name(at);
    at += letters.length + 1;
    names.push(...exportsIn(bytes, trie, number(), prefix + letters));
  }
  return names;
}

/** @param {number} version */
const versionName = (version) => `${version >> 16}.${(version >> 8) & 0xff}`;

/**
 * Whether the hashes in a code signature are those of the pages: macOS for arm64 runs nothing else.
 *
 * @param {Buffer} buffer
 * @param {number} at - where the signature lies; its numbers are big-endian
 */
function isSignatureOf(buffer, at) {
  const number = (/** @type {number} */ from) => buffer.readUInt32BE(from);
  for (let i = 0; i < number(at + 8); i++) {
    const directory = at + number(at + 16 + i * 8);
    if (number(directory) !== codeDirectory) continue;
    const [hashes, pages, end] = [16, 28, 32].map((field) => number(directory + field));
    const size = 2 ** buffer[directory + 39];
    return Array.from({ length: pages }, (_, page) => page).every((page) => {
      const hash = createHash("sha256");
      hash.update(buffer.subarray(page * size, Math.min(end, (page + 1) * size)));
      const from = directory + hashes + page * 32;
      return hash.digest().equals(buffer.subarray(from, from + 32));
    });
  }
  return false;
}

/**
 * @param {Buffer} buffer
 * @returns {Binary}
 */
export function readMachO(buffer) {
  const bytes = new Bytes(buffer);
  const { u32 } = bytes;
  const symbols = symbolsOf(bytes);
  const all = [...commandsOf(bytes)];
  const libraries = all
    .filter(({ type }) => type === commands.library)
    .map(({ at }) => bytes.name(at + u32(at + 8)));
  const minimum = all.find(({ type }) => type === commands.minimum || type === commands.build);
  const machine = u32(4);
  return {
    format: "Mach-O",
    arch: machines[machine] ?? `machine ${machine}`,
    isStripped:
      symbols.every(({ isLocal, isDebug }) => !isLocal && !isDebug) &&
      !all.some(
        ({ type, at }) => type === commands.segment && bytes.name(at + 8, 16) === "__DWARF",
      ),
    libraries,
    imports: symbols
      .filter(({ isDefined }) => !isDefined)
      .map(({ name, library }) => ({
        name,
        from: library === wholeProcess ? null : libraries[library - 1],
      })),
    exports: all
      .filter(({ type }) => type === commands.loading)
      .flatMap(({ at }) => exportsIn(bytes, u32(at + 40)))
      .map((name) => name.replace(/^_/, "")),
    versions: [],
    minimumSystem:
      minimum === undefined
        ? null
        : versionName(u32(minimum.at + (minimum.type === commands.build ? 12 : 8))),
    isSigned: all.some(
      ({ type, at }) => type === commands.signature && isSignatureOf(buffer, u32(at + 8)),
    ),
  };
}
