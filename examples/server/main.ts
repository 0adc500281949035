// The server as a program: `node examples/server/main.js`, with PORT and HOST in the environment.
import type { AddressInfo } from "node:net";
import { createLossServer } from "./server.js";

const { PORT = "8080", HOST = "127.0.0.1" } = process.env;

const server = createLossServer();
server.listen(Number(PORT), HOST, () => {
  const { address, port } = server.address() as AddressInfo;
  console.log(`listening on http://${address}:${port}`);
});

/** Answers what has arrived, and ends; after ten seconds in any case. */
function shutDown(): void {
  server.close();
  setTimeout(() => server.closeAllConnections(), 10_000).unref();
}

process.once("SIGTERM", shutDown);
process.once("SIGINT", shutDown);
