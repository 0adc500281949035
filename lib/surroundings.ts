// What the library needs of its surroundings, taken when it is loaded. Globals may lack, as in the contexts that test
// runners make, or be fakes that others have put there, at any time; and a program may have no leave to ask.
import os from "node:os";
import process from "node:process";
import * as timers from "node:timers/promises";
import { MessageChannel, receiveMessageOnPort } from "node:worker_threads";

/** A variable of the environment. One that is empty, or must not be read, is as good as none. */
export function variable(name: string): string | undefined {
  try {
    return process.env[name] || undefined;
  } catch {
    return undefined;
  }
}

/** How many processors there are, as far as the system tells. */
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
 * Waits for the next turn of the event loop. Fake timers replace functions of Node's modules too, and even before the
 * library is loaded, but not the scheduler, which not every runtime has.
 */
export const nextTurn: () => Promise<void> =
  typeof scheduler?.yield === "function" ? () => scheduler.yield() : () => setImmediate();

const uptime = process.uptime.bind(process);

/** The time in milliseconds, from some point on. Fake timers stop the other clocks. */
export const now = () => 1000 * uptime();

/** The constructor of memory that cannot be detached; without one, of memory that nobody else gets hold of. */
export const SharedMemory: new (bytes: number) => ArrayBufferLike =
  typeof SharedArrayBuffer === "undefined" ? ArrayBuffer : SharedArrayBuffer;

let channel: MessageChannel | undefined;

/** Moves buffers into new ones. `structuredClone` may lack, and its stand-ins copy. */
export function moveBuffers(buffers: ArrayBuffer[]): ArrayBuffer[] {
  channel ??= new MessageChannel();
  // Nobody listens, so that nothing keeps the process alive, and a message can be received at once.
  channel.port1.postMessage(buffers, buffers);
  return (receiveMessageOnPort(channel.port2) as { message: ArrayBuffer[] }).message;
}
