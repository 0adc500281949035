/**
 * Writes a float32 number in as few digits as tell it from every other one. Every number that the
 * page shows is exact in this sense.
 */
export function shortest(value: number): string {
  for (let digits = 1; digits < 9; digits++) {
    const text = value.toPrecision(digits);
    if (Math.fround(Number(text)) === value) return String(Number(text));
  }
  return String(value);
}

/** The same with the sign of positive numbers, and a minus sign that is as wide as the plus sign. */
export function signed(value: number): string {
  const text = shortest(value).replace("-", "−");
  return value > 0 ? `+${text}` : text;
}
