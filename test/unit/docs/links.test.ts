import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it, test } from 'vitest';

const ROOT = path.resolve(import.meta.dirname, '../../..');
const absolute = (file: string): string => path.join(ROOT, file);
const read = (file: string): string => readFileSync(absolute(file), 'utf8');

const DOCUMENTS = [
  'README.md',
  'CONTRIBUTING.md',
  'CHANGELOG.md',
  'baselines/README.md',
  'test/fixtures/README.md',
  ...readdirSync(absolute('docs'), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.md'))
    .map((file) => path.join('docs', file)),
];

/** Markdown without its code blocks and inline code, where brackets are no links. */
const prose = (text: string): string => text.replace(/^```[\s\S]*?^```/gm, '').replace(/`[^`\n]*`/g, '');

/** The anchors of a document's headings, as GitHub makes them: a repeated one is numbered. */
function anchorsOf(text: string): ReadonlySet<string> {
  const seen = new Map<string, number>();
  const headings = [...text.replace(/^```[\s\S]*?^```/gm, '').matchAll(/^#{1,6} +(.+)$/gm)];
  return new Set(
    headings.map(([, heading = '']) => {
      const words = heading.replace(/\[([^\]]*)\]\([^)]*\)/g, '$1').toLowerCase();
      const anchor = words.replace(/[^\p{L}\p{N}\s_-]/gu, '').replaceAll(' ', '-');
      const times = seen.get(anchor) ?? 0;
      seen.set(anchor, times + 1);
      return times === 0 ? anchor : `${anchor}-${String(times)}`;
    }),
  );
}

interface Link {
  readonly text: string;
  /** The file it leads to, from the project's root; the document itself for a link to a heading of its own. */
  readonly file: string;
  readonly anchor: string | undefined;
}

function linksOf(document: string): readonly Link[] {
  return [...prose(read(document)).matchAll(/\]\(([^)\s]+)\)/g)].flatMap(([, target = '']) => {
    if (/^[a-z]+:/.test(target)) return [];
    const [name = '', anchor] = target.split('#');
    const file = name === '' ? document : path.normalize(path.join(path.dirname(document), name));
    return [{ text: target, file, anchor }];
  });
}

function isDead({ file, anchor }: Link): boolean {
  if (!existsSync(absolute(file))) return true;
  return anchor !== undefined && !(file.endsWith('.md') && anchorsOf(read(file)).has(anchor));
}

describe('links', () => {
  it.each(DOCUMENTS)('of %s lead somewhere', (document) => {
    expect(
      linksOf(document)
        .filter(isDead)
        .map(({ text }) => text),
    ).toEqual([]);
  });

  it('of what the package ships lead to what it ships', () => {
    const { files } = JSON.parse(read('package.json')) as { files: readonly string[] };
    const shipped = ['README.md', 'LICENSE', 'package.json', ...files];
    const isShipped = (file: string): boolean =>
      shipped.some((one) => file === one || file.startsWith(`${one}/`));
    const dead = DOCUMENTS.filter(isShipped).flatMap((document) =>
      linksOf(document)
        .filter(({ file }) => !isShipped(file))
        .map(({ text }) => `${document}: ${text}`),
    );
    expect(dead).toEqual([]);
  });

  it('of docs/README.md name every page of docs', () => {
    const linked = new Set(linksOf('docs/README.md').map(({ file }) => file));
    const indexes = new Set(['docs/decisions', 'docs/evidence', 'docs/reference']);
    const pages = DOCUMENTS.filter((file) => file.startsWith('docs/') && file !== 'docs/README.md');
    const missing = pages.filter((page) => {
      const folder = path.dirname(page);
      if (!indexes.has(folder) || path.basename(page) === 'README.md') return !linked.has(page);
      return !linksOf(path.join(folder, 'README.md')).some(({ file }) => file === page);
    });
    expect(missing).toEqual([]);
  });
});

/** The sources, the tests and what builds them. */
const CODE = ['src', 'test', 'packaging', 'bin'].flatMap((folder) =>
  readdirSync(absolute(folder), { recursive: true, encoding: 'utf8' })
    .filter((file) => /\.(?:ts|mjs|js|sh)$/.test(file) && !file.startsWith('generated/'))
    .map((file) => path.join(folder, file)),
);

test('a page that a comment cites is there, with the section', () => {
  const cited = CODE.flatMap((file) =>
    [...read(file).matchAll(/\bdocs\/[\w/-]+\.md(?:#([\w-]+))?/g)].map(([text, anchor]) => ({
      text: `${file}: ${text}`,
      file: text.split('#')[0] ?? '',
      anchor,
    })),
  );
  expect(cited.length).toBeGreaterThan(30);
  expect(cited.filter(isDead).map(({ text }) => text)).toEqual([]);
});

/** A file of the project by its path from the root; a name in capitals is a placeholder. */
const PROJECT_FILE =
  /(?<![\w/.-])(?:src|test|packaging|schemas|baselines|bin)\/[\w./-]+\.(?:ts|mjs|js|json|md|sh|pl)\b/g;
const filesNamedIn = (text: string): readonly string[] =>
  [...text.matchAll(PROJECT_FILE)]
    .map(([name]) => name)
    .filter((name) => !/\b[A-Z]{4,}\b(?!\.md)/.test(name));

test('a file that a comment cites is there', () => {
  const cited = CODE.flatMap((file) => {
    const comments = read(file)
      .split('\n')
      .filter((line) => /^\s*(?:\/?\*|\/\/|#)/.test(line));
    return filesNamedIn(comments.join('\n')).map((name) => ({ name, text: `${file}: ${name}` }));
  });
  expect(cited.length).toBeGreaterThan(20);
  expect(cited.filter(({ name }) => !existsSync(absolute(name))).map(({ text }) => text)).toEqual([]);
});

test('a file that a document names is there', () => {
  const named = DOCUMENTS.filter((document) => document !== 'CHANGELOG.md').flatMap((document) =>
    filesNamedIn(read(document).replace(/^```[\s\S]*?^```/gm, '')).map((name) => ({
      name,
      text: `${document}: ${name}`,
    })),
  );
  expect(named.length).toBeGreaterThan(20);
  expect(named.filter(({ name }) => !existsSync(absolute(name))).map(({ text }) => text)).toEqual([]);
});

test('a test that a document names is there', () => {
  const named = DOCUMENTS.filter((document) => document !== 'CHANGELOG.md').flatMap((document) =>
    [...prose(read(document).replaceAll('`', '')).matchAll(/[\w./-]+\.test\.ts\b/g)]
      .map(([name]) => ({ name, text: `${document}: ${name}` }))
      .filter(({ name }) => !/[A-Z]{4,}/.test(name)),
  );
  const isThere = (name: string): boolean => CODE.some((file) => file === name || file.endsWith(`/${name}`));
  expect(named.length).toBeGreaterThan(20);
  expect(named.filter(({ name }) => !isThere(name)).map(({ text }) => text)).toEqual([]);
});

test('docs/ARCHITECTURE.md names files that are there', () => {
  const files = [...CODE, '.dependency-cruiser.mjs', 'eslint.config.js'];
  const named = [...read('docs/ARCHITECTURE.md').matchAll(/`([\w./-]+\.(?:ts|mjs|js))`/g)].map(
    ([, name = '']) => name,
  );
  expect(named.length).toBeGreaterThan(40);
  expect(named.filter((name) => !files.some((file) => file === name || file.endsWith(`/${name}`)))).toEqual(
    [],
  );
});

test('README.md holds at most 12 KB: what is longer stands in docs', () => {
  expect(statSync(absolute('README.md')).size).toBeLessThanOrEqual(12 * 1024);
});
