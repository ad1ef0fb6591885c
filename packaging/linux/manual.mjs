// Manual pages, of what the command line declares: one for each verb, one for the program, one for its configuration.

import { readFileSync } from 'node:fs';
import path from 'node:path';
import { tsImport } from 'tsx/esm/api';

const root = path.join(import.meta.dirname, '..', '..');
const load = (/** @type {string} */ file) => tsImport(path.join(root, file), import.meta.url);

/**
 * One declared option or positional argument, as yargs takes it.
 *
 * @typedef {object} Declared
 * @property {string} [type]
 * @property {string} [describe]
 * @property {string} [alias]
 * @property {readonly string[]} [choices]
 * @property {unknown} [default]
 * @property {string} [defaultDescription]
 * @property {boolean} [hidden]
 * @property {unknown} [coerce]
 */

/** @typedef {{ readonly name: string, readonly is: Declared }} Named */

/**
 * What a builder declares.
 *
 * @param {(yargs: any) => unknown} builder
 */
function declarations(builder) {
  /** @type {{ options: Named[], positionals: Named[], examples: [string, string][], texts: string[] }} */
  const found = { options: [], positionals: [], examples: [], texts: [] };
  /** @type {Record<string, (...args: any[]) => void>} */
  const heard = {
    option: (name, is) => found.options.push({ name, is }),
    positional: (name, is) => found.positionals.push({ name, is }),
    example: (line, says) => found.examples.push([line, says]),
    // The first line repeats the synopsis.
    usage: (text) => found.texts.push(text.replace(/^\$0.*\n+/, '')),
    epilogue: (text) => found.texts.push(text),
    check: () => undefined,
    conflicts: () => undefined,
  };
  /** @type {any} */
  const recorder = new Proxy(
    {},
    {
      get: (_, method) => {
        const hears = heard[String(method)];
        if (hears === undefined)
          throw new Error(`manual pages do not know what ${String(method)}() declares`);
        return (/** @type {any[]} */ ...args) => {
          hears(...args);
          return recorder;
        };
      },
    },
  );
  builder(recorder);
  return found;
}

/** Text as mdoc takes it: nothing in it is a macro, an escape or a typographic sign. */
const plain = (/** @type {string} */ text) =>
  text
    .replaceAll('\\', '\\e')
    .replaceAll('-', '\\-')
    .replaceAll("'", '\\(aq')
    .replaceAll('"', '\\(dq')
    .replaceAll('`', '\\(ga')
    .replaceAll('^', '\\(ha')
    .replaceAll('~', '\\(ti')
    .replaceAll('…', '\\&...')
    .replaceAll('→', '\\(->')
    .replace(/^[.]/, '\\&.');

/** How long a line of source may be. */
const WIDTH = 78;

