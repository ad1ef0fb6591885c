import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { readJson } from './cli.ts';

/** A baseline as it lies in its file, as far as tests change it. */
export interface BaselineDocument {
  $schema: string;
  digest: string;
  seal?: string;
  version: number;
  previous: string | null;
  families: Record<'ipv4' | 'ipv6', { name: string; chains: StoredChain[] }[]>;
}

interface StoredChain {
  name: string;
  owner: string;
  policy: string;
  rules: { text: string; owner: string; level?: string; counters?: string }[];
}

/** A plan as it lies in its file, as far as tests change it. */
export interface PlanDocument {
  $schema: string;
  digest: string;
  variant: string;
  families: Record<'ipv4' | 'ipv6', { tables: { table: string; steps: StoredStep[] }[] }>;
}

interface StoredStep {
  op: string;
  chain: string;
  position?: number;
  policy?: string;
  counters?: string;
  rule?: { text: string; counters: string };
}

/** Changes a stored baseline as an attacker would who knows how its digest is made. */
export function forgeBaseline(file: string, change: (document: BaselineDocument) => void): void {
  const document = readJson(file) as BaselineDocument;
  change(document);
  seal(file, document);
}

/** Changes a stored plan in the same way. */
export function forgePlan(file: string, change: (document: PlanDocument) => void): void {
  const document = readJson(file) as PlanDocument;
  change(document);
  seal(file, document);
}

/** The digest is right again, the host's seal is still that of what it was: nobody makes one without the key. */
function seal(file: string, document: BaselineDocument | PlanDocument): void {
  const { $schema, digest: _, seal: kept, ...rest } = document as BaselineDocument;
  const digest = `sha256:${createHash('sha256').update(JSON.stringify(rest)).digest('hex')}`;
  const sealed = { $schema, digest, ...(kept === undefined ? {} : { seal: kept }), ...rest };
  writeFileSync(file, `${JSON.stringify(sealed, undefined, 1)}\n`);
}

/** A chain of a stored baseline. */
export function chainIn({ families }: BaselineDocument, table: string, name: string): StoredChain {
  const chain = families.ipv4.find((one) => one.name === table)?.chains.find((one) => one.name === name);
  if (chain === undefined) throw new Error(`the baseline holds no ${table} ${name}`);
  return chain;
}
