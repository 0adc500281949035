// The server of examples/server, on a free port of this machine.
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { type ClientRequest, type IncomingMessage, request, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { json, text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { CrammerSinger, Hinge, setBackend, tensor } from "maxmargin";
import { afterEach, describe, expect, test, vi } from "vitest";
import type { Limits } from "../examples/server/limits.js";
import { loadCases } from "../examples/server/load-cases.js";
import { runLoad } from "../examples/server/load-clients.js";
import { createLossServer } from "../examples/server/server.js";

const servers: Server[] = [];

afterEach(() => {
  for (const server of servers.splice(0)) {
    server.close();
    server.closeAllConnections();
  }
});

async function start(limits: Partial<Limits> = {}): Promise<string> {
  const server = createLossServer(limits).listen(0, "127.0.0.1");
  servers.push(server);
  await once(server, "listening");
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const jsonType = "application/json";
const binaryType = "application/octet-stream";

/** Posts a body, and returns the status, the answer and a header of it. */
async function post(url: string, body: string | Uint8Array, type = jsonType, headers = {}) {
  const response = await fetch(url, {
    method: "POST",
    body,
    headers: { "Content-Type": type, ...headers },
  });
  return { status: response.status, answer: (await response.json()) as { error?: string } };
}

const batch = {
  yTrue: [1, 0],
  yPred: [
    [0.5, 1, -0.5],
    [0.25, 0, 2],
  ],
};
const whole = JSON.stringify(batch);
const binaryOf = (...arrays: ArrayBufferView[]) =>
  Buffer.concat(arrays.map((each) => Buffer.from(each.buffer, each.byteOffset, each.byteLength)));
const ids = BigInt64Array.of(1n, 0n);
const scores = Float32Array.of(0.5, 1, -0.5, 0.25, 0, 2);
const query = "yTrue=int64,2&yPred=float32,2,3";

/** The value of a metric, 0 before it is there. */
async function metric(url: string, name: string): Promise<number> {
  const page = await (await fetch(`${url}/metrics`)).text();
  const line = page.split("\n").find((each) => each.startsWith(`loss_server_${name} `));
  return Number(line?.split(" ")[1] ?? 0);
}

const reaches = (url: string, name: string, value: number) =>
  expect.poll(() => metric(url, name), { interval: 2, timeout: 20_000 }).toBe(value);

describe("a batch", () => {
  test("as JSON is answered with its loss and its rows", async () => {
    const url = await start();
    expect(await post(`${url}/loss/crammer_singer`, whole)).toEqual({
      status: 200,
      answer: { loss: 1.625, rows: 2 },
    });
  });

  test("in binary has the same answer", async () => {
    const url = await start();
    const body = binaryOf(ids, scores);
    expect(await post(`${url}/loss/crammer_singer?${query}`, body, binaryType)).toEqual({
      status: 200,
      answer: { loss: 1.625, rows: 2 },
    });
  });

  test("has the bits of a local call, in both formats and of every loss", async () => {
    const url = await start();
    const cases = loadCases([1, 3, 257]);
    expect(new Set(cases.map(({ type }) => type)).size).toBe(2);
    expect(new Set(cases.map(({ loss }) => loss)).size).toBeGreaterThan(cases.length / 4);
    for (const { path, type, body, loss, rows } of cases) {
      expect((await post(url + path, body, type)).answer).toEqual({ loss, rows });
    }
  });

  test("may have weights and options", async () => {
    const url = await start();
    const sampleWeight = [3, 1];
    const options = { labels: "sparse", margin: 0.5, reduction: "sum" };
    const loss = new Hinge({ ...options, labels: "sparse", reduction: "sum" }).value(
      batch.yTrue,
      batch.yPred,
      { sampleWeight },
    );
    const expected = { status: 200, answer: { loss, rows: 2 } };
    const body = JSON.stringify({ ...batch, sampleWeight, options });
    expect(await post(`${url}/loss/hinge`, body)).toEqual(expected);
    const own = new URLSearchParams({ options: JSON.stringify(options) });
    const weighted = `${query}&sampleWeight=float64,2&${own}`;
    const bytes = binaryOf(ids, scores, Float64Array.from(sampleWeight));
    expect(await post(`${url}/loss/hinge?${weighted}`, bytes, binaryType)).toEqual(expected);
  });

  test.each([
    ["bool,2,1", Uint8Array.of(1, 0)],
    ["int8,2,1", Int8Array.of(1, -1)],
    ["int16,2", Int16Array.of(1, -1)],
    ["uint32,2", Uint32Array.of(1, 0)],
    ["float16,2", Uint16Array.of(0x3c00, 0)],
    ["float64,2,1", Float64Array.of(1, -1)],
  ])("has labels of any dtype, at any address: %s", async (described, labels) => {
    const url = await start();
    const path = `/loss/hinge?yTrue=${described}&yPred=float64,2,1`;
    const body = binaryOf(labels, Float64Array.of(0.25, 0.5));
    expect((await post(url + path, body, binaryType)).answer).toEqual({ loss: 1.125, rows: 2 });
  });

  test("has class ids if there is one label for several predictions, whatever the loss", async () => {
    const url = await start();
    // As many rows as classes: the labels would also broadcast along the rows.
    const square = {
      yTrue: [1, 0],
      yPred: [
        [0.5, 1],
        [0.25, 2],
      ],
    };
    const loss = new Hinge({ labels: "sparse" }).value(square.yTrue, square.yPred);
    expect(loss).not.toBe(new Hinge().value(tensor(square.yTrue), square.yPred));
    expect((await post(`${url}/loss/hinge`, JSON.stringify(square))).answer).toEqual({
      loss,
      rows: 2,
    });
  });

  test("keeps the doubles of JSON for a loss in float64", async () => {
    const url = await start();
    const body = { yTrue: [1], yPred: [[0.1]], options: { dtype: "float64" } };
    expect((await post(`${url}/loss/hinge`, JSON.stringify(body))).answer).toEqual({
      loss: 0.9,
      rows: 1,
    });
  });

  test.each([
    [Number.NaN, "NaN"],
    [Number.NEGATIVE_INFINITY, "Infinity"],
  ])("may hold numbers that are not finite: %s", async (score, loss) => {
    const url = await start();
    const path = "/loss/hinge?yTrue=int8,1&yPred=float32,1,1";
    const body = binaryOf(Int8Array.of(1), Float32Array.of(score));
    expect((await post(url + path, body, binaryType)).answer).toEqual({ loss, rows: 1 });
  });

  test("may have no rows in binary", async () => {
    const url = await start();
    const path = `${url}/loss/hinge?yTrue=int8,0&yPred=float32,0,3`;
    expect((await post(path, "", binaryType)).answer).toEqual({ loss: 0, rows: 0 });
  });
});

describe("a wrong request is refused", () => {
  const withLabels = (yTrue: unknown, more = {}) => JSON.stringify({ ...batch, yTrue, ...more });

  test.each([
    ["malformed JSON", '{"yTrue": [1', /^body: .*JSON/],
    ["no body", "", /^body: .*JSON/],
    ["JSON that is no object", "[1]", "body: expected an object"],
    [
      "an unknown name",
      withLabels([1, 0], { sampleweight: [1, 1] }),
      /^unknown name "sampleweight"/,
    ],
    ["no predictions", '{"yTrue": [1]}', "yPred: expected shape [rows, classes], received none"],
    ["no labels", '{"yPred": [[1]]}', "yTrue: expected shape [1] or [1, 1], received none"],
    [
      "one row",
      withLabels([1], { yPred: [1] }),
      "yPred: expected shape [rows, classes], received [1]",
    ],
    ["text", withLabels("1"), "yTrue: expected an array"],
    ["text in an array", withLabels([["1"]]), /^yTrue\[0\]\[0\]: expected a number.*received "1"$/],
    ["null in an array", withLabels([1, null]), /^yTrue\[1\]: expected a number.* received null$/],
    [
      "rows of two lengths",
      withLabels([[1, 2, 3], [1]]),
      /^yTrue\[1\]: expected an array of length 3/,
    ],
    ["too few labels", withLabels([1]), "yTrue: expected shape [2] or [2, 3], received [1]"],
    [
      "labels that would broadcast",
      withLabels([[1], [0]]),
      /^yTrue: expected .* received \[2, 1\]$/,
    ],
    ["too deep arrays", withLabels([[[1, 0, 0]], [[1, 0, 0]]]), /received \[2, 1, 3\]$/],
    ["a weight that would broadcast", withLabels([1, 0], { sampleWeight: [1] }), /^sampleWeight: /],
    [
      "an id that is no class",
      withLabels([1, 3]),
      "yTrue[1]: expected a class id from 0 to 2, received 3",
    ],
    [
      "one-hot labels for ids",
      withLabels([
        [1, 0, 0],
        [0, 1, 0],
      ]),
      /^yTrue: expected a class id for each row.*labels: "onehot", received shape \[2, 3\]$/,
    ],
    [
      "ids with another encoding",
      withLabels([1, 0], { options: { labels: "onehot" } }),
      'yTrue: expected the shape of yPred for labels: "onehot", received [2]',
    ],
    [
      "an unknown option",
      withLabels([1, 0], { options: { powr: 2 } }),
      'options: unknown key "powr"; did you mean "power"?',
    ],
    [
      "an option of the wrong kind",
      withLabels([1, 0], { options: { power: "2" } }),
      /^power: expected .* received "2"$/,
    ],
    [
      "options that are no object",
      withLabels([1, 0], { options: 1 }),
      "options: expected an object",
    ],
    [
      "an array that claims to be huge",
      withLabels([1, 0], { options: { classWeight: { data: [1], shape: [1e9], strides: [0] } } }),
      "options.classWeight: expected no object",
    ],
    [
      "a loss per row",
      withLabels([1, 0], { options: { reduction: "none" } }),
      "reduction: expected one that gives a number",
    ],
  ])("with 400: %s", async (_, body, error) => {
    const url = await start();
    const { status, answer } = await post(`${url}/loss/crammer_singer`, body);
    expect(status).toBe(400);
    expect(answer.error).toEqual(typeof error === "string" ? error : expect.stringMatching(error));
  });

  test.each([
    [
      "a body that is too short",
      "yTrue=int64,2&yPred=float64,2,3",
      "body: expected the 64 bytes of these arrays, received 40",
    ],
    [
      "a body that is too long",
      "yTrue=int8,2&yPred=float32,2,3",
      "body: expected the 26 bytes of these arrays, received 40",
    ],
    ["no arrays", "", "yPred: expected shape [rows, classes], received none"],
    [
      "an unknown dtype",
      "yTrue=int64,2&yPred=toString,2,3",
      /^yPred: expected one of the dtypes bool, .*received "toString"$/,
    ],
    [
      "a shape that is none",
      "yTrue=int64,2&yPred=float32,2,-3",
      'yPred: expected a dtype and a shape, "float32,2,3", received "float32,2,-3"',
    ],
    ["options that are not JSON", `${query}&options={`, /^options: .*JSON/],
    ["an unknown name", `${query}&mask=bool,2`, /^unknown name "mask"/],
  ])("with 400: %s", async (_, own, error) => {
    const url = await start();
    const body = binaryOf(ids, scores);
    const { status, answer } = await post(`${url}/loss/crammer_singer?${own}`, body, binaryType);
    expect(status).toBe(400);
    expect(answer.error).toEqual(typeof error === "string" ? error : expect.stringMatching(error));
  });

  test("with 404: an unknown loss or path", async () => {
    const url = await start();
    expect(await post(`${url}/loss/toString`, "{}")).toEqual({
      status: 404,
      answer: {
        error: expect.stringMatching(
          /^no loss "toString"; expected one of hinge, .*weston_watkins$/,
        ),
      },
    });
    expect((await post(`${url}/losses`, "{}")).status).toBe(404);
  });

  test("with 405: another method", async () => {
    const url = await start();
    expect((await fetch(`${url}/loss/hinge`)).headers.get("Allow")).toBe("POST");
    expect((await post(`${url}/metrics`, "")).status).toBe(405);
  });

  test("with 415: another type, or a compressed body", async () => {
    const url = await start();
    const error = /^expected a Content-Type of application\/json or .*, received text\/plain$/;
    expect(await post(`${url}/loss/hinge`, whole, "text/plain; x=y")).toEqual({
      status: 415,
      answer: { error: expect.stringMatching(error) },
    });
    const compressed = { "Content-Encoding": "gzip" };
    expect((await post(`${url}/loss/hinge`, "{}", jsonType, compressed)).status).toBe(415);
  });

  /** Sends a head without a body, and returns the status. */
  async function statusOf(url: string, path: string, headers: object): Promise<number> {
    const sent = request(url + path, { method: "POST", headers: { ...headers } });
    sent.on("error", () => {}).flushHeaders();
    const [response] = (await once(sent, "response")) as [IncomingMessage];
    sent.destroy();
    return response.statusCode as number;
  }

  test("with 413: a body that is too large, before any of it arrives", async () => {
    const url = await start({ jsonBytes: 100, binaryBytes: 1000 });
    const status = (type: string, length: number, path = "/loss/hinge") =>
      statusOf(url, path, { "Content-Type": type, "Content-Length": length });
    expect(await status(jsonType, 101)).toBe(413);
    expect(await status(binaryType, 1001)).toBe(413);
    expect(await status(binaryType, Number.MAX_SAFE_INTEGER)).toBe(413);
    const huge =
      "/loss/hinge?yTrue=int8,999999999999999&yPred=float64,999999999999999,999999999999999";
    expect(await status(binaryType, 8, huge)).toBe(413);
  });

  test("with 411: a body of unknown length", async () => {
    const url = await start();
    const headers = { "Content-Type": jsonType, "Transfer-Encoding": "chunked" };
    expect(await statusOf(url, "/loss/hinge", headers)).toBe(411);
  });

  test("with 500: a fault of the server, which its log has", async () => {
    const url = await start();
    const fault = Object.assign(new RangeError("out of memory"), { code: "ERR_MAXMARGIN_MEMORY" });
    const log = vi.spyOn(console, "error").mockImplementation(() => {});
    const call = vi.spyOn(CrammerSinger.prototype, "valueAsync").mockRejectedValue(fault);
    try {
      expect(await post(`${url}/loss/crammer_singer`, whole)).toEqual({
        status: 500,
        answer: { error: "internal error" },
      });
      expect(log).toHaveBeenCalledExactlyOnceWith(fault);
    } finally {
      call.mockRestore();
      log.mockRestore();
    }
  });

  test("and counted by its status", async () => {
    const url = await start();
    await post(`${url}/loss/hinge`, "{}");
    await post(`${url}/loss/hinge`, "[]");
    await post(`${url}/loss/no`, "{}");
    await post(`${url}/loss/crammer_singer`, whole);
    await reaches(url, 'requests_total{status="400"}', 2);
    await reaches(url, 'requests_total{status="404"}', 1);
    await reaches(url, 'requests_total{status="200"}', 1);
    await reaches(url, "rows_total", 2);
    await reaches(url, "compute_seconds_count", 1);
    expect(await metric(url, "compute_seconds_sum")).toBeGreaterThan(0);
  });
});

/** Begins a batch that holds a slot until it is finished. */
function begin(url: string): ClientRequest {
  const sent = request(`${url}/loss/crammer_singer`, {
    method: "POST",
    headers: { "Content-Type": jsonType, "Content-Length": whole.length },
  });
  sent.on("error", () => {}).write(whole.slice(0, 20));
  return sent;
}

async function finish(sent: ClientRequest): Promise<unknown[]> {
  const answered = once(sent, "response");
  sent.end(whole.slice(20));
  const [response] = (await answered) as [IncomingMessage];
  return [response.statusCode, await json(response)];
}

describe("a busy server", () => {
  test("lets requests wait, refuses more with 503 and Retry-After, and answers in turn", async () => {
    const url = await start({ concurrency: 1, waiting: 2 });
    const sent = [begin(url)];
    await reaches(url, 'in_flight{stage="receive"}', 1);
    for (const length of [1, 2]) {
      sent.push(begin(url));
      await reaches(url, "queue_length", length);
    }
    const response = await fetch(`${url}/loss/crammer_singer`, {
      method: "POST",
      body: whole,
      headers: { "Content-Type": jsonType },
    });
    expect([response.status, response.headers.get("Retry-After")]).toEqual([503, "1"]);
    for (const each of sent) expect(await finish(each)).toEqual([200, { loss: 1.625, rows: 2 }]);
    await reaches(url, "queue_length", 0);
    await reaches(url, 'in_flight{stage="receive"}', 0);
    await reaches(url, 'requests_total{status="503"}', 1);
  });

  test("forgets a client that goes away while it waits or sends", async () => {
    const url = await start({ concurrency: 1, waiting: 2 });
    const sender = begin(url);
    await reaches(url, 'in_flight{stage="receive"}', 1);
    const waiting = begin(url);
    await reaches(url, "queue_length", 1);
    waiting.destroy();
    await reaches(url, "queue_length", 0);
    expect(await metric(url, "aborted_total")).toBe(1);
    sender.destroy();
    await reaches(url, 'in_flight{stage="receive"}', 0);
    await reaches(url, "aborted_total", 2);
    expect((await post(`${url}/loss/crammer_singer`, whole)).status).toBe(200);
    expect(await metric(url, "rows_total")).toBe(2);
  });

  test("stops computing if the client goes away", async () => {
    const url = await start({ concurrency: 1 });
    // It computes for seconds, in slices.
    setBackend("js");
    try {
      const [rows, classes] = [1_000_000, 16];
      const body = new Uint8Array(rows * classes * 4 + rows);
      const path = `/loss/weston_watkins?yTrue=int8,${rows}&yPred=float32,${rows},${classes}`;
      const sent = request(url + path, {
        method: "POST",
        headers: { "Content-Type": binaryType, "Content-Length": body.length },
      });
      sent.on("error", () => {}).end(body);
      await reaches(url, 'in_flight{stage="compute"}', 1);
      sent.destroy();
      await reaches(url, 'in_flight{stage="compute"}', 0);
      expect(await metric(url, "aborted_total")).toBe(1);
      expect(await metric(url, "rows_total")).toBe(0);
    } finally {
      setBackend("auto");
    }
  });

  test("gives every client of a load the right answer", async () => {
    const url = await start({ concurrency: 2, waiting: 2 });
    const cases = loadCases([2, 1500]);
    const tally = await runLoad({ url, cases, clients: 8, requests: 200 });
    expect(tally.wrong).toEqual([]);
    expect(tally.milliseconds.length + tally.aborted).toBe(200);
    expect(tally.aborted).toBe(12);
    await reaches(url, 'requests_total{status="200"}', tally.milliseconds.length);
    await reaches(url, 'in_flight{stage="receive"}', 0);
  });
});

test("the load reports wrong answers", async () => {
  const url = await start();
  const [first] = loadCases([2]);
  const cases = [{ ...first, loss: first.loss + 1 }];
  const { wrong } = await runLoad({ url, cases, clients: 1, requests: 1 });
  expect(wrong).toEqual([expect.stringContaining(first.path)]);
});

test("the load test ends with its figures, and code 0", () => {
  const load = fileURLToPath(new URL("../examples/server/load.js", import.meta.url));
  const run = (...args: string[]) =>
    spawnSync(process.execPath, [load, ...args], { encoding: "utf8" });
  const { status, stdout, stderr } = run("--clients", "3", "--requests", "32");
  expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
  expect(stdout).toMatch(/^answered +30 in .*\n(.*\n)*aborted halfway +2\n/);
  expect(run("--clients", "none").stderr).toContain(
    "RangeError: --clients: expected a whole number from 1, received none",
  );
});

const python = spawnSync("python3", ["-c", "import numpy"]).status === 0;

test.skipIf(!python)("the client in Python gets the loss of numpy's arrays", async () => {
  const url = await start();
  const page = readFileSync(new URL("../examples/server/README.md", import.meta.url), "utf8");
  const [, code] = /^```python\n(.*?)^```$/ms.exec(page) as unknown as [string, string];
  expect(code).toContain("http://127.0.0.1:8080");
  const client = spawn("python3", ["-c", code.replace("http://127.0.0.1:8080", url)]);
  client.stderr.pipe(process.stderr);
  const loss = new CrammerSinger({ margin: 0.5 }).value(batch.yTrue, batch.yPred);
  expect(await text(client.stdout)).toBe(`${loss}\n`);
});

test("the program answers what has arrived when it is told to end", async () => {
  const main = fileURLToPath(new URL("../examples/server/main.js", import.meta.url));
  const server = spawn(process.execPath, [main], {
    env: { ...process.env, PORT: "0" },
    stdio: ["ignore", "pipe", "inherit"],
  });
  const ended = once(server, "exit");
  const [line] = (await once(server.stdout, "data")) as [Buffer];
  const [, url] = /^listening on (http:.*)\n$/.exec(`${line}`) as unknown as [string, string];
  expect(await (await fetch(`${url}/healthz`)).text()).toBe("ok\n");
  const sent = begin(url);
  await reaches(url, 'in_flight{stage="receive"}', 1);
  server.kill("SIGTERM");
  // From then on nobody is let in.
  const isRefused = () =>
    fetch(`${url}/healthz`).then(
      () => false,
      () => true,
    );
  await expect.poll(isRefused).toBe(true);
  sent.once("response", ({ headers }) => expect(headers.connection).toBe("close"));
  expect(await finish(sent)).toEqual([200, { loss: 1.625, rows: 2 }]);
  expect(await ended).toEqual([0, null]);
});
