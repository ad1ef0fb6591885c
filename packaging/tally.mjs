// Adds up runs of vitest. A test that began and never ended, and a file that was not run, are failures.

/**
 * A test in vitest's JSON report.
 *
 * @typedef {object} TestReport
 * @property {string} status
 * @property {string} [fullName] titles of its groups and its own
 * @property {readonly string[]} [failureMessages] of every try, also where a later one passed
 */

/**
 * A file of tests in vitest's JSON report.
 *
 * @typedef {object} FileReport
 * @property {string} name absolute path
 * @property {string} status
 * @property {readonly TestReport[]} assertionResults
 */

/**
 * One run of vitest.
 *
 * @typedef {object} Run
 * @property {number | null} status exit status; null when a signal ended it
 * @property {readonly FileReport[]} files
 */

/** Names a root with an Engine that no distribution's package ships (test/support/lab/eras.ts). */
export const ROOT_29 = 'RULESGUARD_LAB_ROOT_29_7';

/**
 * Whether a test was skipped only because that root is missing: it cannot be required of everybody.
 *
 * @param {TestReport} test
 * @param {string | undefined} root value of the variable
 */
export const lacksRoot29 = ({ status, fullName = '' }, root) =>
  status === 'skipped' &&
  (root ?? '') === '' &&
  fullName.includes(`(skipped: no root of Engine 29.7: ${ROOT_29} names none)`);

/**
 * Adds up the reports of runs.
 *
 * @param {readonly Run[]} runs
 * @param {readonly string[]} files absolute paths of those that had to run
 * @param {boolean} underCi whether a skipped test counts as failed, and so does a file that no report names
 * @param {string | undefined} root29 value of {@link ROOT_29}: without it the tests that need it may be skipped
 */
export function tally(runs, files, underCi, root29 = process.env[ROOT_29]) {
  const sums = runs.map((run) => sumOf(run, root29));
  const sum = (/** @type {'passed' | 'failed' | 'notRun' | 'excused'} */ what) =>
    sums.reduce((total, one) => total + one[what], 0);
  const reported = new Set(runs.flatMap((run) => run.files.map(({ name }) => name)));
  const absent = underCi ? files.filter((file) => !reported.has(file)) : [];
  return {
    passed: sum('passed'),
    failed: sum('failed') + absent.length + (underCi ? sum('notRun') : 0),
    skipped: underCi ? 0 : sum('notRun') + sum('excused'),
    excused: sum('excused'),
    absent,
    secondTry: runs.flatMap(({ files }) => files).flatMap(passedAtSecondTry),
    failures: runs.flatMap(({ files }) => files).flatMap(failuresOf),
  };
}

/**
 * The tests of a file that failed, with where and why: the end of a long log is often all that is kept of it.
 *
 * @param {FileReport} file
 */
const failuresOf = ({ name, status, assertionResults }) => {
  const failed = assertionResults.filter((test) => test.status === 'failed' || test.status === 'pending');
  if (failed.length === 0) return status === 'failed' ? [`${name}: could not be loaded`] : [];
  return failed.map(
    ({ fullName = '', failureMessages = [] }) =>
      `${name}: ${fullName}: ${failureMessages[0]?.split('\n')[0] ?? 'never ended'}`,
  );
};

/**
 * Titles of the tests of a file that failed before they passed: such a test waits for time where it should wait for a fact.
 *
 * @param {FileReport} file
 */
const passedAtSecondTry = ({ assertionResults }) =>
  assertionResults
    .filter(({ status, failureMessages = [] }) => status === 'passed' && failureMessages.length > 0)
    .map(({ fullName = '' }) => fullName);

/**
 * @param {Run} run
 * @param {string | undefined} root29
 */
function sumOf({ status, files }, root29) {
  const tests = files.flatMap(({ assertionResults }) => assertionResults);
  const having = (/** @type {string} */ state) => tests.filter((test) => test.status === state).length;
  // A file that could not be loaded has no tests to fail.
  const broken = files.filter((file) => file.status === 'failed' && file.assertionResults.length === 0);
  // `pending` is a test whose worker died meanwhile. Vitest reports such a file as passed (4.1.12).
  const failed = having('failed') + having('pending') + broken.length;
  const passed = having('passed');
  const excused = tests.filter((test) => lacksRoot29(test, root29)).length;
  return {
    passed,
    // Vitest also fails for reasons outside any test: an unhandled rejection, a worker that died, no test at all.
    failed: status !== 0 && failed === 0 ? 1 : failed,
    notRun: tests.length - passed - having('failed') - having('pending') - excused,
    excused,
  };
}
