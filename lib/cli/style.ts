import util from "node:util";

type Style = "bold" | "dim" | "red" | "green" | "yellow" | "cyan";

/** Writes a text in a style. */
export type Paint = (style: Style, text: string) => string;

interface Stream {
  readonly isTTY?: boolean;
  hasColors?(): boolean;
}

/** Returns what writes styles, if a stream shows them: NO_COLOR and dumb terminals forbid it. */
export function paintFor(stream: Stream): Paint {
  const isColoured = stream.isTTY === true && stream.hasColors?.() === true;
  // Node has it from 20.12 on.
  const { styleText } = util as Partial<typeof util>;
  if (!isColoured || styleText === undefined) return (_, text) => text;
  const always = styleText as (style: Style, text: string, options: object) => string;
  return (style, text) => always(style, text, { validateStream: false });
}
