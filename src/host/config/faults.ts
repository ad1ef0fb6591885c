import { nearest } from '../../nearest.ts';
import type { Validator } from '../files/sealed.ts';

type SchemaError = NonNullable<Validator['errors']>[number] & {
  readonly keyword: string;
  readonly params: Readonly<Record<string, unknown>>;
};

/**
 * What is wrong with a configuration, one line a key: its path as `run.mode`, what it is, what is allowed, and which key
 * was probably meant.
 *
 * @param defaults - a whole configuration: the keys there are
 */
export function wrongKeys(
  errors: readonly SchemaError[],
  given: unknown,
  defaults: object,
): readonly string[] {
  const known = ['version', ...pathsOf(defaults)];
  // `if` only says that what follows from it is wrong, which is named by itself.
  return errors
    .filter(({ keyword }) => keyword !== 'if')
    .map((error) => {
      const { keyword, params } = error;
      const path = error.instancePath.split('/').slice(1).map(unescape);
      if (keyword === 'required' && path.length === 0) return 'version is missing: write "version": 1';
      if (keyword === 'required') return `${path.join('.')}.${String(params['missingProperty'])} is missing`;
      if (keyword === 'additionalProperties')
        return unknownKey([...path, String(params['additionalProperty'])].join('.'), known);
      const value = path.reduce<unknown>((at, key) => (at as Record<string, unknown>)[key], given);
      const where = path.length === 0 ? 'the whole' : path.join('.');
      return `${where} is ${shown(value)}: ${(keyword === 'pattern' ? PATTERNS[where.replaceAll(/\.\d+/g, '')] : undefined) ?? allowed(keyword, params)}`;
    });
}

const unescape = (word: string): string => word.replaceAll('~1', '/').replaceAll('~0', '~');

const pathsOf = (defaults: object): readonly string[] =>
  Object.entries(defaults).flatMap(([key, value]) =>
    typeof value === 'object' ? [key, ...pathsOf(value as object).map((below) => `${key}.${below}`)] : [key],
  );

function unknownKey(path: string, known: readonly string[]): string {
  const leaf = (key: string): string => key.slice(key.lastIndexOf('.') + 1);
  // A known key in the wrong place: `mode` beside `run`.
  const meant = known.find((key) => leaf(key) === leaf(path)) ?? nearest(path, known);
  return `unknown key ${path}${meant === undefined ? '' : `. Did you mean ${meant}?`}`;
}

function shown(value: unknown): string {
  const text = JSON.stringify(value);
  return text.length > 40 ? `${text.slice(0, 40)}…` : text;
}

/** What a text must look like, by its key. */
const PATTERNS: Readonly<Record<string, string>> = {
  'watch.textfile': 'allowed is an absolute path that ends in .prom',
  'watch.listen':
    'allowed is an address that only this host reaches, 127.0.0.1:PORT or [::1]:PORT, or a unix socket, /run/rulesguard/metrics.sock',
  'watch.onEvent.program': 'allowed is the absolute path of a program',
};

function allowed(keyword: string, params: SchemaError['params']): string {
  if (keyword === 'enum')
    return `allowed are ${(params['allowedValues'] as readonly string[]).map(shown).join(', ')}`;
  if (keyword === 'const') return `allowed is ${shown(params['allowedValue'])}`;
  if (keyword === 'minimum') return `minimum is ${String(params['limit'])}`;
  if (keyword === 'maximum') return `maximum is ${String(params['limit'])}`;
  const types: Readonly<Record<string, string>> = {
    integer: 'a whole number',
    boolean: 'true or false',
    string: 'a text in quotes',
  };
  return `allowed is ${types[String(params['type'])] ?? 'an object: { … }'}`;
}
