/** Says on a terminal what takes a while, on a line that the next call overwrites. */
export function progress(text: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${text}`);
}
