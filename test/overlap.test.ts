// Results that would be written where values are read, through another buffer that stands for the same memory.
import { execFileSync } from "node:child_process";
import { MessageChannel, receiveMessageOnPort } from "node:worker_threads";
import {
  callAsync,
  Hinge,
  hinge,
  type Tensor,
  tensor,
  valueAndGradient,
  valueAndGradientAsync,
} from "maxmargin";
import { describe, expect, test } from "vitest";
import { frameSize, operations } from "../lib/backend/call-frame.js";
import { addon, newFrame, write } from "./support/addon.js";
import { WebAssemblyMemory } from "./support/buffers.js";
import { forEachImplementation } from "./support/implementations.js";

const width = 4;

/** Another buffer of the same memory. */
const twinsOf = {
  structuredClone: (memory: SharedArrayBuffer) => structuredClone(memory),
  postMessage(memory: SharedArrayBuffer) {
    const { port1, port2 } = new MessageChannel();
    port1.postMessage(memory);
    const { message } = receiveMessageOnPort(port2) as { message: SharedArrayBuffer };
    port1.close();
    return message;
  },
};

const inputNames = ["yTrue", "yPred", "sampleWeight", "mask"] as const;
type InputName = (typeof inputNames)[number];

/** All arguments in one memory, each with as much free memory before and after it as it takes. */
function operandsIn(memory: SharedArrayBuffer, n: number) {
  const places = Object.fromEntries(
    inputNames.map((name, i) => [name, 4 * n * (1 + 3 * i)]),
  ) as Record<InputName, number>;
  const array = (name: InputName, length: number) =>
    new Float32Array(memory, places[name], length).fill(1);
  const rows = n / width;
  return {
    places,
    yTrue: tensor(array("yTrue", n), [rows, width]),
    yPred: tensor(array("yPred", n).fill(0.25), [rows, width]),
    sampleWeight: array("sampleWeight", rows),
    mask: array("mask", rows),
  };
}

type Operands = ReturnType<typeof operandsIn>;

const bytesOf = ({ buffer, byteOffset, byteLength }: Float32Array) =>
  new Uint8Array(buffer, byteOffset, byteLength);

const memoryFor = (n: number) => new SharedArrayBuffer(4 * n * 3 * (inputNames.length + 1));

interface Call {
  readonly name: string;
  /** What it reads. */
  readonly victims: readonly InputName[];
  /** How many values it writes. */
  readonly size: (n: number) => number;
  call(operands: Operands, out: Float32Array): unknown;
}

/** What an argument that is the same for all rows, or columns, makes of a call: it is computed block by block. */
const first = ({ data }: Tensor, n: number, shape: number[]) => tensor(data.subarray(0, n), shape);

const calls: readonly Call[] = [
  {
    name: "hinge",
    victims: ["yTrue", "yPred"],
    size: (n) => n / width,
    call: ({ yTrue, yPred }, out) => hinge(yTrue, yPred, { out }),
  },
  {
    name: "hinge with labels that are broadcast",
    victims: ["yTrue", "yPred"],
    size: (n) => n / width,
    call: ({ yTrue, yPred }, out) => hinge(first(yTrue, width, [1, width]), yPred, { out }),
  },
  {
    name: "valueAndGradient",
    victims: ["yTrue", "yPred"],
    size: (n) => n,
    call: ({ yTrue, yPred }, out) => valueAndGradient(hinge, yTrue, yPred, { out }),
  },
  {
    name: "Hinge.gradient",
    victims: inputNames,
    size: (n) => n,
    call: ({ yTrue, yPred, sampleWeight, mask }, out) =>
      new Hinge().gradient(yTrue, yPred, { sampleWeight, mask, out }),
  },
  {
    name: "Hinge.gradient with labels that are broadcast",
    victims: ["yTrue", "yPred", "sampleWeight"],
    size: (n) => n,
    call: ({ yTrue, yPred, sampleWeight }, out) =>
      new Hinge().gradient(first(yTrue, width, [1, width]), yPred, { sampleWeight, out }),
  },
  {
    name: "callAsync",
    victims: ["yTrue", "yPred"],
    size: (n) => n / width,
    call: ({ yTrue, yPred }, out) => callAsync(hinge, yTrue, yPred, { out }),
  },
  {
    name: "valueAndGradientAsync",
    victims: ["yTrue", "yPred"],
    size: (n) => n,
    call: ({ yTrue, yPred }, out) => valueAndGradientAsync(hinge, yTrue, yPred, { out }),
  },
  {
    name: "Hinge.gradientAsync with transfer",
    victims: inputNames,
    size: (n) => n,
    call: ({ yTrue, yPred, sampleWeight, mask }, out) =>
      new Hinge().gradientAsync(yTrue, yPred, { sampleWeight, mask, out, transfer: true }),
  },
];

