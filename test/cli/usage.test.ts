import { execa } from 'execa';
import { describe, expect, test } from 'vitest';
import { PROGRAM } from '../support/cli.ts';
import { oneIn } from '../support/incident/share.ts';

/** Runs a command line that needs no kernel: what it is about shows before anything is read. */
async function say(line: string, env: Readonly<Record<string, string>> = {}) {
  const words = line === '' ? [] : line.split(' ');
  const { exitCode, stdout, stderr } = await execa(process.execPath, [PROGRAM, ...words], {
    env: { RULESGUARD_STATE_DIR: '/nonexistent/state', RULESGUARD_RUN_DIR: '/nonexistent/run', ...env },
    stdin: 'ignore',
    reject: false,
  });
  return { exitCode, stdout, stderr };
}

const VERBS = [
  ...[
    'snapshot',
    'check',
    'restore',
    'run',
    'confirm',
    'rollback',
    'doctor',
    'reach',
    'baseline',
    'strip',
    'hook',
  ],
  ...['demo', 'completion'],
];

describe('help', () => {
  test('names every verb and the exit codes', async () => {
    const { exitCode, stdout } = await say('--help');
    expect(exitCode).toBe(0);
    for (const verb of VERBS) expect(stdout).toMatch(new RegExp(`rulesguard ${verb}`));
    expect(stdout).toMatch(/Exit codes: 0 .* 1 .* 2 .*3 .*4/s);
  });

  test.each(oneIn(6, VERBS))(
    'of %s shows how it is typed, its own options once and before the global ones',
    async (verb) => {
      const { exitCode, stdout, stderr } = await say(`${verb} --help`);
      expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
      expect(stdout).toMatch(new RegExp(`^rulesguard ${verb}.*\n\n[a-z]`));
      expect(stdout).toMatch(new RegExp(`Examples:\n.*rulesguard ${verb}`));
      expect((await say(`help ${verb}`)).stdout).toBe(stdout);
      const [own = '', globals = ''] = stdout.split('\nGlobal options:\n');
      expect(globals).toMatch(/^ +--state-dir /);
      expect(own).not.toMatch(/--state-dir|--help/);
      const listed = [...own.matchAll(/^ {2}(?:-\w, | {4})(--[\w-]+) /gm)].map(([, name]) => name);
      expect(listed).toEqual([...new Set(listed)]);
    },
  );
});

/** What was typed, what the complaint must name, and what to type instead. */
const MISTAKES: readonly (readonly [string, RegExp, string])[] = [
  ['chek', /Did you mean check\?/, 'rulesguard --help'],
  ['undo', /Did you mean restore --undo\?/, 'rulesguard --help'],
  ['fix', /Did you mean restore\?/, 'rulesguard --help'],
  ['fix -- check', /Did you mean restore\?/, 'rulesguard --help'],
  ['fix -- iptables -F', /Did you mean restore\?/, 'rulesguard --help'],
  ['repair', /Did you mean restore\?/, 'rulesguard --help'],
  ['diagnose', /Did you mean doctor\?/, 'rulesguard --help'],
  ['verify', /Did you mean check .*baseline verify/, 'rulesguard --help'],
  ['save', /Did you mean snapshot\?/, 'rulesguard --help'],
  ['record', /Did you mean snapshot\?/, 'rulesguard --help'],
  ['reset', /Did you mean restore .*rollback/, 'rulesguard --help'],
  ['list', /Did you mean baseline list or hook list\?/, 'rulesguard --help'],
  ['diff', /Did you mean check --diff or baseline diff\?/, 'rulesguard --help'],
  ['hook', /hook needs an action/, 'rulesguard hook --help'],
  ['run --confirm-ok', /Did you mean rulesguard confirm\?/, 'rulesguard run --help'],
  ['run --put-back now', /Did you mean rulesguard rollback\?/, 'rulesguard run --help'],
  ['restor --dry-run', /Did you mean restore\?/, 'rulesguard --help'],
  ['check --jsno', /jsno/, 'rulesguard check --help'],
  ['check rules.v4', /rules\.v4/, 'rulesguard check --help'],
  ['check --json --diff', /--json and --diff/, 'rulesguard check --help'],
  ['check --baseline', /baseline/, 'rulesguard check --help'],
  ['check --wait soon', /--wait takes a whole number of at least 0, not soon/, 'rulesguard check --help'],
  ['check --wait -1', /--wait .* not -1/, 'rulesguard check --help'],
  ['check --log-format xml', /xml.*"json"/s, 'rulesguard check --help'],
  ['snapshot --keep 0', /--keep takes a whole number of at least 1, not 0/, 'rulesguard snapshot --help'],
  ['baseline', /baseline needs an action/, 'rulesguard baseline --help'],
  ['baseline frob', /frob.*"verify"/s, 'rulesguard baseline --help'],
  ['doctor --from web', /--from needs a target/, 'rulesguard doctor --help'],
  ['doctor --mask', /--mask .* --bundle FILE/, 'rulesguard doctor --help'],
  ['restore --undo --plan f', /--undo and --plan/, 'rulesguard restore --help'],
  ['restore --plan f --dry-run', /--plan and --dry-run/, 'rulesguard restore --help'],
  ['restore --plan', /plan/, 'rulesguard restore --help'],
  ['restore --family ipv5', /ipv5.*"ipv6"/s, 'rulesguard restore --help'],
  ['restore --family ipv4', /--family/, 'rulesguard restore --help'],
  ['strip --output', /output/, 'rulesguard strip --help'],
];

