import type { LinkAddress } from '../../trace/network-state.ts';

/** What is there no more, and what has come. */
export interface Difference<Value> {
  readonly gone: readonly Value[];
  readonly added: readonly Value[];
}

/** What differs between two lists of values, which are told apart by their keys. */
export function difference<Value>(
  before: readonly Value[],
  after: readonly Value[],
  keyOf: (value: Value) => string,
): Difference<Value> {
  const [was, is] = [new Set(before.map(keyOf)), new Set(after.map(keyOf))];
  return {
    gone: before.filter((one) => !is.has(keyOf(one))),
    added: after.filter((one) => !was.has(keyOf(one))),
  };
}

/** What tells an address of an interface from its others. */
export const addressKey = ({ family, address, length }: LinkAddress): string =>
  `${family} ${address}/${String(length)}`;
