import {
  createServer,
  type IncomingMessage,
  type OutgoingHttpHeaders,
  type Server,
  type ServerResponse,
} from "node:http";
import { lengthOf } from "./body.js";
import { defaultLimits, type Limits } from "./limits.js";
import { Refusal } from "./refusal.js";
import { LossService } from "./service.js";

interface Reply {
  readonly status: number;
  readonly headers: OutgoingHttpHeaders;
  /** An object for JSON, or a text. */
  readonly answer: object | string;
}

/** A client that sends slowly holds a slot. Node looks for such clients once per interval. */
const timeouts = { requestTimeout: 30_000, connectionsCheckingInterval: 1000 };

/** Returns a server that answers batches with their losses: see README.md. */
export function createLossServer(limits: Partial<Limits> = {}): Server {
  const service = new LossService({ ...defaultLimits, ...limits });
  const server = createServer(timeouts, async (request, response) => {
    const reply = await replyTo(service, request, response);
    // Without a client there is nobody to tell.
    if (request.socket.destroyed) return;
    // While the server is closing, a connection ends with its next answer.
    if (!server.listening) response.setHeader("Connection", "close");
    send(response, reply);
  });
  return server;
}

async function replyTo(
  service: LossService,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<Reply> {
  try {
    return { status: 200, headers: {}, answer: await answerTo(service, request, response) };
  } catch (error) {
    if (error instanceof Refusal) {
      const { status, headers, message } = error;
      return { status, headers, answer: { error: message } };
    }
    // The client has gone, or it is the server's fault.
    if (!request.socket.destroyed) console.error(error);
    return { status: 500, headers: {}, answer: { error: "internal error" } };
  }
}

/** @throws Refusal if there is no answer; the signal's reason if the client goes away. */
async function answerTo(
  service: LossService,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<object | string> {
  const [path, ...rest] = (request.url as string).split("?");
  const [, loss] = /^\/loss\/(.*)$/.exec(path) ?? [];
  if (loss !== undefined) {
    const signal = service.counters.watch(response);
    expectMethod(request, "POST");
    const length = lengthOf(request, service.limits.binaryBytes);
    const announced = { length, query: new URLSearchParams(rest.join("?")) };
    return service.answer(loss, request, announced, signal);
  }
  if (path !== "/healthz" && path !== "/metrics") {
    throw new Refusal(404, `nothing at ${path}; expected /loss/NAME, /metrics or /healthz`);
  }
  expectMethod(request, "GET");
  return path === "/healthz" ? "ok\n" : service.metrics();
}

function expectMethod({ method }: IncomingMessage, expected: string): void {
  if (method === expected) return;
  throw new Refusal(405, `expected ${expected}, received ${method}`, { Allow: expected });
}

function send(response: ServerResponse, { status, headers, answer }: Reply): void {
  const isText = typeof answer === "string";
  // Prometheus reads plain text of this version.
  const type = isText ? "text/plain; version=0.0.4" : "application/json";
  response.writeHead(status, { ...headers, "Content-Type": type });
  response.end(isText ? answer : `${JSON.stringify(answer)}\n`);
}
