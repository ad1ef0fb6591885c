import { setTimeout as sleep } from 'node:timers/promises';
import { ownLines } from '../incident/judge.ts';
import {
  FAMILIES,
  difference,
  keyOf,
  linesOf,
  savesOf,
  toolOf,
  type Line,
  type Saves,
} from '../incident/rules.ts';
import { startEngine, type Engine } from '../lab/engine.ts';
import { ERAS } from '../lab/eras.ts';
import { must } from '../lab/run.ts';
import { equip, placesOf, run } from '../matrix/city.ts';
import { measure, type Answers } from '../matrix/packets.ts';
import type { Pair } from '../matrix/pairs.ts';
import type { Outcome } from '../program.ts';
import { bringAsSystemd } from './as-systemd.ts';
import type { Manager } from './managers.ts';
import type { Program } from './program.ts';
import { ensureManagersRoot, type ManagersEra } from './root.ts';
import { CONTAINERS, DOCKER_USER, NETWORKS, SOUND, waysOf } from './ways.ts';

/** A Docker host on which a firewall manager is installed, and rulesguard beside it. */
export interface Site {
  readonly engine: Engine;
  readonly pairs: readonly Pair[];
  /** Docker's rules and what a user keeps in DOCKER-USER, before any manager did anything. */
  readonly dockers: readonly Line[];
  /** Runs a command line inside, as an administrator types it. */
  readonly typed: (line: string) => Promise<Outcome>;
  /** As `typed`. @throws Error unless it exits 0 */
  readonly mustType: (line: string) => Promise<string>;
  leave(): Promise<void>;
}

/** Packets pass and are stopped as they should, or the site proves nothing. */
async function untilSound(engine: Engine, pairs: readonly Pair[]): Promise<void> {
  let known: Answers = new Map();
  // An IPv6 address of a new bridge answers only a second or two after it was given.
  for (let attempt = 0; attempt < 20; attempt++) {
    known = await measure(engine, pairs);
    if (Object.entries(SOUND).every(([name, answer]) => known.get(name) === answer)) return;
  }
  throw new Error(`an untouched Engine's packets do not pass: ${JSON.stringify([...known])}`);
}

/** 20.10 has the chain for IPv4 only. */
async function fillDockerUser({ execInside }: Engine): Promise<void> {
  for (const family of FAMILIES)
    if ((await execInside(toolOf(family), ['-S', 'DOCKER-USER'])).code === 0)
      await must(execInside, toolOf(family), ['-I', 'DOCKER-USER', ...DOCKER_USER[family].split(' ')]);
}

/** Shorewall names two chains anew each time it compiles; they are the same all the same. */
const plainNames = (save: string) => save.replace(/\bsha-([lr]h)-[0-9a-f]{20}/g, 'sha-$1');

/** The rules as they are compared. */
export async function rulesNow(engine: Engine): Promise<Saves> {
  return plain(await savesOf(engine));
}

export const plain = ({ ipv4, ipv6 }: Saves): Saves => ({ ipv4: plainNames(ipv4), ipv6: plainNames(ipv6) });

/**
 * Waits until what the Engine or a daemon does about a change by itself is done, and gives the rules then.
 * @param isNotified whether dockerd is notified: it takes up to two seconds until it begins
 */
export async function settled(engine: Engine, isNotified = false): Promise<Saves> {
  if (isNotified) await sleep(3000);
  const keys = (saves: Saves) => linesOf(saves).map(keyOf).join('\n');
  let last = await rulesNow(engine);
  for (let same = 0; same < 4;) {
    await sleep(120);
    const now = await rulesNow(engine);
    same = keys(now) === keys(last) ? same + 1 : 0;
    last = now;
  }
  return last;
}