const refusal = /^out: expected memory of its own/;

forEachImplementation(() => {
  // On the event loop, and in another thread.
  describe.each([16, 4096, 100_000])("%d values", (n) => {
    test.each(calls)("$name", async ({ victims, size, call }) => {
      for (const twinOf of Object.values(twinsOf)) {
        const memory = memoryFor(n);
        const operands = operandsIn(memory, n);
        const twin = twinOf(memory);
        expect(twin).not.toBe(memory);
        for (const victim of victims) {
          const bytes = 4 * size(n);
          const at = operands.places[victim];
          // The first value of one is the last of the other, and the other way round.
          for (const place of [at, at - bytes + 4, at + 4]) {
            const before = new Uint8Array(memory).slice();
            const out = new Float32Array(twin, place, size(n));
            await expect((async () => call(operands, out))()).rejects.toThrow(refusal);
            await expect((async () => call(operands, out))()).rejects.toThrow(RangeError);
            expect(Buffer.compare(new Uint8Array(memory), before)).toBe(0);
          }
        }
      }
    });

    test.each(calls)("$name: memory beside an argument is its own", async ({ size, call }) => {
      const memory = memoryFor(n);
      const operands = operandsIn(memory, n);
      const own = new Float32Array(new SharedArrayBuffer(4 * size(n)));
      await call(operands, own);
      expect(own.every((value) => value !== 0)).toBe(true);
      const twin = structuredClone(memory);
      const end = operands.places.yPred + 4 * n;
      for (const place of [operands.places.yPred - 4 * size(n), end]) {
        const out = new Float32Array(twin, place, size(n)).fill(7);
        await call(operands, out);
        expect(Buffer.compare(bytesOf(out), bytesOf(own))).toBe(0);
      }
    });
  });

  test("shared WebAssembly memory, of which every growth makes another buffer", () => {
    const memory = new WebAssemblyMemory({ initial: 1, maximum: 3, shared: true });
    const n = 1024;
    const yPred = tensor(new Float32Array(memory.buffer, 0, n), [n / width, width]);
    const yTrue = new Int8Array(n).fill(1);
    memory.grow(1);
    expect(memory.buffer).not.toBe(yPred.data.buffer);
    const out = new Float32Array(memory.buffer, 4 * (n - 1), n / width);
    const labels = tensor(yTrue, [n / width, width]);
    expect(() => hinge(labels, yPred, { out })).toThrow(refusal);
    const beside = new Float32Array(memory.buffer, 4 * n, n / width);
    expect(hinge(labels, yPred, { out: beside }).data).toEqual(new Float32Array(n / width).fill(1));
  });
});

