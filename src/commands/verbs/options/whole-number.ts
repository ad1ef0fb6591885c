/** A whole number of at least `least`; yargs alone would let `--keep=x` through as NaN. */
export function wholeNumber(name: string, least: number) {
  return (value: unknown): number => {
    const number = Number(value);
    if (!Number.isInteger(number) || number < least)
      throw new Error(`--${name} takes a whole number of at least ${String(least)}, not ${String(value)}`);
    return number;
  };
}
