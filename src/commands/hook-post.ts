import { uptime } from 'node:os';
import { Fault } from '../fault.ts';
import { isDamage } from '../guard/finding.ts';
import { count } from '../report/text.ts';
import { readFired, type FiredPost } from '../system/hook-fired.ts';
import { beginReading } from '../system/kernel.ts';
import { look, type Look, type Measure } from '../system/look.ts';
import type { Planning } from '../system/repair.ts';
import type { Context, Exit } from './context.ts';
import { fire, type FireArgs, type Half, type HookSettings } from './hook-fire.ts';
import { BY_BOTH, headOf, openMeasure } from './measure.ts';

/** How long a record of `hook pre` counts as that of the change `hook post` follows, in milliseconds. */
const FRESH = 600_000;

const half = (outcome: FiredPost['outcome'], says: string, exit: 0 | 1 = 0): Half => ({
  fired: { post: { outcome, says } },
  exit,
});

/** `rulesguard hook post`: compares after a firewall change, and mends or reports. */
export async function post(args: FireArgs, context: Context): Promise<Exit> {
  return fire('post', (settings, waiting) => compare(args.target, settings, waiting), args, context);
}

async function compare(target: string, settings: HookSettings, context: Context): Promise<Half> {
  if (settings.post === 'off') return half('off', 'switched off');
  const reading = beginReading();
  const measure = await openMeasure(BY_BOTH, context);
  let seen: Look;
  try {
    // Without the lock: after most changes all is well, and nothing is going to be written.
    seen = await look(measure, reading);
  } catch (error) {
    if (!(error instanceof Fault) || error.code !== 'RG_NO_BASELINE') throw error;
    context.log.info(error.message);
    return half('nothing', error.message);
  }
  const damage = seen.findings.filter(isDamage);
  if (damage.length === 0) {
    context.print(`${context.paint('green', context.paint('bold', 'INTACT'))}\n`);
    return half('intact', 'intact');
  }
  const fresh = await isFresh(target, measure, context);
  if (!fresh && isBeforeDocker(seen, measure)) {
    const says =
      'Docker is not running, and has not since the machine started; it writes its rules itself when it starts';
    context.log.info(says);
    return half('nothing', says);
  }
  if (settings.post === 'report') return await report(seen, measure, damage.length, context);
  return mend(settings, fresh, context);
}

/** Whether the baseline is this change's own record: then nothing in it is stale, whether an Engine answers or not. */
async function isFresh(target: string, { stored }: Measure, { stateDir }: Context): Promise<boolean> {
  const { pre } = (await readFired(stateDir, target)) ?? {};
  if (pre?.baseline === undefined || stored === undefined) return false;
  return pre.baseline === stored.id && Date.now() - Date.parse(pre.at) < FRESH;
}

/** Firewalls are loaded before dockerd starts: what it will write is not lost. */
function isBeforeDocker({ word }: Look, { stored }: Measure): boolean {
  if (word.answered || stored === undefined) return false;
  if (word.fault.code !== 'RG_ENGINE_ABSENT' && word.fault.code !== 'RG_ENGINE_DOWN') return false;
  return Date.parse(stored.baseline.created) < Date.now() - uptime() * 1000;
}

async function mend(settings: HookSettings, fresh: boolean, context: Context): Promise<Half> {
  const { stateDir, runDir, waitSeconds, log } = context;
  const planning: Planning = { policies: settings.policies ? 'restore' : 'leave', unvouched: fresh };
  // Most runs find nothing to mend, and need not load what mends.
  const { restoreNow } = await import('./restore.ts');
  const options = { stateDir, runDir, waitSeconds, rehearse: true };
  const { exit, mended } = await restoreNow(BY_BOTH, planning, options, context);
  const says = `mended ${count(mended, 'finding')}`;
  // Another one may have been faster.
  if (exit === 0) return mended === 0 ? half('intact', 'intact') : half('mended', says);
  log.error(
    "Docker's rules are damaged after this firewall change, and not all could be mended: rulesguard check",
  );
  return half('left', `${says}, not all`, exit);
}

async function report(
  seen: Look,
  measure: Measure,
  damaged: number,
  { print, paint, log }: Context,
): Promise<Half> {
  const { checkText } = await import('../report/check-text.ts');
  print(checkText(seen.findings, headOf(measure, seen), paint, 'some'));
  const says = `${count(damaged, 'finding')}, not mended`;
  log.error(`Docker's rules are damaged after this firewall change (${says}): rulesguard restore`);
  return half('reported', `found ${says}`, 1);
}
