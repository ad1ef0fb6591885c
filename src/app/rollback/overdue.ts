import type { Fault } from '../../fault.ts';
import { isSettled } from '../../reconcile/pending-state.ts';
import type { Pending } from '../../host/pending/read.ts';
import type { PendingHost } from './ports.ts';
import { secondsLeft } from './records.ts';

/** Seconds in which a timer that cannot be seen from here, as from a container, must have begun once the time is over. */
const GRACE = 3;
/** Seconds after which it is reported even though somebody is at work on it. */
const LONG = 300;
/**
 * Seconds after the deadline in which a command rolls back what nobody has. Later somebody may have built on the change:
 * then only he who asks for it has all of that undone.
 */
const WINDOW = 900;

/**
 * A change that is not as it was promised to be.
 *
 * `due`: its time is over, or its rolling back began, and it is not rolled back; `old`: that was so long ago that only
 * whoever asks for it may undo what came since; `elsewhere`: the same of another network namespace; `rebooted`: the host
 * was booted while it waited; `damaged`: its record cannot be read.
 */
export type Unsettled =
  | {
      readonly kind: 'due' | 'old' | 'elsewhere' | 'rebooted';
      readonly pending: Pending;
      /** Seconds since its time was over; negative where rolling back began before. */
      readonly overdue: number;
      /** Whether somebody is at work on it, and has been for long. */
      readonly atWork: boolean;
      /** With `rebooted`: files of firewall managers that were written after it began. */
      readonly written: readonly string[];
    }
  | { readonly kind: 'damaged'; readonly fault: Fault };

/** What firewall managers load at boot. */
const LOADED_AT_BOOT = [
  '/etc/iptables/rules.v4',
  '/etc/iptables/rules.v6',
  '/etc/sysconfig/iptables',
  '/etc/sysconfig/ip6tables',
  '/etc/nftables.conf',
  '/etc/sysconfig/nftables.conf',
  '/etc/ufw/ufw.conf',
  '/etc/ufw/user.rules',
  '/etc/ufw/user6.rules',
  '/etc/ufw/before.rules',
  '/etc/ufw/after.rules',
  '/etc/firewalld/firewalld.conf',
  '/etc/firewalld/zones',
  '/etc/firewalld/direct.xml',
  '/etc/ferm/ferm.conf',
  '/etc/csf/csf.conf',
  '/etc/shorewall/rules',
  '/etc/ipset.conf',
  '/etc/iptables/ipsets',
];

/**
 * Every change that should have been rolled back and was not, or that a reboot ended, and every record that cannot be read.
 *
 * @param grace - whether whoever is at work on it is left to finish
 */
export async function readUnsettled(
  host: PendingHost,
  grace: 'with-grace' | 'at-once',
): Promise<readonly Unsettled[]> {
  const { open, rebooted, damaged } = await host.readAll();
  const judged = await Promise.all(open.map((pending) => judge(pending, grace, host)));
  return [
    ...damaged.map((fault): Unsettled => ({ kind: 'damaged', fault })),
    ...judged.flat(),
    ...(await Promise.all(rebooted.map((pending) => endedByReboot(pending, host)))),
  ];
}

async function judge(
  pending: Pending,
  grace: 'with-grace' | 'at-once',
  host: PendingHost,
): Promise<readonly Unsettled[]> {
  const overdue = -secondsLeft(pending, host);
  const withGrace = grace === 'with-grace';
  const begun = pending.state === 'waiting' ? overdue : Math.max(overdue, await sinceChanged(pending, host));
  if (pending.state !== 'failed' && begun < (withGrace ? GRACE : 0)) return [];
  const atWork = withGrace && pending.state !== 'failed' && (await host.isAtWork(pending));
  if (atWork ? begun < LONG : await wasSettled(pending, host)) return [];
  const kind = !(await host.isHere(pending)) ? 'elsewhere' : overdue > WINDOW ? 'old' : 'due';
  return [{ kind, pending, overdue, atWork, written: [] }];
}

/** Whether it was settled since it was read: whoever did that may be gone. */
async function wasSettled({ id }: Pending, host: PendingHost): Promise<boolean> {
  const now = (await host.listPending()).find((entry) => entry.id === id);
  return now === undefined || isSettled(now.state);
}

/** Seconds since a change reached its state. */
async function sinceChanged(pending: Pending, host: PendingHost): Promise<number> {
  const time = await host.changedAt(pending);
  return time === undefined ? 0 : (host.now() - time) / 1000;
}

async function endedByReboot(pending: Pending, host: PendingHost): Promise<Unsettled> {
  const since = Date.parse(pending.change.created);
  const times = await Promise.all(
    LOADED_AT_BOOT.map(async (path) => ({ path, time: await host.writtenAt(path) })),
  );
  const written = times.flatMap(({ path, time }) => ((time ?? 0) >= since ? [path] : []));
  return { kind: 'rebooted', pending, overdue: 0, atWork: false, written };
}

/** Marks changes that a reboot ended as reported. Returns those. */
export async function forgetRebooted(id: string | undefined, host: PendingHost): Promise<readonly Pending[]> {
  const { rebooted } = await host.readAll();
  const meant = rebooted.filter((pending) => id === undefined || pending.id === id);
  for (const pending of meant) await host.moveTo(pending, 'rebooted');
  return meant;
}
