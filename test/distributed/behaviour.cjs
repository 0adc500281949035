// What a worker of the tests does beside working: it is loaded before the worker's own code, and
// changes how files are opened.
const fs = require("node:fs/promises");
const { setTimeout: sleep } = require("node:timers/promises");

const { SLOW_OPEN, DIE_AT_OPEN, DIE_AT_FILE, FAIL_ONCE, OTHER_VERSION } = process.env;
const { open } = fs;
let opened = 0;

if (OTHER_VERSION !== undefined) {
  require("../../dist/cjs/version.js").ownVersion = () => OTHER_VERSION;
}

fs.open = async (path, ...others) => {
  opened++;
  if (SLOW_OPEN !== undefined) await sleep(Number(SLOW_OPEN));
  if (opened === Number(DIE_AT_OPEN) || path === DIE_AT_FILE) process.kill(process.pid, "SIGKILL");
  if (path === FAIL_ONCE && opened === 1) throw Object.assign(new Error("EIO"), { code: "EIO" });
  return open(path, ...others);
};
