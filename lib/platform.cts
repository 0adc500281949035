import fs = require("node:fs");

/** Whether there is such a file; undefined where this program may not look, as its permissions are few. */
function exists(file: string): boolean | undefined {
  try {
    return fs.existsSync(file);
  } catch {
    return undefined;
  }
}

/** Whether this process runs on musl instead of glibc. */
function isMusl(): boolean {
  const arch = process.arch === "arm64" ? "aarch64" : "x86_64";
  // The report takes milliseconds, half as long as all the rest of the library, so that it is asked only
  // where musl may be there. It would also look up the names of all hosts that are connected.
  if (exists(`/lib/ld-musl-${arch}.so.1`) === false) return false;
  const report = process.report as NodeJS.ProcessReport & { excludeNetwork?: boolean };
  const { excludeNetwork } = report;
  report.excludeNetwork = true;
  const { header } = report.getReport() as { header: { glibcVersionRuntime?: string } };
  report.excludeNetwork = excludeNetwork as boolean;
  return header.glibcVersionRuntime === undefined;
}

/** The ELF format's numbers for the processors whose headers are read here: 64 bytes, little-endian. */
const machines: Partial<Record<string, number>> = { x64: 62, arm64: 183 };

/**
 * Throws if a file is not a whole library for this processor. Linux's own loaders end the process over
 * a file that was cut short, and say of one for another processor that it does not exist.
 */
function inspect(file: string): void {
  if (exists(file) === false) throw new Error(`${file} does not exist`);
  const machine = machines[process.arch];
  if (process.platform !== "linux" || machine === undefined) return;
  const header = Buffer.alloc(64);
  const opened = fs.openSync(file, "r");
  let size: number;
  try {
    fs.readSync(opened, header, 0, header.length, 0);
    ({ size } = fs.fstatSync(opened));
  } finally {
    fs.closeSync(opened);
  }
  if (header.readUInt32BE(0) !== 0x7f454c46) throw new Error(`${file} is not a library for Linux`);
  if (header.readUInt16LE(18) !== machine) {
    throw new Error(`${file} is for another processor than ${process.arch}`);
  }
  // The table of the sections is what a linker writes last.
  const end =
    Number(header.readBigUInt64LE(40)) + header.readUInt16LE(58) * header.readUInt16LE(60);
  if (size < end) throw new Error(`${file} was cut short: it has ${size} of ${end} bytes`);
}

export = { exists, inspect, isMusl };
