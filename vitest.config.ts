import { defineConfig } from 'vitest/config';

/** Layers of docs/ARCHITECTURE.md: everything up to `property` runs anywhere, the rest needs root and real tools. */
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
      { extends: true, test: { name: 'unit', include: ['test/unit/**/*.test.ts'] } },
      {
        extends: true,
        test: { name: 'property', include: ['test/property/**/*.test.ts'], testTimeout: 120_000 },
      },
      {
        extends: true,
        test: {
          name: 'cli',
          include: ['test/cli/**/*.test.ts'],
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
      {
        extends: true,
        test: {
          name: 'kernel',
          include: ['test/kernel/**/*.test.ts'],
          testTimeout: 300_000,
          hookTimeout: 120_000,
        },
      },
      {
        extends: true,
        test: {
          name: 'engine',
          include: ['test/engine/**/*.test.ts'],
          testTimeout: 600_000,
          // The first run makes one root file system per Engine release.
          hookTimeout: 900_000,
          // One dockerd at a time: they share the machine's cgroups, and two processors.
          fileParallelism: false,
        },
      },
    ],
  },
});
