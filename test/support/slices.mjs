// Prints how much processor time the longest turn of the event loop takes while calls off it are computed, one after the
// other. Unlike the time that passes, other processes do not matter to it.
import { Hinge, setBackend, tensor } from "maxmargin";
import { choose } from "./choose.mjs";

const [, , implementation] = process.argv;
choose(setBackend, implementation);

/** Milliseconds that this process has been busy. */
function busy() {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

/** The longest of the turns of the event loop until `work` is done. */
async function longestTurn(work) {
  let longest = 0;
  let isOver = false;
  const over = work().finally(() => {
    isOver = true;
  });
  while (!isOver) {
    const start = busy();
    await new Promise((resolve) => setImmediate(resolve));
    longest = Math.max(longest, busy() - start);
  }
  await over;
  return longest;
}

const n = 200_000;
const kinds = { float32: Float32Array, int64: BigInt64Array, bfloat16: Uint16Array };
const zeros = (dtype, shape) => tensor(new kinds[dtype](n), shape, dtype);

async function main() {
  const calls = [];
  for (const dtype of Object.keys(kinds)) {
    for (const width of [1, 10, 1000]) {
      const shape = [n / width, width];
      const yTrue = zeros(dtype, shape);
      const yPred = zeros(dtype === "int64" ? "bfloat16" : dtype, shape);
      const sampleWeight = tensor(new Float32Array(n / width).fill(1), [n / width]);
      const loss = new Hinge({ reduction: "none", dtype: yPred.dtype });
      const own = {
        losses: () => loss.callAsync(yTrue, yPred),
        "a gradient": () => loss.gradientAsync(yTrue, yPred),
        "a weighted gradient": () => loss.gradientAsync(yTrue, yPred, { sampleWeight }),
      };
      for (const [name, call] of Object.entries(own)) {
        // The engine compiles what it has seen a few times.
        for (let round = 0; round < 2; round++) await call();
        const longest = await longestTurn(call);
        calls.push({ name: `${name}, ${dtype}, ${shape}`, longest });
      }
    }
  }
  const control = await longestTurn(async () => {
    await undefined;
    const end = busy() + 25;
    while (busy() < end);
  });
  console.log(JSON.stringify({ calls, control }));
}
await main();
