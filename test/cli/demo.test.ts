import { existsSync, readFileSync, readdirSync, readlinkSync } from 'node:fs';
import { randomUUID } from 'node:crypto';
import path from 'node:path';
import { execa } from 'execa';
import { describe, expect, it } from 'vitest';
import { whyNoKernel } from '../support/kernel.ts';
import { TOOL_ENV, withNetns } from '../support/netns.ts';
import { until } from '../support/until.ts';

const PROGRAM = path.join(import.meta.dirname, '../../bin/rulesguard.js');
const reason = whyNoKernel('nft');

/** What it looks like inside the demo while it plays, found by a mark that every process of it inherits. */
interface Traces {
  readonly pids: readonly number[];
  readonly namespaces: ReadonlySet<string>;
  readonly workdir: string | undefined;
}

function readable(read: () => string): string {
  try {
    return read();
  } catch {
    return '';
  }
}

const processes = (): number[] =>
  readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number);
const namespaceOf = (pid: number): string => readable(() => readlinkSync(`/proc/${String(pid)}/ns/net`));

function tracesOf(mark: string): Traces {
  const pids = processes().filter((pid) =>
    readable(() => readFileSync(`/proc/${String(pid)}/environ`, 'latin1')).includes(mark),
  );
  const commandLines = pids.map((pid) =>
    readable(() => readFileSync(`/proc/${String(pid)}/cmdline`, 'utf8')),
  );
  return {
    pids,
    namespaces: new Set(pids.map(namespaceOf)),
    workdir: /[^\0]*\/rulesguard-demo-[^/\0]+/.exec(commandLines.join('\0'))?.[0],
  };
}

/** Namespaces that some process is in, or holds open. */
function livingNamespaces(): Set<string> {
  return new Set(
    processes().flatMap((pid) => {
      const folder = `/proc/${String(pid)}/fd`;
      let held: string[] = [];
      try {
        held = readdirSync(folder).map((fd) => readable(() => readlinkSync(path.join(folder, fd))));
      } catch {
        // The process ended while it was being looked at.
      }
      return [namespaceOf(pid), ...held.filter((link) => link.startsWith('net:'))];
    }),
  );
}