describe('a line typed wrong', () => {
  test.each(oneIn(6, MISTAKES))('%j: says what, and what to type, and exits 2', async (line, what, next) => {
    const { exitCode, stdout, stderr } = await say(line);
    expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' });
    expect(stderr).toMatch(what);
    expect(stderr).toContain(next);
    expect(stderr).not.toContain('internal error');
    expect(stderr).not.toMatch(/^\s+at /m);
  });

  test('suggests the option that was meant', async () => {
    expect((await say('check --jsno')).stderr).toContain('--json');
    expect((await say('restore --dryrun')).stderr).toContain('--dry-run');
  });

  test('is UNKNOWN to a monitoring system, not CRITICAL', async () => {
    const { exitCode, stdout } = await say('check --nagios --bogus');
    expect(exitCode).toBe(3);
    expect(stdout).toMatch(/^RULESGUARD UNKNOWN - [^|\n]*--bogus here$/);
  });
});

test('an empty variable is as good as none: no folder is taken from it', async () => {
  const { exitCode, stderr } = await say('check', { RULESGUARD_STATE_DIR: '' });
  expect(exitCode).toBe(3);
  expect(stderr).toContain('/var/lib/rulesguard');
});

test.each(['-V', '-v', '--version'])('%s says the version', async (line) => {
  expect((await say(line)).stdout).toMatch(/^\d+\.\d+\.\d+$/);
});

describe('the log', () => {
  test('is text by default', async () => {
    const { exitCode, stdout, stderr } = await say('check');
    expect({ exitCode, stdout }).toEqual({ exitCode: 3, stdout: '' });
    expect(stderr).toMatch(/^rulesguard: no baseline .*\n→ .*rulesguard snapshot/);
  });

  test('is one JSON object a message when asked', async () => {
    const { stdout, stderr } = await say('check --log-format json');
    expect(stdout).toBe('');
    const lines = stderr.split('\n').map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(lines).toEqual([expect.objectContaining({ level: 'error', code: 'RG_NO_BASELINE' })]);
  });

  test('has sd-daemon priorities under systemd, on every line', async () => {
    for (const asked of [say('check --log-format systemd'), say('check', { JOURNAL_STREAM: '8:1' })]) {
      const lines = (await asked).stderr.split('\n');
      expect(lines.length).toBeGreaterThan(1);
      for (const line of lines) expect(line).toMatch(/^<3>/);
    }
  });
});
