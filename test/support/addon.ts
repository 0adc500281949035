// The addon without the library around it: nothing checks before the binding.
import { createRequire } from "node:module";
import { backend } from "maxmargin";
import { frameSize, type Slot, slot, slotSizes } from "../../lib/backend/call-frame.js";

/** The index of each slot of the frame, and how many numbers it has. */
export const slots = Object.fromEntries(
  Object.entries(slotSizes).map(([name, count]) => [name, [slot[name as Slot], count]]),
) as Record<Slot, [index: number, count: number]>;

/** Anything may be handed over in these places. */
export interface Addon {
  initialize(frame: unknown): Float64Array;
  evaluate(...values: unknown[]): void;
  evaluateWith(frame: unknown, ...values: unknown[]): void;
  evaluateInBackground(frame: unknown, ...values: unknown[]): Promise<void>;
  overlaps(a: unknown, b: unknown): boolean;
  losses(): string[];
  kernels(): string[];
  useKernel(name: unknown): boolean;
  threads(): number;
  setThreads(count: unknown): void;
  callFrame(): Record<string, [index: number, count: number]>;
}

export const addon = createRequire(import.meta.url)(backend().binary as string) as Addon;

export type Numbers = Partial<Record<Slot, number | readonly number[]>>;

export function write(frame: Float64Array, numbers: Numbers): Float64Array {
  for (const [slot, value] of Object.entries(numbers) as [Slot, number | readonly number[]][]) {
    frame.set(typeof value === "number" ? [value] : value, slots[slot][0]);
  }
  return frame;
}

export const newFrame = (numbers: Numbers): Float64Array =>
  write(new Float64Array(frameSize), numbers);

/** The number, or the first one, of a slot. */
export const numberIn = (frame: Float64Array, slot: Slot) => frame[slots[slot][0]] as number;
