import { defineConfig } from 'vitest/config';

/**
 * Under CI a test with real daemons has a second try, and is named at the end of the run when it needed it: the machine is shared, and
 * one test of seven thousand must not hide what the others say.
 */
const retry = process.env['CI'] === undefined ? 0 : 1;

/** Files of a layer that a campaign runs, and `npm test` has no time for. */
const long = (layer: string): readonly string[] =>
  process.env['RULESGUARD_CAMPAIGN'] === '1' ? [`test/${layer}/**/*.long.ts`] : [];

/**
 * Layers of docs/ARCHITECTURE.md: everything up to `property` runs anywhere, the rest needs root and real tools. Time limits end
 * what hangs, and no more: they are ten times what a test takes on a quiet machine. Layers without effects share what a worker has
 * imported: to import it for each file again took twice as long as their tests.
 */
export default defineConfig({
  test: {
    environment: 'node',
    // Two processors are what CI has; more workers only make the timing of the kernel layers worse.
    maxWorkers: 2,
    coverage: {
      provider: 'v8',
      include: ['src/**'],
      exclude: ['src/generated/**'],
      reportsDirectory: 'coverage',
    },
    projects: [
      {
        extends: true,
        test: { name: 'unit', include: ['test/unit/**/*.test.ts'], testTimeout: 300_000, isolate: false },
      },
      {
        extends: true,
        test: {
          name: 'property',
          include: ['test/property/**/*.test.ts'],
          testTimeout: 600_000,
          isolate: false,
        },
      },
      {
        extends: true,
        test: {
          name: 'cli',
          retry,
          include: ['test/cli/**/*.test.ts', ...long('cli')],
          testTimeout: 900_000,
          hookTimeout: 900_000,
        },
      },
      {
        extends: true,
        test: {
          name: 'kernel',
          retry,
          include: ['test/kernel/**/*.test.ts'],
          testTimeout: 900_000,
          hookTimeout: 900_000,
        },
      },
      {
        extends: true,
        test: {
          name: 'engine',
          retry,
          include: ['test/engine/**/*.test.ts', ...long('engine')],
          testTimeout: 1_200_000,
          // The first run makes one root file system per Engine release.
          hookTimeout: 900_000,
          // One dockerd at a time: they share the machine's cgroups, and two processors.
          fileParallelism: false,
          sequence: { groupOrder: 1 },
        },
      },
      {
        extends: true,
        test: {
          name: 'host',
          retry,
          include: [
            'test/host/**/*.test.ts',
            // Boots a host twice, which takes a quarter of an hour on a busy machine: on demand.
            ...(process.env['RULESGUARD_HOST_ALL'] === undefined ? [] : ['test/host/**/*.long.ts']),
          ],
          // A root is built, and a kernel is emulated.
          hookTimeout: 3_600_000,
          fileParallelism: false,
          // Behind the Engines, when the layers that compute have ended: an emulated kernel takes both processors.
          sequence: { groupOrder: 2 },
        },
      },
    ],
  },
});
