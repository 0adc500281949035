#!/usr/bin/env node
import "../start.js";
import { runProgram } from "./program.js";

const stop = new AbortController();

// The first Ctrl-C stops the command, a second one the process. Service managers send SIGTERM.
for (const name of ["SIGINT", "SIGTERM"]) {
  process.once(name, () => {
    stop.abort();
    // It would wait for more.
    process.stdin.destroy();
  });
}

// Who reads the output may have seen enough of it.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code !== "EPIPE") throw error;
});

const { stdout, stderr } = process;
const args = process.argv.slice(2);
runProgram({ args, stdout, stderr, signal: stop.signal }).then((code) => {
  process.exitCode = code;
  // It would keep the process alive.
  process.stdin.destroy();
});
