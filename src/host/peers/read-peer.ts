import { factsCommand } from '../../doctor/recorded/facts-command.ts';
import type { FactsJson } from '../../doctor/recorded/facts-json.ts';
import { Fault } from '../../fault.ts';
import { sh } from '../../shell.ts';
import { run, type CommandResult } from '../command/command.ts';
import { MOST_OF_FACTS, parseFacts, readFactsFile } from './facts-file.ts';

/** Seconds in which another host must have told its facts: a host of a hundred containers needs three. */
const PATIENCE = 60;
/** Seconds in which it must take the connection. */
const CONNECTING = 10;

/** How another host is reached: by OpenSSH. */
interface SshPeer {
  /** '' for whom ssh's own configuration says. */
  readonly user: string;
  readonly host: string;
  /** '' for the usual one. */
  readonly port: string;
}

const SSH_URL =
  /^ssh:\/\/(?:(?<user>[A-Za-z0-9_][\w.-]{0,63})@)?(?:\[(?<ipv6>[0-9A-Fa-f:.]{2,45})\]|(?<host>[A-Za-z0-9][\w.-]{0,252}))(?::(?<port>\d{1,5}))?\/?$/;

/**
 * Facts of another host: of a file that `rulesguard doctor --facts` made there, or asked for by ssh.
 *
 * @param where - a path, or `ssh://[user@]host[:port]`
 * @param named - what is to be read in depth there: a container, or a port as `ADDRESS:PORT/PROTOCOL`
 * @throws Fault RG_USAGE for a URL that is none; RG_PEER where the host does not tell its facts; RG_FACTS, RG_REFUSED_INPUT
 */
export async function readPeer(where: string, named: string | undefined): Promise<FactsJson> {
  if (!/^[a-z]+:\/\//.test(where))
    return readFactsFile(where, named).catch((error: unknown) => refuseHost(error, where));
  const { user = '', ipv6, host = '', port = '' } = SSH_URL.exec(where)?.groups ?? {};
  const peer = { user, host: ipv6 ?? host, port };
  if (peer.host === '' || Number(port) > 65_535)
    throw new Fault('RG_USAGE', 2, `--peer ${where}: that is no host`, {
      hint: 'Name a file of facts, or ssh://[USER@]HOST[:PORT].',
    });
  const told = await askBySsh(peer, named);
  return parseFacts(Buffer.from(told, 'latin1').toString('utf8'), where, named);
}

/** A host's name without its scheme, as ssh itself takes it. */
const BARE_HOST = /^(?:[A-Za-z0-9_][\w.-]*@)?[A-Za-z0-9][\w.-]*(?::\d{1,5})?$/;

/** What is no file may have been meant for a host. */
function refuseHost(error: unknown, where: string): never {
  if (!(error instanceof Fault) || error.code !== 'RG_REFUSED_INPUT' || !BARE_HOST.test(where)) throw error;
  const { code, exit, message, details, hint = '' } = error;
  throw new Fault(code, exit, message, { details, hint: `For ssh: --peer ssh://${where}. ${hint}` });
}

/** A container's name, or an address and a port: nothing that a shell reads, nor an option. */
const NAMED = /^[0-9A-Za-z[:][0-9A-Za-z_.:/[\]-]*$/;

/**
 * As root it is run as it is; any other login needs leave to run it by sudo without a password.
 *
 * @param named - of other words nothing is read in depth
 */
function remoteCommand(named: string | undefined): string {
  const target = named !== undefined && NAMED.test(named) ? sh` ${named}` : '';
  const facts = `rulesguard doctor --facts${target}`;
  return sh`sh -c ${`if [ "$(id -u)" = 0 ]; then exec ${facts}; else exec sudo -n ${facts}; fi`}`;
}

async function askBySsh({ user, host, port }: SshPeer, named: string | undefined): Promise<string> {
  const options = [
    ...['BatchMode=yes', 'StrictHostKeyChecking=yes', `ConnectTimeout=${String(CONNECTING)}`],
    ...['ForwardAgent=no', 'ForwardX11=no', 'ClearAllForwardings=yes', 'PermitLocalCommand=no'],
  ].flatMap((option) => ['-o', option]);
  const words: readonly [string, ...string[]] = [
    ...(['ssh', '-T', ...options] as const),
    ...(user === '' ? [] : ['-l', user]),
    ...(port === '' ? [] : ['-p', port]),
    ...['--', host, remoteCommand(named)],
  ];
  const file = `bring a file: ${factsCommand(named)}`;
  const result = await run(words, { timeout: PATIENCE * 1000, mostBytes: MOST_OF_FACTS }).catch(
    (error: unknown) => {
      if (!(error instanceof Fault) || error.code === 'RG_MISSING_TOOL') throw error;
      throw new Fault(
        'RG_PEER',
        3,
        error.code === 'RG_TIMEOUT'
          ? `${host} did not tell its facts within ${String(PATIENCE)} s`
          : `${host} told too much, or the connection broke`,
        { hint: `See what holds it up there, or ${file}` },
      );
    },
  );
  if (result.exitCode !== 0) throw refusal(host, result, named);
  return result.stdout;
}

/** The place of the command in a hint: what is to be read in depth belongs into it. */
const FACTS = 'FACTS';

/** What ssh and the other side say, and what it means. The first that fits counts. */
const REASONS: readonly (readonly [said: RegExp, means: string, hint: string])[] = [
  // A host of which no key is known is no host whose key has changed: ssh says the second of both as well.
  [
    /no \S+ host key is known/i,
    'its host key is not known to this login yet',
    'Compare the fingerprint, then connect once by hand as root: ssh HOST.',
  ],
  [
    /host key verification failed|host identification has changed/i,
    'its host key is not the one that is known here',
    'See that it is the right host, then: ssh-keygen -R HOST, and connect to it once by hand.',
  ],
  [
    /permission denied \(|too many authentication failures/i,
    'it does not let this login in without a password',
    'Give root a key there, or name a login that has one: ssh://USER@HOST.',
  ],
  [
    /could not resolve|connection refused|connection timed out|no route to host|network is unreachable|connection closed|banner exchange/i,
    'it cannot be reached by ssh',
    `Reach it by hand first: ssh HOST. Or bring a file: ${FACTS}`,
  ],
  [
    /sudo: .*(?:password|terminal)|not allowed to (?:run|execute)|is not in the sudoers/i,
    'this login may not run rulesguard by sudo without a password there',
    'Allow it in sudoers: USER ALL=(root) NOPASSWD: /usr/bin/rulesguard doctor --facts *',
  ],
  [
    /rulesguard: (?:command )?not found|sudo: rulesguard: command not found/i,
    'rulesguard is not installed there',
    'Install it there, in a folder of the PATH.',
  ],
  [
    /no option --facts|unknown arguments?: facts/i,
    'its rulesguard does not know --facts: it is an older version',
    'Install this version there too: rulesguard --version',
  ],
];

function refusal(host: string, { stderr, exitCode }: CommandResult, named: string | undefined): Fault {
  const found = REASONS.find(([said]) => said.test(stderr));
  const why = found?.[1] ?? `rulesguard doctor --facts ended there with ${String(exitCode)}`;
  return new Fault('RG_PEER', 3, `${host} does not tell its facts: ${why}`, {
    details: stderr
      .split('\n')
      .filter((line) => line.trim() !== '')
      .slice(-6)
      .map((line) => line.slice(0, 300)),
    hint: (found?.[2] ?? `Run it there by hand: ${FACTS}`).replace(FACTS, () => factsCommand(named)),
  });
}
