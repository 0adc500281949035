// Bodies of Arrow messages that are compressed: each of their regions is a length, and then a frame
// that is decompressed to so many bytes.
import { ImpossibleMetadata, type RecordInfo, type Region } from "./arrow-check.js";
import { CompressionError } from "./compression-error.js";
import { aligned, fieldAt, longAt } from "./flatbuffer.js";
import { decompressLz4 } from "./lz4.js";
import { type Decompress, loadZstd } from "./zstd.js";

const compressionFields = { codec: 4, method: 6 };

/** The length of a region that is not compressed, because that would make it longer. */
const notCompressed = -1;
const lengthOfLength = 8;

interface Codec {
  /** How many bytes one of a frame becomes at most. A region that claims more is damaged. */
  readonly expansion: number;
  load(): Promise<Decompress>;
}

/** The codecs, by their number. A byte of LZ4 lengthens a match; four of ZSTD are 128 KiB. */
const codecs: readonly Codec[] = [
  { expansion: 255, load: async () => decompressLz4 },
  { expansion: 2 ** 15, load: loadZstd },
];

function codecOf(metadata: Buffer, compression: number): Codec {
  const numberOf = (field: number) => {
    const place = fieldAt(metadata, compression, field);
    return place === undefined ? 0 : metadata.readInt8(place);
  };
  const number = numberOf(compressionFields.codec);
  const codec = codecs[number];
  if (codec !== undefined && numberOf(compressionFields.method) === 0) return codec;
  throw new CompressionError(`one with an unknown compression (codec ${number})`);
}

/** The bytes of a region, and where it goes in the body that is not compressed. */
interface Frame {
  readonly bytes: Buffer;
  readonly isCompressed: boolean;
  readonly region: Region;
}

function frameAt(body: Buffer, region: Region, offset: number, expansion: number): Frame {
  const { at } = region;
  const isEmpty = region.length === 0;
  if (!isEmpty && region.length < lengthOfLength) throw new ImpossibleMetadata();
  const bytes = body.subarray(region.offset + lengthOfLength, region.offset + region.length);
  const claimed = isEmpty ? 0 : longAt(body, region.offset);
  const length = claimed === notCompressed ? bytes.length : claimed;
  if (!(length >= 0 && length <= expansion * bytes.length)) {
    throw new CompressionError(`${bytes.length} compressed bytes that claim to be ${claimed}`);
  }
  return { bytes, isCompressed: claimed !== notCompressed, region: { at, offset, length } };
}

/** A body that can be written without compression. */
export interface CompressedBody {
  /** Its length without compression. */
  readonly length: number;
  readonly regions: readonly Region[];
  /** Decompresses it. */
  writeTo(target: Buffer): void;
}

/** Reads where the regions of a compressed body go, without decompressing them. */
export async function openCompressed(
  metadata: Buffer,
  { regions, compression }: RecordInfo & { compression: number },
  body: Buffer,
): Promise<CompressedBody> {
  const { expansion, load } = codecOf(metadata, compression);
  const frames: Frame[] = [];
  let length = 0;
  for (const region of regions) {
    const frame = frameAt(body, region, length, expansion);
    frames.push(frame);
    length += aligned(frame.region.length);
  }
  const decompress = await load();
  return {
    length,
    regions: frames.map(({ region }) => region),
    writeTo(target) {
      for (const { bytes, isCompressed, region } of frames) {
        const into = target.subarray(region.offset, region.offset + region.length);
        if (!isCompressed) into.set(bytes);
        else if (into.length > 0) decompress(bytes, into);
      }
    },
  };
}
