// V8 of Node 20 and 22 forgets, in optimized code that has also seen a view of a resizable buffer, that the
// `length` of a detached array is 0. A file of its own: code that has seen more kinds of arrays than
// these is not optimized that way.
import { tensor } from "maxmargin";
import { describe, expect, test } from "vitest";
import { detach, ResizableBuffer } from "./support/buffers.js";
import { forEachImplementation } from "./support/implementations.js";
import { functions, lossNames, lossOf } from "./support/losses.js";

forEachImplementation(() => {
  describe.each(lossNames)("%s", (loss) => {
    test.each([
      ["function", functions[loss]],
      ["value", lossOf(loss, "sum").value.bind(lossOf(loss, "sum"))],
    ])("refuses a transferred buffer after many calls, too: %s", (_, call) => {
      const shape = [2, 3];
      const yTrue = tensor(new Int8Array(6).fill(1), shape);
      const buffer = new ResizableBuffer(24, { maxByteLength: 48 });
      const resizable = tensor(new Float32Array(buffer), shape);
      const yPred = tensor(new Float32Array(6), shape);
      detach(yPred.data.buffer);
      const answers = new Set<string>();
      for (let i = 0; i < 10_000; i++) {
        call(yTrue, resizable);
        try {
          call(yTrue, yPred);
          answers.add("a result");
        } catch (error) {
          answers.add(String(error));
        }
      }
      expect([...answers]).toEqual([
        "RangeError: yPred: expected 6 values for its shape [2, 3], received 0 (was the buffer detached?)",
      ]);
    });
  });
});