/** Brings up an Engine with four containers on three networks. Ends with `leave`. */
export async function raiseSite(program: Program, era: ManagersEra): Promise<Site> {
  const root = `${program.layer}:${await ensureManagersRoot(era)}`;
  const daemonArgs = [...ERAS[era].ipv6Args, '--live-restore'];
  const engine = await startEngine({ era, root, daemonArgs });
  const typed = (line: string) => engine.execInside('sh', ['-c', line]);
  try {
    await equip(engine);
    await bringAsSystemd(engine);
    for (const network of NETWORKS) await engine.docker(['network', 'create', ...network]);
    for (const container of CONTAINERS) await run(engine, container);
    await fillDockerUser(engine);
    const pairs = waysOf(await placesOf(engine));
    await untilSound(engine, pairs);
    return {
      engine,
      pairs,
      dockers: ownLines(await savesOf(engine)),
      typed,
      mustType: (line) => must(engine.execInside, 'sh', ['-c', line]),
      leave: () => engine.stop(),
    };
  } catch (error) {
    await engine.stop();
    throw error;
  }
}

/** Leaves no rule but firewalld's own, which it misses; flows of before are forgotten. */
const NO_TABLES = `nft list tables | grep -v ' firewalld$' | sed 's/^/delete /' | nft -f - && conntrack -F 2>/dev/null`;

/** A site where the manager is set up and Docker's rules are whole: what every cell begins with. */
export interface Rest {
  readonly saves: Saves;
  readonly known: Answers;
  /** Puts rules and files back, whatever has happened to them. */
  again(): Promise<void>;
}

/** Folders that managers, hooks and administrators write to. */
const FOLDERS =
  'etc usr/local/sbin usr/local/lib/rulesguard usr/share/netfilter-persistent var/lib/shorewall var/lib/fail2ban';
const PRESENT = `present=$(ls -d ${FOLDERS} 2>/dev/null || true)`;

/**
 * Sets a manager up, lets Docker write the rules again that this has cost it, as a restart of dockerd does, and keeps what
 * then stands.
 */
export async function settle(site: Site, manager: Manager): Promise<Rest> {
  const { engine, dockers, pairs } = site;
  for (const line of manager.setUp) await site.mustType(line);
  const hurt = difference(dockers, ownLines(await savesOf(engine))).length > 0;
  if (hurt || manager.dockerStartsLast === true) {
    await engine.daemon.stop();
    await engine.daemon.start();
    // 20.10 writes DOCKER-USER only when a network comes.
    await site.mustType('docker network create brief && docker network rm brief');
    await settled(engine);
    const missing = difference(dockers, ownLines(await savesOf(engine)));
    if (missing.some(({ chain }) => chain === 'DOCKER-USER')) await fillDockerUser(engine);
    const lost = difference(dockers, ownLines(await savesOf(engine)));
    if (lost.length > 0) throw new Error(`a restarted dockerd leaves out ${JSON.stringify(lost)}`);
  }
  if (manager.broken === undefined) await untilSound(engine, pairs);
  const saves = await savesOf(engine);
  await site.mustType(`cd / && ${PRESENT} && tar -cf /lab/rest.tar $present`);
  return {
    saves,
    known: await measure(engine, pairs),
    async again() {
      await clearLegacy(site);
      await site.mustType(`cd / && rm -rf ${FOLDERS} && tar -xf /lab/rest.tar`);
      if (manager.wake !== undefined) await site.mustType(manager.wake);
      await site.mustType(NO_TABLES);
      for (const family of FAMILIES)
        await must(engine.execInside, toolOf(family, '-restore'), ['-c'], { input: saves[family] });
    },
  };
}

/** Empties the variant that the Engine does not use: some managers write there. */
async function clearLegacy({ mustType }: Site): Promise<void> {
  await mustType(
    `for tool in ip ip6; do
       names=$(cat /proc/net/\${tool}_tables_names 2>/dev/null)
       for table in $names; do \${tool}tables-legacy -t $table -F; \${tool}tables-legacy -t $table -X; done
       case "$names" in *filter*)
         for chain in INPUT FORWARD OUTPUT; do \${tool}tables-legacy -P $chain ACCEPT; done
       esac
     done`,
  );
}

/** Every file of the folders: what it is called, whose it is, what it may, what is in it. */
export async function filesOf({ mustType }: Site): Promise<readonly string[]> {
  const told = await mustType(
    `cd / && ${PRESENT} && find $present -printf '%M %u %g %p %l\\n' | sort &&
       find $present -type f -print0 | sort -z | xargs -0 cksum`,
  );
  return told.split('\n');
}
