import { once } from "node:events";
import { Agent, type IncomingMessage, request } from "node:http";
import { json } from "node:stream/consumers";
import { setTimeout as sleep } from "node:timers/promises";
import type { LoadCase } from "./load-cases.js";

export interface Load {
  readonly url: string;
  readonly cases: readonly LoadCase[];
  readonly clients: number;
  readonly requests: number;
}

/** What became of the requests. */
export interface Tally {
  readonly milliseconds: number[];
  /** Answers that differ from the local computation. */
  readonly wrong: string[];
  rows: number;
  bytes: number;
  refused: number;
  aborted: number;
}

/** Every so many requests, a client goes away with half of its batch sent. */
const abortEvery = 16;

/** Sends requests from several clients at once, each with a connection of its own. */
export async function runLoad({ url, cases, clients, requests }: Load): Promise<Tally> {
  const tally: Tally = { milliseconds: [], wrong: [], rows: 0, bytes: 0, refused: 0, aborted: 0 };
  let next = 0;
  const client = async () => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    while (next < requests) {
      const index = next++;
      const each = cases[index % cases.length];
      if (index % abortEvery === abortEvery - 1) await abort(url, each, tally);
      else await send(url, each, agent, tally);
    }
    agent.destroy();
  };
  await Promise.all(Array.from({ length: clients }, client));
  return tally;
}

const open = (url: string, { path, type, body }: LoadCase, agent?: Agent) =>
  request(url + path, {
    method: "POST",
    headers: { "Content-Type": type, "Content-Length": body.length },
    agent,
  });

/** Sends a batch, again if the server is busy, and compares the answer. */
async function send(url: string, each: LoadCase, agent: Agent, tally: Tally): Promise<void> {
  const start = performance.now();
  const sent = open(url, each, agent).end(each.body);
  const [response] = (await once(sent, "response")) as [IncomingMessage];
  const answer = await json(response);
  if (response.statusCode === 503) {
    tally.refused++;
    // Sooner than Retry-After says, so that the load stays high.
    await sleep(10);
    return send(url, each, agent, tally);
  }
  tally.milliseconds.push(performance.now() - start);
  tally.rows += each.rows;
  tally.bytes += each.body.length;
  const expected = JSON.stringify({ loss: each.loss, rows: each.rows });
  const received = JSON.stringify(answer);
  if (received !== expected) tally.wrong.push(`${each.path}: ${received}, expected ${expected}`);
}

/** Goes away in the middle of a batch. */
async function abort(url: string, each: LoadCase, tally: Tally): Promise<void> {
  const sent = open(url, each);
  const half = each.body.subarray(0, each.body.length / 2);
  await new Promise((resolve) => sent.write(half, resolve));
  sent.once("error", () => {}).destroy();
  tally.aborted++;
}
