// ZSTD data, which Node.js decompresses since 22.15, and before that an optional package.
import zlib from "node:zlib";
import { CompressionError } from "./compression-error.js";
import { loadOptional } from "./optional.js";

/** Decompresses data, which have to fill an array. */
export type Decompress = (bytes: Uint8Array, into: Uint8Array) => void;

/** Returns data that should have some length, and no more than that. */
type Decode = (bytes: Uint8Array, length: number) => Uint8Array;

/** The part of zstddec that decompresses. */
interface ZstdPackage {
  readonly ZSTDDecoder: new () => { init(): Promise<void>; decode: Decode };
}

type ZstdSync = (bytes: Uint8Array, options: { maxOutputLength: number }) => Uint8Array;

/** The package has 2 GiB for data and result, and does not notice that they do not fit. */
const mostOfPackage = 2 ** 30;

async function loadPackage(): Promise<Decode> {
  const { ZSTDDecoder } = loadOptional("zstddec") as ZstdPackage;
  const decoder = new ZSTDDecoder();
  await decoder.init();
  return (bytes, length) => {
    if (bytes.length + length <= mostOfPackage) return decoder.decode(bytes, length);
    throw new CompressionError("ZSTD data of more than 1 GiB, which need Node.js 22.15");
  };
}

function decodeByNode(decompress: ZstdSync): Decode {
  return (bytes, length) => {
    try {
      return decompress(bytes, { maxOutputLength: length });
    } catch (error) {
      throw damaged(error);
    }
  };
}

const damaged = (cause?: unknown) =>
  new CompressionError("ZSTD data that are damaged, or of another length than stated", { cause });

/** Returns the function that decompresses ZSTD data. */
export async function loadZstd(): Promise<Decompress> {
  const { zstdDecompressSync } = zlib as { zstdDecompressSync?: ZstdSync };
  const decode =
    zstdDecompressSync === undefined ? await loadPackage() : decodeByNode(zstdDecompressSync);
  return (bytes, into) => {
    const decoded = decode(bytes, into.length);
    if (decoded.length !== into.length) throw damaged();
    into.set(decoded);
  };
}