/** A paragraph: each sentence begins a line of source, and none is long or empty. */
const lines = (/** @type {string} */ text) =>
  text
    .split(/\n|(?<=[.?!]) +(?=[A-Z(])/)
    .filter((sentence) => sentence.trim() !== '')
    .flatMap((sentence) => wrapped(sentence.trim().split(' ').map(plain)));

/** @param {readonly string[]} words */
function wrapped(words) {
  const made = [''];
  for (const word of words) {
    const last = made.at(-1) ?? '';
    if (last !== '' && last.length + word.length >= WIDTH) made.push(word);
    else made[made.length - 1] = last === '' ? word : `${last} ${word}`;
  }
  return made;
}

/** A text: as it stands where its lines are columns, else as a paragraph. */
const prose = (/** @type {string} */ text) => (/^ /m.test(text) ? literal(text) : ['.Pp', ...lines(text)]);

const literal = (/** @type {string} */ text) => [
  '.Bd -literal',
  ...text
    .replaceAll(/^\n+|\s+$/g, '')
    .split('\n')
    .map((line) => (line.trim() === '' ? '\\&' : plain(line.trimEnd()))),
  '.Ed',
];

const flag = (/** @type {string} */ name) => `Fl ${plain(name.length === 1 ? name : `-${name}`)}`;

/** @param {Named} option */
function optionItem({ name, is }) {
  const takesValue = is.type !== 'boolean';
  const value = takesValue ? ` Ar ${plain(is.choices?.join('|') ?? name)}` : '';
  const names = [...(is.alias === undefined ? [] : [`${flag(is.alias)} ,`]), `${flag(name)}${value}`];
  const standard =
    is.defaultDescription ?? (typeof is.default === 'string' && is.default !== '' ? is.default : undefined);
  return [
    `.It ${names.join(' ')}`,
    ...lines(`${is.describe ?? ''}${standard === undefined ? '' : `.\nDefault: ${standard}.`}`),
  ];
}

/** @param {Named} positional */
const argumentItem = ({ name, is }) => [
  `.It Ar ${plain(name)}`,
  ...lines(`${is.describe ?? ''}${is.choices === undefined ? '' : `.\nOne of: ${is.choices.join(', ')}.`}`),
];

const list = (/** @type {readonly string[][]} */ items) =>
  items.length === 0 ? [] : ['.Bl -tag -width Ds', ...items.flat(), '.El'];

/**
 * @param {string} title
 * @param {readonly string[]} body
 */
const section = (title, body) => (body.length === 0 ? [] : [`.Sh ${title}`, ...body]);

/** @param {{ date: string, name: string, number: number, describe: string }} page */
const head = ({ date, name, number, describe }) => [
  '.\\" Made by packaging/linux/manual.mjs from what the program declares.',
  `.Dd ${date}`,
  `.Dt ${name.toUpperCase()} ${String(number)}`,
  '.Os',
  '.Sh NAME',
  `.Nm ${name}`,
  `.Nd ${plain(describe)}`,
];

const EXITS = [
  ['0', 'intact, done, or nothing to do'],
  ['1', 'damage or a fault was found, refused, or not repaired fully'],
  ['2', 'wrong usage or configuration, or an internal error'],
  ['3', 'cannot tell'],
  ['4', 'another program held a lock too long'],
].map(([code = '', says = '']) => [`.It ${code}`, ...lines(says)]);

/** @param {{ command: string, describe: string, builder: (yargs: any) => unknown }} verb */
function verbPage({ command, describe, builder }, /** @type {string} */ date) {
  const [verb = '', ...words] = command.split(' ');
  const { options, positionals, examples, texts } = declarations(builder);
  const shown = options.filter(({ is }) => is.hidden !== true);
  const synopsis = words.map((word) =>
    word.startsWith('[') ? `.Op Ar ${word.slice(1, -1)}` : `.Ar ${word.slice(1, -1)}`,
  );
  return [
    ...head({ date, name: `rulesguard-${verb}`, number: 8, describe }),
    ...section('SYNOPSIS', [
      '.Nm rulesguard',
      `.Cm ${verb}`,
      ...synopsis,
      '.Op Ar options',
      ...(verb === 'run' ? ['.Fl \\-', '.Ar command ...'] : []),
    ]),
    ...section('DESCRIPTION', [
      ...lines(`${describe.slice(0, 1).toUpperCase()}${describe.slice(1)}.`),
      ...texts.filter((text) => text !== '' && text !== describe).flatMap(prose),
      ...list(positionals.map(argumentItem)),
    ]),
    ...section('OPTIONS', [
      ...list(shown.map(optionItem)),
      ...(shown.length === 0 ? [] : ['.Pp']),
      'Options of every command are in',
      '.Xr rulesguard 8 .',
    ]),
    ...section('EXIT STATUS', list(EXITS)),
    ...section(
      'EXAMPLES',
      examples.flatMap(([line, says]) => [
        ...(says === '' || says === undefined
          ? []
          : lines(`${says.slice(0, 1).toUpperCase()}${says.slice(1)}:`)),
        `.Dl ${plain(line)}`,
      ]),
    ),
    ...section('SEE ALSO', ['.Xr rulesguard-config 5 ,', '.Xr rulesguard 8']),
  ];
}

/** What yargs declares by itself. @type {readonly Named[]} */
const YARGS = [
  { name: 'help', is: { type: 'boolean', alias: 'h', describe: 'what a command is for, and its options' } },
  { name: 'version', is: { type: 'boolean', describe: 'which version this is' } },
];

/**
 * @param {readonly { command: string, describe: string }[]} verbs
 * @param {readonly Named[]} globals
 * @param {string} date
 */
const mainPage = (verbs, globals, date) => [
  ...head({
    date,
    name: 'rulesguard',
    number: 8,
    describe: 'guard the firewall rules that Docker owns: record, check, repair them',
  }),
  ...section('SYNOPSIS', ['.Nm', '.Op Ar command', '.Op Ar options']),
  ...section('DESCRIPTION', [
    ...lines(
      "A Docker host loses packets, or lets in what it should not, because somebody changed the firewall.\nrulesguard says what a change broke in terms of packets, repairs what is Docker's and nobody else's, and refuses or rehearses the next change.\nIt restarts nothing and stops no container.",
    ),
    '.Pp',
    'When it is broken right now:',
    '.Bd -literal',
    ...['rulesguard check', 'rulesguard restore --dry-run', 'rulesguard restore'].map(plain),
    '.Ed',
    '.Pp',
    'Commands, each with a manual page of its own:',
    ...list(
      verbs.map(({ command, describe }) => {
        const verb = command.split(' ')[0] ?? '';
        return [`.It Xr rulesguard-${verb} 8`, ...lines(describe)];
      }),
    ),
  ]),
  ...section('OPTIONS', [
    ...lines('Every command takes these.'),
    ...list([...globals, ...YARGS].map(optionItem)),
  ]),
  ...section(
    'FILES',
    list([
      ['.It Pa /etc/rulesguard/config.json', 'what commands do by default, see', '.Xr rulesguard-config 5'],
      ['.It Pa /var/lib/rulesguard', 'baselines, the journal of repairs, what was noted'],
      ['.It Pa /run/rulesguard', 'locks'],
    ]),
  ),
  ...section('EXIT STATUS', list(EXITS)),
  ...section('SEE ALSO', ['.Xr rulesguard-config 5 ,', '.Xr iptables 8 ,', '.Xr nft 8']),
];

/** Keys of the configuration's schema, nested ones with a dot. */
function keysOf(/** @type {any} */ schema, prefix = '') {
  /** @type {string[][]} */
  const items = [];
  for (const [key, is] of Object.entries(schema.properties)) {
    if (key === '$schema' || key === 'version') continue;
    const name = `${prefix}${key}`;
    if (is.properties !== undefined) items.push(...keysOf(is, `${name}.`));
    else {
      const values = is.enum === undefined ? is.type : is.enum.join(', ');
      const range = is.minimum === undefined ? '' : `, ${is.minimum} to ${is.maximum}`;
      items.push([`.It Cm ${plain(name)}`, ...lines(`${is.description ?? ''}\n(${values}${range})`)]);
    }
  }
  return items;
}

const configPage = (/** @type {any} */ schema, /** @type {string} */ date) => [
  ...head({ date, name: 'rulesguard-config', number: 5, describe: 'what rulesguard does by default' }),
  ...section('DESCRIPTION', [
    '.Pa /etc/rulesguard/config.json',
    ...lines(
      `is one JSON document.\n${schema.description}\nAn unknown key or a value that is not allowed is a fault that names what is allowed.`,
    ),
    ...list([['.It Cm version', ...lines('1, the version of this format')], ...keysOf(schema)]),
  ]),
  ...section('EXAMPLES', literal('{\n  "version": 1,\n  "watch": { "mode": "repair" }\n}')),
  ...section('SEE ALSO', ['.Xr rulesguard 8']),
];

const MONTHS = ['January', 'February', 'March', 'April', 'May', 'June', 'July', 'August'].concat([
  'September',
  'October',
  'November',
  'December',
]);

/**
 * Every manual page.
 *
 * @param {Date} date of the release
 * @returns {Promise<ReadonlyMap<string, string>>} by file, `man8/rulesguard.8`
 */
export async function manualPages(date) {
  const { VERBS } = await load('src/commands/verbs/verbs.ts');
  const { globalOptions } = await load('src/commands/verbs/globals.ts');
  const schema = JSON.parse(readFileSync(path.join(root, 'schemas', 'config.schema.json'), 'utf8'));
  const day = `${MONTHS[date.getUTCMonth()]} ${date.getUTCDate()}, ${date.getUTCFullYear()}`;
  const pages = new Map([
    ['man8/rulesguard.8', mainPage(VERBS, declarations(globalOptions).options, day)],
    ['man5/rulesguard-config.5', configPage(schema, day)],
  ]);
  for (const verb of VERBS) pages.set(`man8/rulesguard-${verb.command.split(' ')[0]}.8`, verbPage(verb, day));
  return new Map([...pages].map(([file, page]) => [file, `${page.join('\n')}\n`]));
}
