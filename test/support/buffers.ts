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

declare const WebAssembly: {
  Memory: new (size: { initial: number }) => { readonly buffer: ArrayBuffer };
};

/** The memory of some pages of a WebAssembly module, which cannot be detached. */
export const newWebAssemblyMemory = (pages: number) =>
  new WebAssembly.Memory({ initial: pages }).buffer;
