// What the types of ES2022 do not know yet.
interface Resizable extends ArrayBuffer {
  resize(length: number): void;
}

export const ResizableBuffer = ArrayBuffer as unknown as new (
  length: number,
  options: { maxByteLength: number },
) => Resizable;

/** Hands the memory to a buffer that nobody keeps. */
export function detach(buffer: ArrayBufferLike): void {
  structuredClone(buffer, { transfer: [buffer as ArrayBuffer] });
}

export const GrowableBuffer = SharedArrayBuffer as unknown as new (
  length: number,
  options: { maxByteLength: number },
) => SharedArrayBuffer & { grow(length: number): void };

interface Pages {
  readonly buffer: ArrayBuffer;
  grow(pages: number): void;
}

/** Memory of WebAssembly, in pages of 64 KiB. */
export const WebAssemblyMemory = (
  globalThis as unknown as {
    WebAssembly: {
      Memory: new (pages: { initial: number; maximum: number; shared?: boolean }) => Pages;
    };
  }
).WebAssembly.Memory;

/** Some pages, which cannot be detached. */
export const newWebAssemblyMemory = (pages: number) =>
  new WebAssemblyMemory({ initial: pages, maximum: pages }).buffer;
