import type { NamedPath } from '../../doctor/diagnosis.ts';
import type { Packet } from '../../trace/packet.ts';
import type { Hook, Path, PathStep } from '../../trace/path.ts';
import {
  endWords,
  hostPort,
  isEnding,
  isOpen,
  packetsOf,
  pathWords,
  stepPlace,
  stepRule,
} from '../doctor/words.ts';
import { html, type Html } from './html.ts';
import { chip } from './parts.ts';

/** The usual order of hooks, to show which ones a stopped packet did not reach. */
const ORDER: readonly (readonly [Hook, readonly string[]])[] = [
  ['PREROUTING', ['raw', 'mangle', 'nat']],
  ['FORWARD', ['routing', 'mangle', 'filter']],
  ['POSTROUTING', ['mangle', 'nat']],
];

/** One path, drawn, in a card of its own. */
export function pathCard(named: NamedPath, mayOpen: boolean): Html {
  const { name, verdict } = named;
  return html`<details
    class="card path ${verdict} ${verdict === 'ok' ? 'fine' : ''}"
    ${verdict === 'ok' || !mayOpen ? undefined : { html: 'open' }}
  >
    <summary class="turn">
      <h3>${name}</h3>
      ${chip(verdict, pathWords(named))}
    </summary>
    <div class="inner">${pathDrawing(named)}</div>
  </details>`;
}

/** A path through the hooks, then rule by rule. */
export function pathDrawing({ verdict, path, flaw }: Pick<NamedPath, 'verdict' | 'path' | 'flaw'>): Html {
  return html`${flaw === '' ? undefined : html`<p class="flaw">${flaw}</p>`}
    <div class="way">
      ${startHop(path)} ${hopsOf(path).map((hop) => hopBox(hop, path))} ${endHop(path, verdict)}
      ${ghostHops(path)}
    </div>
    <ol class="steps" aria-label="rule by rule">
      ${path.steps.map((step, index) => stepItem(step, index, path))}
    </ol>`;
}

/** A packet in three short lines: a box is narrow. */
function packetPart({ protocol, source, sourcePort, destination, destinationPort }: Packet): Html {
  return html`<div class="packet">
    <div>${protocol}</div>
    <div>${hostPort(source, sourcePort)}</div>
    <div>→ ${hostPort(destination, destinationPort)}</div>
  </div>`;
}

/** What each stage of a path did, one after another. */
export const stagesOf = (
  path: Path,
): readonly { readonly place: string; readonly told: string; readonly ends: boolean }[] =>
  hopsOf(path).flatMap(({ stages }) =>
    stages.map(({ stage, steps }) => {
      const last = steps.at(-1);
      const ends = last !== undefined && last === path.steps.at(-1) && isEnding(path.steps.length - 1, path);
      const chain = last?.chain ?? steps.find((step) => step.chain !== undefined)?.chain;
      return { place: chain === undefined ? stage : `${stage} ${chain}`, told: tellingOf(steps), ends };
    }),
  );

/** What is decided in one hook, in order: steps of one stage are one box. */
interface Hop {
  readonly hook: Hook;
  readonly stages: { readonly stage: string; readonly steps: PathStep[] }[];
}

function hopsOf({ steps }: Path): readonly Hop[] {
  const hops: Hop[] = [];
  for (const step of steps) {
    let hop = hops.at(-1);
    if (hop?.hook !== step.hook) hops.push((hop = { hook: step.hook, stages: [] }));
    const stage = hop.stages.at(-1);
    if (stage?.stage === step.stage) stage.steps.push(step);
    else hop.stages.push({ stage: step.stage, steps: [step] });
  }
  return hops;
}

function startHop({ packet }: Path): Html {
  return html`<div class="hop">
    <div class="name">${packet.inInterface === '' ? 'made here' : `in by ${packet.inInterface}`}</div>
    ${packetPart(packet)}
  </div>`;
}

function hopBox({ hook, stages }: Hop, path: Path): Html {
  const last = path.steps.at(-1);
  const ghosts = last?.hook === hook && !isOpen(path) ? ghostStages(hook, last.stage) : [];
  return html`<div class="hop">
    <div class="name">${hook}</div>
    <div class="stages">
      ${stages.map(({ stage, steps }) => {
        const ends = isEnding(path.steps.length - 1, path) && last !== undefined && steps.includes(last);
        return html`<div class="stage ${ends ? 'ends' : ''}">
          <b>${ends ? `■ ${stage}` : stage}</b>${tellingOf(steps)}
        </div>`;
      })}
      ${ghosts.map((stage) => html`<div class="stage ghost"><b>${stage}</b>not reached</div>`)}
    </div>
  </div>`;
}

/** What a stage did, by its last step with an effect. */
function tellingOf(steps: readonly PathStep[]): string {
  const telling = steps.findLast(({ what }) => !what.startsWith('jumps to '));
  return (telling ?? steps.at(-1))?.what ?? '';
}

const ghostStages = (hook: Hook, after: string): readonly string[] => {
  const stages = ORDER.find(([name]) => name === hook)?.[1] ?? [];
  const at = stages.indexOf(after);
  return at === -1 ? [] : stages.slice(at + 1);
};

/** Hooks that a stopped packet did not reach. */
function ghostHops(path: Path): readonly Html[] {
  const last = path.steps.at(-1);
  if (isOpen(path) || last === undefined) return [];
  const at = ORDER.findIndex(([hook]) => hook === last.hook);
  return (at === -1 ? [] : ORDER.slice(at + 1)).map(
    ([hook, stages]) =>
      html`<div class="hop ghost">
        <div class="name">${hook}</div>
        <div class="stages">
          ${stages.map((stage) => html`<div class="stage ghost"><b>${stage}</b>not reached</div>`)}
        </div>
      </div>`,
  );
}

function endHop(path: Path, verdict: NamedPath['verdict']): Html {
  const { word, text } = endWords(path.end);
  return html`<div class="hop end ${verdict}">
    <div class="name">${isOpen(path) ? '→' : '■'} ${word}</div>
    <div class="small">${text}</div>
    ${packetPart(path.last)}
  </div>`;
}

function stepItem(step: PathStep, index: number, path: Path): Html {
  const ends = isEnding(index, path);
  const begins = path.steps[index - 1]?.hook !== step.hook;
  const rule = stepRule(step);
  const packets = packetsOf(step.rule?.counters ?? '');
  return html`<li class="${ends ? 'ends' : rule === '' ? 'plain' : ''}">
    ${begins ? html`<span class="hook">${step.hook}</span>` : undefined}
    <span class="where">
      ${stepPlace(step)}
      ${step.variant === undefined ? undefined : html`<span class="soft small">${step.variant}</span>`}
    </span>
    <span class="did">
      ${ends ? '■ ' : ''}${step.what}
      ${packets === '' ? undefined : html`<span class="soft small">${packets} so far</span>`}
    </span>
    ${rule === '' ? undefined : html`<code>${rule}</code>`}
  </li>`;
}
