import { Fault } from '../../fault.ts';
import { automaticOff } from '../../app/automatic.ts';
import type { HookEvent, HookPort, HookRequest } from '../../app/hooks/hook.ts';
import { runHook } from '../../app/hooks/run-hook.ts';
import { reportOf, type Checked } from '../../app/check/check.ts';
import { realCheckHost } from '../../app/check/real-check-host.ts';
import { bootedAt } from '../../host/command/who.ts';
import { announce, announceEnd, uptimeNow, whileAnnounced } from '../../host/state/announcements.ts';
import { noteFired, readFired } from '../../host/state/hook-fired.ts';
import { isDamage } from '../../reconcile/finding.ts';
import { repairCommand } from '../../report/check-text.ts';
import { checkText } from '../../report/check/text.ts';
import { noticeText } from '../../report/notice-text.ts';
import { count, printable } from '../../report/text.ts';
import { configured } from '../shared/configured.ts';
import type { Context, Exit } from '../context.ts';
import { recordBefore, restoreAfter } from '../shared/around-change.ts';
import { BY_BOTH, openReference } from '../shared/reference.ts';
import { recordedText, unchangedText } from '../../report/snapshot-text.ts';

/** Options of `hook pre` and `hook post`. */
export interface FireArgs {
  /** Whose hook it is, for `hook status`. */
  readonly target: string;
  readonly mode: 'repair' | 'report' | 'off' | undefined;
  readonly policies: boolean | undefined;
  readonly strict: boolean | undefined;
}

/** The change between the two halves of a hook. */
const betweenName = (target: string): string => `between-${target}`;
/** A manager whose change takes longer, or that never comes to its end, is looked at meanwhile. Milliseconds. */
const LONGEST_BETWEEN = 30_000;

/**
 * `rulesguard hook pre|post`. The exit code is 0 whatever happens, unless `--strict` asks for the usual ones.
 *
 * RULESGUARD_HOOKS=off switches it off for whatever a command starts: a rehearsal asks what the change alone does.
 */
export async function fire(phase: 'pre' | 'post', args: FireArgs, context: Context): Promise<Exit> {
  if (process.env['RULESGUARD_HOOKS'] === 'off') return 0;
  const { runDir } = context;
  const half = () =>
    runHook(
      phase,
      args.target,
      args.strict ?? false,
      () => requestOf(phase, args, context),
      outsideOf(phase, context),
    );
  // Between the two it is the firewall manager's change, and no process of ours.
  const between = betweenName(args.target);
  if (phase === 'pre')
    return whileAnnounced(runDir, async () => {
      try {
        return await half();
      } finally {
        await announce(runDir, between, { until: uptimeNow() + LONGEST_BETWEEN }).catch(() => undefined);
      }
    });
  try {
    return await whileAnnounced(runDir, half);
  } finally {
    announceEnd(runDir, between);
  }
}

async function requestOf(
  phase: 'pre' | 'post',
  { target, mode, policies, strict }: FireArgs,
  given: Context,
): Promise<HookRequest & { readonly port: HookPort }> {
  const { config, context } = await configured(given);
  const { hook } = config;
  return {
    target,
    settings: {
      pre: hook.pre,
      post: mode ?? hook.post,
      policies: policies ?? hook.policies,
      strict: strict ?? hook.strict,
    },
    off: automaticOff(config, process.env),
    port: portOf(phase, context),
  };
}

/** What is there before the configuration is read. */
const outsideOf = (
  phase: 'pre' | 'post',
  context: Context,
): Pick<HookPort, 'readFired' | 'noteFired' | 'emit'> => ({
  readFired: (target) => readFired(context.stateDir, target),
  noteFired: (target, fired) => noteFired(context.stateDir, target, fired),
  emit: (event) => {
    report(event, phase, context);
  },
});

const portOf = (phase: 'pre' | 'post', context: Context): HookPort => ({
  ...outsideOf(phase, context),
  host: realCheckHost(context.stateDir),
  booted: bootedAt,
  openReference: () => openReference(BY_BOTH, context),
  record: async () => {
    const taken = await recordBefore(context);
    const { print, paint } = context;
    print(taken.verdict === 'recorded' ? recordedText(taken, paint) : unchangedText(taken.id, paint));
    return taken;
  },
  restore: async (planning) => {
    const { exit, repaired } = await restoreAfter(planning, context);
    return { isWhole: exit === 0, repaired };
  },
});

function report(event: HookEvent, phase: 'pre' | 'post', { print, paint, log }: Context): void {
  switch (event.kind) {
    case 'switched-off':
      log.warn(
        `note: automatic writes are switched off (${event.by}), so ${phase === 'pre' ? 'nothing was recorded' : 'nothing is repaired'}`,
      );
      return;
    case 'nothing':
      log.info(event.reason);
      return;
    case 'intact':
      print(`${paint('green', paint('bold', 'INTACT'))}\n`);
      return;
    case 'damaged':
      print(checkText(reportOf(event.checked), paint, 'screen'));
      log.error(damagedText(event.checked));
      return;
    case 'overridden':
      print(checkText(reportOf(event.checked), paint, 'screen'));
      log.error("After this firewall change something else decides before Docker's rules: rulesguard check");
      return;
    case 'unknown':
      print(checkText(reportOf(event.checked), paint, 'screen'));
      log.error('After this firewall change it is not known what packets do: rulesguard check');
      return;
    case 'notice':
      log.warn(noticeText(event.notice));
      return;
    case 'left':
      log.error(
        "Docker's rules are damaged after this firewall change, and not all could be repaired: rulesguard check",
      );
      return;
    case 'not-noted':
      log.warn(`note: when this hook ran could not be noted: ${event.reason}`);
      return;
    case 'failed':
      log.error(failedText(event.error, phase));
  }
}

function damagedText({ observation: { findings }, irreparable }: Checked): string {
  const damage = findings.filter(isDamage).length;
  const command = irreparable === undefined ? repairCommand(findings) : undefined;
  return `Docker's rules are damaged after this firewall change (${count(damage, 'finding')}, not repaired)${command === undefined ? '' : `: ${command}`}`;
}

/** A fault as the command line says it, and that the change goes on. */
function failedText(error: unknown, phase: 'pre' | 'post'): string {
  const { summary, hint } =
    error instanceof Fault ? error : { summary: [], hint: 'Please report this, with the command you typed.' };
  return [
    `rulesguard hook ${phase}: ${error instanceof Error ? error.message : String(error)}`,
    ...summary.map((line) => `  ${printable(line)}`),
    ...(hint === undefined ? [] : [`→ ${hint}`]),
    ...(phase === 'pre' ? ['The firewall change goes on.'] : []),
  ].join('\n');
}
