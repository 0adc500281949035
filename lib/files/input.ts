import { createReadStream } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { createGunzip, createInflateRaw } from "node:zlib";
import { fileError } from "./data-error.js";

/** Bytes that are read one after the other, into memory of the caller. */
export interface Input {
  /** The file's name in messages. */
  readonly name: string;
  /** The number of bytes, if it is known. */
  readonly size: number | undefined;
  /** Fills an array; returns fewer bytes than fit only at the end. */
  read(into: Uint8Array): Promise<number>;
  /** Continues at another place, where the input can; absent where it cannot. */
  seek?(position: number): void;
  /** The share of the bytes that have been read, if it is known. */
  progress(): number | undefined;
  close(): Promise<void>;
}

/** Headers are read in pieces of some bytes, which come from a read of this size. */
const shortRead = 4096;

/** A part of a file, by default all of it. */
export class FileInput implements Input {
  readonly name: string;
  readonly size: number;
  readonly #handle: FileHandle;
  readonly #start: number;
  #at = 0;
  /** Bytes that a short read has read ahead, and where they are. */
  #ahead = { start: 0, bytes: new Uint8Array() };

  constructor(name: string, handle: FileHandle, start: number, size: number) {
    this.name = name;
    this.#handle = handle;
    this.#start = start;
    this.size = size;
  }

  static async open(path: string): Promise<FileInput> {
    try {
      const handle = await open(path);
      const stats = await handle.stat();
      if (stats.isDirectory()) {
        await handle.close();
        throw Object.assign(new Error(), { code: "EISDIR" });
      }
      return new FileInput(path, handle, 0, stats.size);
    } catch (error) {
      throw fileError(path, error);
    }
  }

  /** Returns a part as an input of its own, which shares the open file. */
  part(name: string, start: number, size: number): FileInput {
    return new FileInput(name, this.#handle, start, size);
  }

  seek(position: number): void {
    this.#at = position;
  }

  async read(into: Uint8Array): Promise<number> {
    const read = into.length < shortRead ? await this.#readShort(into) : await this.#fill(into);
    this.#at += read;
    return read;
  }

  async #readShort(into: Uint8Array): Promise<number> {
    const isAhead = () => {
      const { start, bytes } = this.#ahead;
      const end = Math.min(this.#at + into.length, this.size);
      return this.#at >= start && end <= start + bytes.length;
    };
    if (!isAhead()) {
      const bytes = new Uint8Array(shortRead);
      const length = await this.#fill(bytes);
      this.#ahead = { start: this.#at, bytes: bytes.subarray(0, length) };
    }
    const { start, bytes } = this.#ahead;
    const part = bytes.subarray(this.#at - start, this.#at - start + into.length);
    into.set(part);
    return part.length;
  }

  /** Reads what is at the current place. */
  async #fill(into: Uint8Array): Promise<number> {
    const wanted = Math.min(into.length, this.size - this.#at);
    let filled = 0;
    while (filled < wanted) {
      const position = this.#start + this.#at + filled;
      let bytesRead: number;
      try {
        ({ bytesRead } = await this.#handle.read(into, filled, wanted - filled, position));
      } catch (error) {
        throw fileError(this.name, error);
      }
      if (bytesRead === 0) break;
      filled += bytesRead;
    }
    return filled;
  }

  progress(): number {
    return this.size === 0 ? 1 : this.#at / this.size;
  }

  close(): Promise<void> {
    return this.#handle.close();
  }
}

/** Bytes of a stream: standard input, or what decompresses a file. */
export class StreamInput implements Input {
  readonly name: string;
  readonly size: number | undefined;
  readonly #chunks: AsyncIterator<Uint8Array>;
  readonly #progress: () => number | undefined;
  #rest: Uint8Array = new Uint8Array();

  constructor(
    name: string,
    stream: AsyncIterable<Uint8Array>,
    size?: number,
    progress: () => number | undefined = () => undefined,
  ) {
    this.name = name;
    this.size = size;
    this.#chunks = stream[Symbol.asyncIterator]();
    this.#progress = progress;
  }

  async read(into: Uint8Array): Promise<number> {
    let filled = 0;
    while (filled < into.length) {
      if (this.#rest.length === 0) {
        const next = await this.#next();
        if (next === undefined) break;
        this.#rest = next;
      }
      const part = this.#rest.subarray(0, into.length - filled);
      into.set(part, filled);
      filled += part.length;
      this.#rest = this.#rest.subarray(part.length);
    }
    return filled;
  }

  async #next(): Promise<Uint8Array | undefined> {
    try {
      const { done, value } = await this.#chunks.next();
      return done ? undefined : value;
    } catch (error) {
      throw fileError(this.name, error);
    }
  }

  progress(): number | undefined {
    return this.#progress();
  }

  async close(): Promise<void> {
    await this.#chunks.return?.();
  }
}

const streamOptions = { highWaterMark: 1 << 18 };

/** Opens a file that gzip compressed. */
export async function openGzip(path: string): Promise<Input> {
  const file = await FileInput.open(path);
  await file.close();
  const compressed = createReadStream(path, streamOptions);
  const plain = compressed.pipe(createGunzip({ chunkSize: 1 << 16 }));
  compressed.once("error", (error) => plain.destroy(error));
  plain.once("close", () => compressed.destroy());
  const progress = () => Math.min(1, compressed.bytesRead / Math.max(1, file.size));
  return new StreamInput(path, plain, undefined, progress);
}

/** Where the deflated bytes of a part of a file are, and how many they become. */
export interface Deflated {
  readonly start: number;
  readonly compressed: number;
  readonly size: number;
}

/** Opens a part of a file that is deflated. */
export function openDeflated(path: string, name: string, part: Deflated): Input {
  const { start, compressed, size } = part;
  const end = start + compressed - 1;
  const bytes = createReadStream(path, { ...streamOptions, start, end });
  const plain = bytes.pipe(createInflateRaw({ chunkSize: 1 << 16 }));
  bytes.once("error", (error) => plain.destroy(error));
  plain.once("close", () => bytes.destroy());
  return new StreamInput(name, plain, size, () => bytes.bytesRead / Math.max(1, compressed));
}
