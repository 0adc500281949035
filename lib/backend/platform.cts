import fs = require("node:fs");

/** Whether there is such a file; undefined where this program may not look, as its permissions are few. */
function exists(file: string): boolean | undefined {
  try {
    return fs.existsSync(file);
  } catch {
    return undefined;
  }
}

/** The first bytes of a file, with zeros where it ends before, and its size. */
function read(file: string, length: number): { head: Buffer; size: number } {
  const head = Buffer.alloc(length);
  const opened = fs.openSync(file, "r");
  try {
    fs.readSync(opened, head, 0, length, 0);
    return { head, size: fs.fstatSync(opened).size };
  } finally {
    fs.closeSync(opened);
  }
}

/** Whether this process, on Linux, runs on musl instead of glibc. */
function isMusl(): boolean {
  try {
    // Near the head of a program's file stands the path of its loader, such as /lib/ld-musl-x86_64.so.1.
    const loader = /\/ld-(musl|linux)-/.exec(read(process.execPath, 4096).head.toString("latin1"));
    if (loader !== null) return loader[1] === "musl";
  } catch {
    // This program may not read that file.
  }
  // The report knows as well, but takes milliseconds. It would also look up the names of all hosts that
  // are connected.
  const report = process.report as NodeJS.ProcessReport & { excludeNetwork?: boolean };
  const { excludeNetwork } = report;
  report.excludeNetwork = true;
  const { header } = report.getReport() as { header: { glibcVersionRuntime?: string } };
  report.excludeNetwork = excludeNetwork as boolean;
  return header.glibcVersionRuntime === undefined;
}

/** The ELF format's numbers for the processors whose headers are read here: 64 bits, little-endian. */
const machines: Partial<Record<string, number>> = { x64: 62, arm64: 183 };

/**
 * Throws if a file is not a whole library for this processor. Linux's own loaders end the process over
 * a file that was cut short, and say of one for another processor that it does not exist.
 */
function inspect(file: string): void {
  if (exists(file) === false) throw new Error(`${file} does not exist`);
  const machine = machines[process.arch];
  if (process.platform !== "linux" || machine === undefined) return;
  const { head, size } = read(file, 64);
  if (head.readUInt32BE(0) !== 0x7f454c46) throw new Error(`${file} is not a library for Linux`);
  if (head.readUInt16LE(18) !== machine) {
    throw new Error(`${file} is for another processor than ${process.arch}`);
  }
  // The table of the sections is what a linker writes last.
  const end = Number(head.readBigUInt64LE(40)) + head.readUInt16LE(58) * head.readUInt16LE(60);
  if (size < end) throw new Error(`${file} was cut short: it has ${size} of ${end} bytes`);
}

export = { exists, inspect, isMusl };
