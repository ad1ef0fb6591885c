import { factsCommand } from '../../doctor/recorded/facts-command.ts';
import type { FactsJson } from '../../doctor/recorded/facts-json.ts';
import { Fault } from '../../fault.ts';
import { sh } from '../../shell.ts';
import { run, type CommandResult } from '../command/command.ts';
import { MOST_OF_FACTS, parseFacts, readFactsFile } from './facts-file.ts';
import { isUrl, sshPeer, sshWords, type SshPeer } from './ssh.ts';

/** Seconds in which another host must have told its facts: a host of a hundred containers needs three. */
const PATIENCE = 60;

/**
 * Facts of another host: of a file that `rulesguard doctor --facts` made there, or asked for by ssh.
 *
 * @param where - a path, or `ssh://[user@]host[:port]`
 * @param named - what is to be read in depth there: a container, or a port as `ADDRESS:PORT/PROTOCOL`
 * @throws Fault RG_USAGE for a URL that is none; RG_PEER where the host does not tell its facts; RG_FACTS, RG_REFUSED_INPUT
 */
export async function readPeer(where: string, named: string | undefined): Promise<FactsJson> {
  if (!isUrl(where)) return readFactsFile(where, named).catch((error: unknown) => refuseHost(error, where));
  const told = await askBySsh(sshPeer(where), named);
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

async function askBySsh(peer: SshPeer, named: string | undefined): Promise<string> {
  const words = sshWords(peer, ['--facts'], named);
  const { host } = peer;
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
  if (result.exitCode !== 0) throw refusal(peer, result, named);
  return result.stdout;
}

/** What ssh and the other side say, and what it means; `%…` stands for what {@link placesOf} has. The first that fits counts. */
const REASONS: readonly (readonly [said: RegExp, means: string, hint: string])[] = [
  // A host of which no key is known is no host whose key has changed: ssh says the second of both as well.
  [
    /no \S+ host key is known/i,
    'its host key is not known to this login yet',
    'Compare the fingerprint, then connect once by hand, as the user who runs rulesguard: %ssh',
  ],
  [
    /host key verification failed|host identification has changed/i,
    'its host key is not the one that is known here',
    'See that it is the right host, then: %forget, and connect to it once by hand: %ssh',
  ],
  [
    /permission denied \(|too many authentication failures/i,
    'it does not let this login in without a password',
    'Give the user who runs rulesguard a key there, or name a login that takes the one it has: --peer ssh://USER@%host',
  ],
  [
    /connection to \S+ closed by remote host|broken pipe/i,
    'the connection broke',
    'Try again. Or bring a file: %facts',
  ],
  [
    /could not resolve|connection (?:refused|timed out|closed|reset)|no route to host|network is unreachable|banner|kex_exchange/i,
    'it cannot be reached by ssh',
    'Reach it by hand first: %ssh. Or bring a file: %facts',
  ],
  [
    /sudo: .*(?:password|terminal)|not allowed to (?:run|execute)|is not in the sudoers/i,
    'this login may not run rulesguard by sudo without a password there',
    'Allow it in sudoers: %user ALL=(root) NOPASSWD: /usr/bin/rulesguard doctor --facts *',
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

/** What ssh exits with for a failure of its own; rulesguard never does. */
const SSH_FAILED = 255;

function refusal(peer: SshPeer, { stderr, exitCode }: CommandResult, named: string | undefined): Fault {
  const [, why, hint] =
    REASONS.find(([said]) => said.test(stderr)) ??
    (exitCode === SSH_FAILED
      ? ([/./, 'ssh itself failed', 'See what it says: %ssh. Or bring a file: %facts'] as const)
      : ([
          /./,
          `rulesguard doctor --facts ended there with ${String(exitCode)}`,
          'Run it there by hand: %facts',
        ] as const));
  const places = placesOf(peer, named);
  return new Fault('RG_PEER', 3, `${peer.host} does not tell its facts: ${why}`, {
    details: stderr
      .split(/\r?\n/)
      .filter((line) => line.trim() !== '')
      .slice(-6)
      .map((line) => line.slice(0, 300)),
    hint: hint.replace(/%(\w+)/g, (place, name: string) => places.get(name) ?? place),
  });
}

/** What the places in a hint are filled with: commands as they are typed for this host. */
function placesOf({ user, host, port }: SshPeer, named: string | undefined): ReadonlyMap<string, string> {
  const login = user === '' ? host : `${user}@${host}`;
  return new Map([
    ['ssh', port === '' ? sh`ssh ${login}` : sh`ssh -p ${port} ${login}`],
    ['forget', sh`ssh-keygen -R ${port === '' ? host : `[${host}]:${port}`}`],
    ['host', host],
    ['user', user === '' ? 'USER' : user],
    ['facts', factsCommand(named)],
  ]);
}
