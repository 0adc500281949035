// Trains linear maximum-margin classifiers with the library's losses and gradients and a matrix product. Run it with
// `npm run example:train`: it prints the loss as it falls and how many held-out rows are told right, and writes the
// curves of the losses to examples/loss-curve.svg.
import { writeFileSync } from "node:fs";
import { type Line, plot } from "./plot.js";
import { progress } from "./progress.js";
import { type Task, tasks, train, training } from "./training.js";

const percent = (share: number) => `${(100 * share).toFixed(2)} %`;

/** Trains, prints, and returns the losses of all epochs. */
async function show(task: Task): Promise<readonly number[]> {
  const { title, expected } = task;
  console.log(`\n${title}\n`);
  const { rows, heldOut, losses, accuracy } = await train(task, (epoch, loss) => {
    if (Number.isInteger(Math.log2(epoch)) || epoch === training.epochs) {
      progress("");
      console.log(`epoch ${String(epoch).padStart(4)}   loss ${loss.toFixed(6)}`);
    } else {
      progress(`epoch ${epoch} of ${training.epochs}`);
    }
  });
  console.log(
    `\ntrained with ${rows} rows; of ${heldOut} others ${percent(accuracy)} are told right`,
  );
  if (accuracy < expected) {
    console.error(`expected at least ${percent(expected)}`);
    process.exitCode = 1;
  }
  return losses;
}

const lines: Line[] = [];
for (const task of tasks) {
  const losses = await show(task);
  lines.push({ label: task.title, points: losses.map((loss, i) => [i + 1, loss]) });
}
const curves = new URL("loss-curve.svg", import.meta.url);
writeFileSync(curves, plot("Loss of the rows trained with", "epoch", "loss", lines));
console.log("\nThe curves are in examples/loss-curve.svg.");
