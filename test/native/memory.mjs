// Lets memory run out at each allocation of the addon in turn: in calls, in calls off the event loop, and while it is loaded.
// All of these are errors, and the next call is right. scripts/sanitize.mjs builds the addon with failing_new.cpp, and runs this.
import assert from "node:assert";
import { execFileSync } from "node:child_process";
import { env, execPath } from "node:process";

const variable = "ALLOCATIONS_LEFT";
const outOfMemory = {
  name: "RangeError",
  code: "ERR_MAXMARGIN_MEMORY",
  message: "maxmargin: out of memory",
};

/** Calls a function with 0, 1, 2, … allocations until it has some left; returns how many were refused. */
async function exhaust(call, expected) {
  for (let count = 0; ; count++) {
    env[variable] = String(count);
    let error;
    let answer;
    try {
      answer = await call();
    } catch (reason) {
      error = reason;
    }
    const left = Number(env[variable]);
    delete env[variable];
    if (error === undefined) assert.deepStrictEqual(answer, expected);
    else assert.deepStrictEqual(pick(error), outOfMemory);
    if (left > 0) return count;
  }
}

const pick = ({ name, code, message }) => ({ name, code, message });

async function exhaustCalls() {
  const maxmargin = await import("maxmargin");
  const { backend, CategoricalHinge, Hinge, hinge, setNumThreads, tensor } = maxmargin;
  assert.strictEqual(backend().name, "native");
  setNumThreads(3);
  const shapes = [
    [20_000, 10],
    [3, 70_000],
  ];
  let refused = 0;
  for (const shape of shapes) {
    const n = shape[0] * shape[1];
    const shared = (Kind, n, value) =>
      new Kind(new SharedArrayBuffer(n * Kind.BYTES_PER_ELEMENT)).map((_, i) => value(i));
    const labels = tensor(
      shared(Int16Array, n, (i) => i % 2),
      shape,
    );
    const predictions = tensor(
      shared(Float32Array, n, (i) => (i % 7) / 2 - 1),
      shape,
    );
    const sampleWeight = shared(Float32Array, shape[0], (i) => i % 3);
    for (const Loss of [Hinge, CategoricalHinge]) {
      for (const options of [{}, { sampleWeight }]) {
        const loss = new Loss();
        const args = [labels, predictions, options];
        for (const call of [() => loss.value(...args), () => loss.valueAndGradient(...args)]) {
          refused += await exhaust(call, call());
        }
        refused += await exhaust(() => loss.valueAsync(...args), loss.value(...args));
        refused += await exhaust(
          () => loss.valueAndGradientAsync(...args),
          loss.valueAndGradient(...args),
        );
      }
    }
    refused += await exhaust(() => hinge(labels, predictions), hinge(labels, predictions));
  }
  return refused;
}

/** Returns what `backend()` tells in a process of its own. */
function load() {
  const code = 'import("maxmargin").then(({ backend }) => console.log(JSON.stringify(backend())))';
  const own = { ...env, MAXMARGIN_BACKEND: "auto" };
  return JSON.parse(execFileSync(execPath, ["-e", code], { encoding: "utf8", env: own }));
}

/** Loads the addon with 0, 1, 2, … allocations until that will do; returns how many were refused. */
function exhaustLoading() {
  for (let count = 0; ; count++) {
    env[variable] = String(count);
    const { name, error } = load();
    delete env[variable];
    if (name === "native") return count;
    assert.match(error, /^build tree: maxmargin: out of memory; /);
  }
}

const refused = [await exhaustCalls(), exhaustLoading()];
for (const count of refused) assert(count > 1);
console.log(`${refused[0]} allocations were refused in calls, and ${refused[1]} while loading`);
