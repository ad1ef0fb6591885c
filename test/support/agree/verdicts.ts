import { check, type Checked } from '../../../src/app/check/check.ts';
import { diagnoseHost, type Diagnosed } from '../../../src/app/diagnose/diagnose-host.ts';
import { openCells } from '../../../src/doctor/cells.ts';
import type { Check, NamedPath } from '../../../src/doctor/diagnosis.ts';
import type { Cell } from '../../../src/reach/cell.ts';
import type { Decider } from '../../../src/reach/judge/decider.ts';
import { effectWords } from '../../../src/report/check/words.ts';
import type { CheckEffect } from '../../../src/reconcile/verdict/effect.ts';
import type { AgreeHost } from './host.ts';

/** What check and doctor say of one host. */
export interface BothVerdicts {
  readonly check: Checked;
  readonly doctor: Diagnosed;
}

/** Asks both about a whole host. */
export async function askBoth(host: AgreeHost): Promise<BothVerdicts> {
  const silent = (): void => undefined;
  return {
    check: await check(host, host.baselines, { baseline: undefined, source: 'both' }, silent),
    doctor: await diagnoseHost(host, { target: undefined, from: '', probe: false }, silent),
  };
}

/** In what the two do not say the same; empty where they do. */
export function disagreements({
  check: { verdict },
  doctor: { facts, diagnosis },
}: BothVerdicts): readonly string[] {
  const { effects } = verdict;
  const { causes } = diagnosis;
  const told = effects.filter(({ effect }) => effect !== 'unknown');
  const words = told.map((one) => `${one.effect} ${one.cause}: ${effectWords(one).headline}`);
  const titles = causes.map(({ code, title, about }) => `${code}: ${title} (${about})`);
  const cells = openCells(facts, { target: { kind: 'host' }, containers: new Map() } as never);
  return [
    ...(told.length > 0 && diagnosis.verdict !== 'fail'
      ? [`check counts ${words.join('; ')}, doctor says ${diagnosis.verdict}`]
      : []),
    ...(told.length === 0 && causes.length > 0
      ? [`check is ${verdict.state}, doctor tells ${titles.join('; ')}`]
      : []),
    ...(verdict.state === 'unknown' && diagnosis.verdict === 'ok'
      ? ['check cannot tell, doctor says ok']
      : []),
    ...(verdict.state === 'intact' && diagnosis.verdict === 'unknown'
      ? ['check is intact, doctor cannot tell']
      : []),
    ...told
      .filter((one) => !isExplained(one, causes, failing(diagnosis.paths)))
      .map((one) => `doctor does not say why: ${effectWords(one).headline}`),
    ...failing(diagnosis.paths).flatMap((one) =>
      cells.some((cell) => isOnWay(cell, one)) ? [] : [`doctor fails ${one.name}, and no such cell differs`],
    ),
  ];
}

/** Whether a cause names what decides an effect, or a path that fails is of it; what is lost, and what this host itself does, each may be about. */
function isExplained(
  { cause, deciders, shown }: CheckEffect,
  causes: readonly Check[],
  failed: readonly NamedPath[],
): boolean {
  if (cause !== 'overridden') return causes.length > 0;
  const texts = deciders.flatMap(textOf);
  const isNamed = causes.some(
    ({ evidence, impairs }) => impairs === 'all' || texts.some((text) => evidence.includes(text)),
  );
  const cells = shown.by === 'cells' ? shown.group.members : [];
  return texts.length === 0 || isNamed || cells.some((cell) => failed.some((one) => isOnWay(cell, one)));
}

const textOf = (decider: Decider): readonly string[] =>
  decider.by === 'rule'
    ? [decider.rule.text]
    : decider.by === 'native' && decider.rule !== ''
      ? [decider.rule]
      : [];

/** The questions of paths that fail, there or on the way back. */
const failing = (paths: readonly NamedPath[]): readonly NamedPath[] => {
  const lost = new Set(paths.flatMap(({ name, verdict }) => (verdict === 'fail' ? [questionOf(name)] : [])));
  return paths.filter(({ name }) => lost.has(name));
};

const questionOf = (name: string): string => name.replace(/ \(answer\)$/, '');

/** Whether a cell asks what a path asks: the same container and port, or the outside, for an asker of the same kind. */
function isOnWay({ asker, asked, proto }: Cell, { path: { packet }, kind }: NamedPath): boolean {
  const by = asker.by === 'outside' ? asker.interface : asker.by === 'host' ? '' : asker.spot.bridge;
  if (by !== packet.inInterface) return false;
  if (kind === 'outbound')
    return !('spot' in asked) && asker.by === 'container' && asker.spot.address === packet.source;
  if (asked.what === 'published')
    return (
      asked.at === packet.destination &&
      asked.hostPort === packet.destinationPort &&
      proto === packet.protocol
    );
  return 'spot' in asked && asked.spot.address === packet.destination;
}
