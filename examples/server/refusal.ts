import type { OutgoingHttpHeaders } from "node:http";

/** A request that is not answered with a loss: the status, and what the client should know. */
export class Refusal extends Error {
  readonly status: number;
  readonly headers: OutgoingHttpHeaders;

  constructor(status: number, message: string, headers: OutgoingHttpHeaders = {}) {
    super(message);
    this.status = status;
    this.headers = headers;
  }
}

export const badRequest = (message: string) => new Refusal(400, message);

/** Returns the refusal for an error of the library about its arguments; other errors as they are. */
export function refusalOf(error: unknown): unknown {
  const isAboutArguments = error instanceof TypeError || error instanceof RangeError;
  // Running out of memory is a RangeError too, with a code.
  return isAboutArguments && !("code" in error) ? badRequest(error.message) : error;
}
