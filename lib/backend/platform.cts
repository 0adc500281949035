import buffer = require("node:buffer");
import fs = require("node:fs");
import process = require("node:process");

/** Whether a file exists; undefined if the process lacks the permission to check. */
function exists(file: string): boolean | undefined {
  try {
    return fs.existsSync(file);
  } catch {
    return undefined;
  }
}

/** Returns the first bytes of a file, padded with zeros, and its size. */
function read(file: string, length: number): { head: Buffer; size: number } {
  const head = buffer.Buffer.alloc(length);
  const opened = fs.openSync(file, "r");
  try {
    fs.readSync(opened, head, 0, length, 0);
    return { head, size: fs.fstatSync(opened).size };
  } finally {
    fs.closeSync(opened);
  }
}

/** Whether this process, on Linux, uses musl instead of glibc. */
function isMusl(): boolean {
  try {
    // The head of an executable contains the path of its loader, such as /lib/ld-musl-x86_64.so.1.
    const loader = /\/ld-(musl|linux)-/.exec(read(process.execPath, 4096).head.toString("latin1"));
    if (loader !== null) return loader[1] === "musl";
  } catch (error) {
    // The process may not read that file. In deno, the report needs other permissions in addition.
    if ("deno" in process.versions) throw error;
  }
  // The report also contains the answer, but takes milliseconds. By default it even looks up the
  // names of all connected hosts.
  const report = process.report as NodeJS.ProcessReport & { excludeNetwork?: boolean };
  const { excludeNetwork } = report;
  report.excludeNetwork = true;
  const { header } = report.getReport() as { header: { glibcVersionRuntime?: string } };
  report.excludeNetwork = excludeNetwork as boolean;
  return header.glibcVersionRuntime === undefined;
}

/** ELF machine numbers of the supported processors, which are 64-bit and little-endian. */
const machines: Partial<Record<string, number>> = { x64: 62, arm64: 183 };

/**
 * Throws unless a file is a complete ELF library for this processor: on Linux, `dlopen` crashes on
 * truncated files, and reports "not found" for the wrong processor.
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
  // Linkers write the section table last.
  const end = Number(head.readBigUInt64LE(40)) + head.readUInt16LE(58) * head.readUInt16LE(60);
  if (size < end) throw new Error(`${file} was cut short: it has ${size} of ${end} bytes`);
}

export = { exists, inspect, isMusl };
