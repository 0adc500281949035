// Numbers in the bytes of a text.

const zero = 48;
const minus = 45;
const point = 46;
const letterE = 101;

/** The powers of ten that a double holds exactly. */
const powers = Float64Array.from({ length: 23 }, (_, exponent) => Number(`1e${exponent}`));

/** Integers below it are exact. */
const limit = 2 ** 53;

/** Reads numbers from bytes. `at` is where the last one ended. */
export class DecimalReader {
  at = 0;

  /**
   * Reads the number that begins at `start`. The bytes have to end in something that is no digit.
   *
   * An integer below 2 ** 53, times or divided by a power of ten up to 10 ** 22, is one operation on
   * two exact doubles, which rounds once: the result is that of `Number()`, which reads all others.
   *
   * @returns the number; NaN for all that is no decimal.
   */
  read(bytes: Buffer, start: number): number {
    let at = start;
    let byte = bytes[at] as number;
    const isNegative = byte === minus;
    if (isNegative) byte = bytes[++at] as number;
    const first = at;
    let mantissa = 0;
    let digit = byte - zero;
    while (digit >= 0 && digit <= 9) {
      mantissa = mantissa * 10 + digit;
      digit = (bytes[++at] as number) - zero;
    }
    let digits = at - first;
    let exponent = 0;
    if (bytes[at] === point) {
      const fraction = ++at;
      digit = (bytes[at] as number) - zero;
      while (digit >= 0 && digit <= 9) {
        mantissa = mantissa * 10 + digit;
        digit = (bytes[++at] as number) - zero;
      }
      exponent = fraction - at;
      digits += at - fraction;
    }
    if (digits === 0) return Number.NaN;
    if (((bytes[at] as number) | 32) === letterE) {
      exponent += this.#exponent(bytes, at + 1);
      at = this.at;
    } else this.at = at;
    if (!(mantissa < limit && exponent >= -22 && exponent <= 22)) {
      return Number(bytes.toString("latin1", start, at));
    }
    const value =
      exponent < 0
        ? mantissa / (powers[-exponent] as number)
        : mantissa * (powers[exponent] as number);
    return isNegative ? -value : value;
  }

  #exponent(bytes: Buffer, start: number): number {
    let at = start;
    const isNegative = bytes[at] === minus;
    if (isNegative || bytes[at] === 43) at++;
    const first = at;
    let exponent = 0;
    let digit = (bytes[at] as number) - zero;
    while (digit >= 0 && digit <= 9) {
      exponent = exponent * 10 + digit;
      digit = (bytes[++at] as number) - zero;
    }
    this.at = at;
    if (at === first) return Number.NaN;
    return isNegative ? -exponent : exponent;
  }
}

const names: Readonly<Record<string, number>> = {
  nan: Number.NaN,
  inf: Infinity,
  infinity: Infinity,
};

/**
 * Returns the number that a text is for `Number()`, or for other languages: `nan`, `inf` and so on,
 * in any case. Returns undefined for all other texts.
 */
export function numberIn(text: string): number | undefined {
  const value = Number(text);
  if (!Number.isNaN(value)) return text.trim() === "" ? undefined : value;
  const [, sign, name = ""] = /^\s*([-+]?)([a-z]+)\s*$/i.exec(text) ?? [];
  const named = names[name.toLowerCase()];
  return named === undefined || sign !== "-" ? named : -named;
}
