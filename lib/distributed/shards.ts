// Where a data set is cut into shards. It depends on the data alone, not on who evaluates them.
import { wrongValue } from "../errors.js";
import { longestStep } from "../files/grid.js";
import type { RowCount, SourcedPart } from "../files/part.js";
import type { SavedSource } from "./sources.js";

/** A source whose rows have been counted. */
export interface CountedSource extends SavedSource, RowCount {}

/** Rows of a data set, and the sources that have them. */
export interface Shard {
  readonly sources: readonly SavedSource[];
  readonly part: SourcedPart;
}

/** The bytes that a row of a URL has, whose size nobody knows. */
const bytesOfRemoteRow = 8;

/** Consecutive rows of one source that are not cut further. */
interface Piece {
  readonly end: number;
  readonly bytes: number;
}

/** The shards that a driver and a database can well hold: 500 MB of Redis. */
const mostShards = 100_000;

const bytesOf = ({ bytes, rows }: CountedSource) => bytes ?? rows * bytesOfRemoteRow;

/** Checks a size of shards, which would otherwise take all memory if it is small. */
function checkCount(sources: readonly CountedSource[], shardBytes: number): void {
  const bytes = sources.reduce((sum, source) => sum + (source.canSeek ? bytesOf(source) : 0), 0);
  const least = Math.ceil(bytes / mostShards);
  if (shardBytes >= least) return;
  const expected = `at least ${least}, which is ${mostShards} shards of these files`;
  throw wrongValue("shardBytes", expected, `${shardBytes}`);
}

/** Cuts a source whose first row has the number `first`. */
function piecesOf(source: CountedSource, first: number, shardBytes: number): Piece[] {
  const { rows, canSeek } = source;
  const bytes = bytesOf(source);
  const count = canSeek ? Math.max(1, Math.ceil(bytes / shardBytes)) : 1;
  return Array.from({ length: count }, (_, i) => ({
    end: first + Math.floor((rows * (i + 1)) / count),
    bytes: bytes / count,
  }));
}

/** Returns the numbers of the rows at which shards end: about `shardBytes` each. */
function endsOf(sources: readonly CountedSource[], starts: readonly number[], shardBytes: number) {
  const ends: number[] = [];
  let [bytes, end] = [0, 0];
  const pieces = sources.flatMap((source, i) => piecesOf(source, starts[i] as number, shardBytes));
  for (const piece of pieces) {
    if (bytes > 0 && bytes + piece.bytes > shardBytes) {
      ends.push(end);
      bytes = 0;
    }
    bytes += piece.bytes;
    end = piece.end;
  }
  return [...ends, end].filter((end, i, all) => end > (all[i - 1] ?? 0));
}

/**
 * Cuts a data set into shards of about `shardBytes`: ranges of rows where a format can start at any
 * of them, otherwise whole files; small files are put together.
 *
 * A shard ends where sums can be cut, which depends on the number of predictions in a row. It
 * therefore also gets the sources of some rows after its own.
 *
 * @throws RangeError if there would be too many shards.
 */
export function cut(
  sources: readonly CountedSource[],
  shardBytes: number,
  isGrouped: boolean,
): Shard[] {
  checkCount(sources, shardBytes);
  const starts = [0];
  for (const { rows } of sources) starts.push((starts.at(-1) as number) + rows);
  const total = starts.at(-1) as number;
  const ends = endsOf(sources, starts, shardBytes);
  let from = 0;
  return ends.map((end, index) => {
    const first = ends[index - 1] ?? 0;
    const most = Math.min(total, end + longestStep(isGrouped));
    while ((starts[from + 1] as number) <= first) from++;
    let to = from;
    while (to < sources.length && (starts[to] as number) < most) to++;
    const own = sources.slice(from, to);
    return {
      sources: own.map(({ source, bytes }) => ({ source, bytes })),
      part: {
        index,
        of: ends.length,
        total,
        first,
        end,
        start: starts[from] as number,
        counts: own.map(({ rows }) => rows),
      },
    };
  });
}