describe("the addon itself", () => {
  const n = 64;
  const rows = n / width;
  /** Hinge of float32 in float32, with float32 weights and mask. */
  const numbers = {
    ...{ encoding: 1, labelDtype: 10, predictionDtype: 10, computeDtype: 10, weightDtype: 10 },
    ...{ maskDtype: 10, lossesDtype: 10, gradientDtype: 10, rows, batchRows: rows, width },
    divisor: 1,
    margin: 1,
  };
  /** Labels, predictions, losses, gradient, weights and mask. */
  type Values = readonly unknown[];
  const ways: Readonly<Record<string, (operation: number, values: Values) => unknown>> = {
    whole(operation, values) {
      const frame = addon.initialize(new Float64Array(new SharedArrayBuffer(8 * frameSize)));
      write(frame, { ...numbers, operation });
      return addon.evaluate(...values);
    },
    "with a frame": (operation, values) =>
      addon.evaluateWith(newFrame({ ...numbers, operation }), ...values),
    background: (operation, values) =>
      addon.evaluateInBackground(newFrame({ ...numbers, operation }), ...values),
  };

  test.each(Object.keys(ways))("%s refuses to write where it reads", async (way) => {
    const call = ways[way];
    const memory = memoryFor(n);
    const { places, yTrue, yPred, sampleWeight, mask } = operandsIn(memory, n);
    const batch = [yTrue.data, yPred.data];
    const columns = [sampleWeight, mask];
    const own = new Float32Array(n);
    const before = new Uint8Array(memory).slice();
    const overlap = expect.objectContaining({ name: "RangeError", code: "ERR_MAXMARGIN_OVERLAP" });
    let refused = 0;
    for (const buffer of [memory, structuredClone(memory)]) {
      for (const victim of inputNames) {
        const values = (count: number) => new Float32Array(buffer, places[victim], count);
        for (const attempt of [
          () => call(operations.rows, [...batch, values(rows), undefined, ...columns]),
          () => call(operations.gradient, [...batch, undefined, values(n), ...columns]),
          () => call(operations.gradient, [...batch, values(rows), own, ...columns]),
          () => call(operations.gradient, [...batch, own.subarray(0, rows), own, ...columns]),
        ]) {
          expect(attempt).toThrow(overlap);
          refused++;
        }
      }
    }
    expect(refused).toBe(32);
    expect(Buffer.compare(new Uint8Array(memory), before)).toBe(0);
    expect(own).toEqual(new Float32Array(n));
    await call(operations.gradient, [...batch, new Float32Array(rows), own, ...columns]);
    expect(own.every((value) => value !== 0)).toBe(true);
  });

  test("reports whether arrays share memory, to the byte", () => {
    const memory = new SharedArrayBuffer(16);
    const twin = structuredClone(memory);
    const bytes = (buffer: ArrayBufferLike, begin: number, end: number) =>
      new Uint8Array(buffer, begin, end - begin);
    for (let begin = 0; begin <= 16; begin++) {
      for (let end = begin; end <= 16; end++) {
        const isInside = begin < end && begin < 9 && end > 5;
        expect(addon.overlaps(bytes(memory, begin, end), bytes(twin, 5, 9))).toBe(isInside);
        expect(addon.overlaps(bytes(twin, 5, 9), bytes(memory, begin, end))).toBe(isInside);
        expect(addon.overlaps(bytes(memory, begin, end), bytes(twin, 7, 7))).toBe(false);
      }
    }
    expect(addon.overlaps(new Uint8Array(16), bytes(memory, 0, 16))).toBe(false);
    for (const other of [undefined, null, 1, {}, [], memory]) {
      expect(() => addon.overlaps(other, new Uint8Array(1))).toThrow(/^maxmargin: only typed/);
      expect(() => addon.overlaps(new Uint8Array(1), other)).toThrow(/^maxmargin: only typed/);
    }
  });
});

test("memory that is probed without the addon is as it was", () => {
  // Only C++ knows addresses: without it a byte is written through one buffer and read through the other.
  const script = `
    import { backend, hinge, tensor } from "maxmargin";
    const memory = new SharedArrayBuffer(32);
    new Uint8Array(memory).fill(0x3f);
    const twin = structuredClone(memory);
    const out = new Float32Array(memory, 0, 2);
    let message = "nothing was thrown";
    try {
      hinge([[1], [-1]], tensor(new Float32Array(twin, 4, 2), [2, 1]), { out });
    } catch (error) {
      message = error.message;
    }
    const bytes = [...new Uint8Array(memory)];
    console.log(JSON.stringify({ name: backend().name, message, areAsBefore: bytes.every((byte) => byte === 0x3f) }));
  `;
  const args = ["--no-addons", "--input-type=module", "-e", script];
  const printed = execFileSync(process.execPath, args, { encoding: "utf8" });
  expect(JSON.parse(printed)).toEqual({
    name: "wasm",
    message: expect.stringMatching(/^out: expected /),
    areAsBefore: true,
  });
});
