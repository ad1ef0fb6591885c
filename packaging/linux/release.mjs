// What is released, and when: the same for everything that is made of one state of the repository.

import { readFileSync } from 'node:fs';
import path from 'node:path';

const root = path.join(import.meta.dirname, '..', '..');
const text = (/** @type {string} */ name) => readFileSync(path.join(root, name), 'utf8');

const { version, description } = JSON.parse(text('package.json'));

/** What is not yet released has no date; it must be some day, and the same for whoever builds it. */
const UNRELEASED = '2026-01-01';

const [, released = UNRELEASED] =
  new RegExp(`^## \\[${version.replaceAll('.', '\\.')}\\] - (\\d{4}-\\d{2}-\\d{2})$`, 'm').exec(
    text('CHANGELOG.md'),
  ) ?? [];

/** The version of package.json, and the day that CHANGELOG.md gives it, at midnight UTC. */
export const RELEASE = {
  version: /** @type {string} */ (version),
  summary: /** @type {string} */ (description),
  date: new Date(`${released}T00:00:00Z`),
  homepage: 'https://rulesguard.dev',
  maintainer: 'The rulesguard maintainers <maintainers@rulesguard.dev>',
};

/** Seconds since 1970, as SOURCE_DATE_EPOCH has them (https://reproducible-builds.org/specs/source-date-epoch/). */
export const EPOCH = String(RELEASE.date.getTime() / 1000);
