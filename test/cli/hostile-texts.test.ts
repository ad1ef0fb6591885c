import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { describeCli, filesOf, withHost, type CliHost } from '../support/cli.ts';
import { forgeBaseline } from '../support/stored.ts';
import { answering } from './engine/troubles.ts';
import { oneIn } from '../support/incident/share.ts';

/** A title for the terminal, a colour by one byte, the other direction of writing, a line’s end of Unicode’s. */
const EVIL = '\u001b]0;owned\u0007\u009b31m\u202egnp\u2028line\r\nrulesguard: INTACT';
const EVIL_JSON = JSON.stringify(EVIL).slice(1, -1);
/** What a name of the kernel’s may hold of it. */
const EVIL_NAME = '\u001b[31mx\u202ey';

const FIXTURE = new URL('../fixtures/engine-28.5-ports/engine.json', import.meta.url);

/** An Engine whose version, networks and containers are named so. */
const hostile = answering(({ url = '' }, response) => {
  const recorded = JSON.parse(readFileSync(FIXTURE, 'utf8')) as Readonly<Record<string, unknown>>;
  const name = url.startsWith('/containers/json') ? 'containers' : url.slice(1);
  if (!(name in recorded)) {
    response.writeHead(500).end(EVIL);
    return;
  }
  const text = JSON.stringify(recorded[name])
    .replaceAll(/("Version":"28[^"]*)"/g, `$1${EVIL_JSON}"`)
    .replaceAll(/("Names?":(?:\[")?"?\/?(?!host|none|bridge)[a-z]+)"/g, `$1${EVIL_JSON}"`);
  response.end(text);
});

/** What does something to a terminal, or is not seen; line ends and tabs of ours aside. */
// eslint-disable-next-line no-control-regex -- control bytes are what this looks for
const ACTIVE = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069]/;

const utf8 = (bytes: string): string => Buffer.from(bytes, 'latin1').toString('utf8');

/** A host on which everything that can be named is named so: comments, interfaces, what was recorded. */
async function evilHost(host: CliHost): Promise<void> {
  await host.ns.exec('ip', ['link', 'add', 'docker0', 'type', 'bridge']);
  await host.ns.exec('ip', ['link', 'add', EVIL_NAME, 'type', 'bridge']);
  const comment = Buffer.from(EVIL_NAME, 'utf8').toString('latin1');
  await host.load(
    `*filter\n:${comment.slice(0, 4)}evil - [0:0]\n-I DOCKER-USER -m comment --comment "${comment}" -j DROP\n-I FORWARD -m comment --comment "${comment}" -j DROP\nCOMMIT\n`,
  );
  const recorded = await host.attempt(['snapshot', '--force']);
  expect(recorded.code).toBe(0);
  for (const file of filesOf(host, 'baselines'))
    forgeBaseline(file, (document) => {
      Object.assign(document, {
        engine: { version: `28.5.2${EVIL}`, apiVersion: EVIL, networks: [], containers: [] },
      });
    });
  await host.sh('iptables -D DOCKER-FORWARD -j DOCKER-CT');
  await host.sh('iptables -t nat -D DOCKER 1');
  writeFileSync(path.join(host.folder, 'evil.rules'), `*filter\n-A FORWARD ${comment}\nCOMMIT\n`);
}

type Group = readonly [what: string, commands: (folder: string) => readonly (readonly string[])[]];

const NOTES: Group = [
  'check, as people, machines and monitoring read it',
  () => [
    ['check'],
    ['check', '--nagios'],
    ['check', '--source', 'engine', '--nagios'],
    ['check', '--log-format', 'json', '--log-level', 'debug'],
    ['check', '--log-format', 'systemd', '--source', 'engine'],
  ],
];

const GROUPS: readonly Group[] = [
  NOTES,
  [
    'check in full',
    () => [
      ['check', '--json'],
      ['check', '--diff'],
      ['check', '--all'],
    ],
  ],
  [
    'what is asked for wrongly',
    (folder) => [
      ['check', '--candidate', path.join(folder, 'evil.rules')],
      ['check', '--candidate', path.join(folder, `none${EVIL}`)],
      ['check', `--${EVIL}`],
      [EVIL],
      ['strip', path.join(folder, `none${EVIL}`)],
      ['baseline', 'list', '--state-dir', path.join(folder, `none${EVIL}`)],
    ],
  ],
  [
    'baselines and repairs',
    () => [
      ['baseline', 'list'],
      ['baseline', 'show'],
      ['baseline', 'verify'],
      ['restore', '--dry-run'],
      ['snapshot'],
      ['restore'],
    ],
  ],
  [
    'changes',
    () => [
      [
        ...['run', '--dry-run', '--', 'iptables', '-A', 'FORWARD', '-m', 'comment'],
        ...['--comment', EVIL_NAME, '-j', 'DROP'],
      ],
      ['run', '--dry-run', '--', `none${EVIL}`],
      ['hook', 'status'],
    ],
  ],
  ['doctor', () => [['doctor'], ['doctor', '--json'], ['doctor', `web${EVIL}`]]],
];

/** Runs each, and holds all that it says against what a terminal would do. */
async function sayAll([, commands]: Group, hostOf: (real: string) => string): Promise<void> {
  await withHost(async (host) => {
    const { dockerHost, end } = await hostile(host);
    try {
      await evilHost(host);
      for (const words of commands(host.folder)) {
        const { stdout, stderr } = await host.attempt(words, { env: { DOCKER_HOST: hostOf(dockerHost) } });
        const [data, talk] = [utf8(stdout), utf8(stderr)];
        const found = [ACTIVE, /^rulesguard: INTACT/m].map((one) => one.exec(`${data}\n${talk}`)?.[0]);
        expect({ words, found, data, talk }).toEqual({ words, found: [undefined, undefined], data, talk });
        if (words.includes('--json') && data !== '') JSON.parse(data);
        if (words.includes('--nagios')) expect(data.trimEnd().split('\n')).toHaveLength(1);
      }
    } finally {
      end?.();
    }
  }, 'engine-28.5-ports');
}

describeCli('what others named, in everything the program prints, shows and does nothing', () => {
  test.each(oneIn(4, GROUPS))('%s, while an Engine answers', { timeout: 900_000 }, (...group) =>
    sayAll(group, (real) => real),
  );

  test('check, while DOCKER_HOST is so too', () => sayAll(NOTES, () => `tcp://${EVIL}`));

  test('check, while no Engine is where it should be', () => sayAll(NOTES, () => `unix:///none${EVIL}`));
});