describe.skipIf(reason !== undefined)(`rulesguard demo${reason === undefined ? '' : ` (${reason})`}`, () => {
  it('plays the whole incident, says what both ends see, and leaves the rules around it alone', () =>
    withNetns(async (machine) => {
      const own =
        '*nat\n-A POSTROUTING -s 10.0.0.0/8 -j MASQUERADE\nCOMMIT\n*filter\n-A FORWARD -j DROP\nCOMMIT\n';
      expect((await machine.restore('ipv4', 'nft', own)).code).toBe(0);
      const before = await machine.save('ipv4', 'nft', ['-c']);

      const { code, stdout, stderr } = await machine.exec(process.execPath, [PROGRAM, 'demo']);
      const told = Buffer.from(stdout, 'latin1').toString();

      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
      expect(told).toContain("This machine's own rules are not touched");
      expect(told).toMatch(/✓ outside → host:8080\/tcp +answers +web saw 203\.0\.113\.2/);
      expect(told).toMatch(/! outside → host:5353\/udp +answers +web saw 172\.17\.0\.1 \(docker-proxy\)/);
      expect(told).toMatch(/✗ worker → outside:53\/udp +no answer in 1 s +outside saw 172\.17\.0\.3/);
      expect(told.match(/\[exit \d\]/g)).toEqual(['[exit 1]', '[exit 0]', '[exit 0]', '[exit 0]']);
      expect(told).toMatch(/All works again\./);
      // The path that README sells: no option, an Engine that answers, and that its answers are recorded is said.
      expect(told).toContain('the demo gives the recorded answers');
      expect(told.match(/^ +# rulesguard .*/gm)).toEqual(
        ['check', 'restore', 'check', 'snapshot'].map((verb) => `   # rulesguard ${verb}`),
      );
      expect(told).not.toMatch(/no Engine/i);
      expect(told.split('\n').filter((line) => line.length > 100)).toEqual([]);
      const timeless = (save: string) => save.replace(/^#.*\n/gm, '');
      expect(timeless(await machine.save('ipv4', 'nft', ['-c']))).toBe(timeless(before));
    }));

  it("plays it with Docker's nftables backend: exposed, cut off, repaired", () =>
    withNetns(async (machine) => {
      const own = 'table ip own {\n\tchain post {\n\t\tip saddr 10.0.0.0/8 accept\n\t}\n}\n';
      expect((await machine.exec('nft', ['-f', '-'], { input: own })).code).toBe(0);

      const { code, stdout, stderr } = await machine.exec(process.execPath, [
        PROGRAM,
        ...['demo', '--firewall', 'nftables'],
      ]);
      const told = Buffer.from(stdout, 'latin1').toString();

      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
      expect(told).toContain('a real Docker Engine 29.7.2 wrote');
      expect(told).toContain('# nft flush ruleset');
      expect(told).toMatch(/! outside → host:8080\/tcp +answers +web saw 172\.17\.0\.1 \(docker-proxy\)/);
      expect(told).toMatch(/✗ worker → outside:53\/udp +no answer in 1 s +outside saw 172\.17\.0\.3/);
      expect(told.match(/. neighbour → web:6379\/tcp +\S+/g)?.map((row) => row.replace(/ +/g, ' '))).toEqual([
        '✓ neighbour → web:6379/tcp no',
        '! neighbour → web:6379/tcp answers',
        '✓ neighbour → web:6379/tcp no',
      ]);
      expect(told).toContain('EXPOSURE  1 container reachable from outside, by its own address: web');
      expect(told.match(/\[exit \d\]/g)).toEqual(['[exit 1]', '[exit 0]', '[exit 0]', '[exit 0]']);
      expect(told).toMatch(/All works again\./);
      expect(told.split('\n').filter((line) => line.length > 100)).toEqual([]);
      expect((await machine.exec('nft', ['list', 'ruleset'])).stdout).toBe(own);
    }));

  it.each(['finishes', 'is killed'])(
    'leaves no process, namespace or file behind when it %s',
    async (end) => {
      const mark = `DEMO_TEST=${randomUUID()}`;
      const [name, value] = mark.split('=') as [string, string];
      const demo = execa(process.execPath, [PROGRAM, 'demo'], {
        env: { ...TOOL_ENV, [name]: value },
        extendEnv: false,
        reject: false,
        cleanup: false,
        stdin: 'ignore',
      });
      let traces = tracesOf(mark);
      await until(() => {
        traces = tracesOf(mark);
        return traces.workdir !== undefined;
      });
      const { workdir, pids, namespaces } = traces;
      const machines = [...namespaces].filter((one) => one !== '' && one !== namespaceOf(process.pid));
      expect(pids.length).toBeGreaterThan(4);
      expect(machines).toHaveLength(4);
      expect(existsSync(workdir ?? '')).toBe(true);

      if (end === 'is killed') demo.kill('SIGKILL');
      expect((await demo).signal).toBe(end === 'is killed' ? 'SIGKILL' : undefined);

      await until(
        () => tracesOf(mark).pids.length === 0 && machines.every((one) => !livingNamespaces().has(one)),
      );
      expect(existsSync(workdir ?? '')).toBe(false);
    },
  );

  it('says what to type when it is not root', async () => {
    const { exitCode, stderr } = await execa(
      'setpriv',
      ['--reuid=65534', '--regid=65534', '--clear-groups', process.execPath, PROGRAM, 'demo'],
      { env: TOOL_ENV, extendEnv: false, reject: false, cwd: '/' },
    );
    expect(exitCode).toBe(3);
    expect(stderr).toContain('sudo rulesguard demo');
  });

  it('says what to install when a tool is missing', async () => {
    const hide = 'mount -t tmpfs none /usr/sbin && exec "$@"';
    const { exitCode, stderr } = await execa(
      'unshare',
      ['--mount', '--propagation', 'private', 'sh', '-c', hide, 'sh', process.execPath, PROGRAM, 'demo'],
      { env: TOOL_ENV, extendEnv: false, reject: false },
    );
    expect(exitCode).toBe(3);
    expect(stderr).toContain('apt-get install iptables');
  });
});
