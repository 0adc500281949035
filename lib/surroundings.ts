// Everything that the library needs from its surroundings, captured at load. Globals can be missing,
// as in the contexts that test runners create, or be fakes that others install at any time; and a
// program may lack permissions.
import os from "node:os";
import process from "node:process";
import * as timers from "node:timers/promises";
import { MessageChannel, receiveMessageOnPort } from "node:worker_threads";

/** Returns an environment variable; undefined if it is empty, or must not be read. */
export function variable(name: string): string | undefined {
  try {
    return process.env[name] || undefined;
  } catch {
    return undefined;
  }
}

/** Returns the number of processors, and 1 if the system does not tell. */
export function processors(): number {
  try {
    const count = os.availableParallelism();
    return Number.isInteger(count) ? count : 1;
  } catch {
    return 1;
  }
}

const { scheduler, setImmediate } = timers;

/**
 * Waits for the next turn of the event loop. Fake timers also replace functions of Node's modules,
 * even before the library is loaded, but not the scheduler, which some runtimes lack.
 */
export const nextTurn: () => Promise<void> =
  typeof scheduler?.yield === "function" ? () => scheduler.yield() : () => setImmediate();

const uptime = process.uptime.bind(process);

/** Returns a time in milliseconds. Fake timers stop the other clocks. */
export const now = () => 1000 * uptime();

let channel: MessageChannel | undefined;

/** Moves buffers into new ones. `structuredClone` can be missing, and its stand-ins copy. */
export function moveBuffers(buffers: ArrayBuffer[]): ArrayBuffer[] {
  channel ??= new MessageChannel();
  // Nothing listens on the port, so it does not keep the process alive, and a message can be
  // received at once.
  channel.port1.postMessage(buffers, buffers);
  return (receiveMessageOnPort(channel.port2) as { message: ArrayBuffer[] }).message;
}
