// For yargs: the module `assert` costs 0.6 ms, and is needed only for the text of a failure.

/** @type {(actual: unknown, expected: unknown, message?: string) => void} */
export function strictEqual(actual, expected, message) {
  if (Object.is(actual, expected)) return;
  /** @type {import('node:assert')} */
  const assert = require('node:assert');
  assert.strictEqual(actual, expected, message);
}

/** @type {(actual: unknown, expected: unknown, message?: string) => void} */
export function notStrictEqual(actual, expected, message) {
  if (!Object.is(actual, expected)) return;
  /** @type {import('node:assert')} */
  const assert = require('node:assert');
  assert.notStrictEqual(actual, expected, message);
}
