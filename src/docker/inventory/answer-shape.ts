import { PROTOCOLS } from '../../net/protocol.ts';
import { isRecord, type Answers } from './inventory.ts';

/** What is wrong with a value, and where; undefined when nothing is. */
type ShapeCheck = (value: unknown, at: string) => string | undefined;

/** A value, cut to what a message can hold; it may be deeply nested. */
function shown(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value.slice(0, 60));
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  return Array.isArray(value) ? 'a list' : 'an object';
}

/** An absent or null field is not a flaw. */
const a =
  (what: string, isOne: (value: unknown) => boolean): ShapeCheck =>
  (value, at) =>
    value === undefined || value === null || isOne(value)
      ? undefined
      : `${at} is ${shown(value)}, which is no ${what}`;

const must =
  (check: ShapeCheck): ShapeCheck =>
  (value, at) =>
    value === undefined || value === null ? `${at} is missing` : check(value, at);

const text = a('text', (value) => typeof value === 'string');
const flag = a('yes or no', (value) => typeof value === 'boolean');
/** Beyond 2⁵³ its last digits are lost; none of ours counts that far. */
const number = a('whole number', Number.isInteger);
const isPort = (value: unknown): boolean => typeof value === 'number' && value > 0 && value <= 65_535;
/** Some Engines write 0 for none. */
const port = a('port', (value) => value === 0 || (Number.isInteger(value) && isPort(value)));
const like = (what: string, pattern: RegExp): ShapeCheck =>
  a(what, (value) => typeof value === 'string' && pattern.test(value));

const list =
  (each: ShapeCheck): ShapeCheck =>
  (value, at) => {
    if (value === undefined || value === null) return undefined;
    if (!Array.isArray(value)) return `${at} is ${shown(value)}, which is no list`;
    return firstOf(value, (one, i) => each(one, `${at}[${String(i)}]`));
  };

const all =
  (each: ShapeCheck): ShapeCheck =>
  (value, at) => {
    if (value === undefined || value === null) return undefined;
    if (!isRecord(value)) return `${at} is ${shown(value)}, which is no object`;
    return firstOf(Object.entries(value), ([name, one]) => each(one, `${at}.${name.slice(0, 80)}`));
  };

const object =
  (fields: Readonly<Record<string, ShapeCheck>>): ShapeCheck =>
  (value, at) => {
    if (value === undefined || value === null) return undefined;
    if (!isRecord(value)) return `${at} is ${shown(value)}, which is no object`;
    return firstOf(Object.entries(fields), ([name, check]) => check(value[name], `${at}.${name}`));
  };

function firstOf<One>(many: readonly One[], check: (one: One, i: number) => string | undefined) {
  for (const [i, one] of many.entries()) {
    const found = check(one, i);
    if (found !== undefined) return found;
  }
  return undefined;
}

const network = object({
  // A swarm's own are shorter, and of all letters.
  Id: must(like('id', /^[0-9a-z]{12,64}$/)),
  Name: must(text),
  Driver: must(text),
  Created: text,
  EnableIPv4: flag,
  EnableIPv6: flag,
  Internal: flag,
  Ingress: flag,
  Options: all(text),
  IPAM: object({ Config: list(object({ Subnet: text, Gateway: text })) }),
});

const ID = like('id', /^[0-9a-f]{64}$/);

const container = object({
  Id: must(ID),
  Names: list(text),
  HostConfig: object({ NetworkMode: text }),
  Ports: list(
    object({
      IP: text,
      // 0 of an image that exposes it, which Docker takes.
      PrivatePort: must(port),
      PublicPort: port,
      Type: must(a('protocol', (value) => PROTOCOLS.some((proto) => proto === value))),
    }),
  ),
  NetworkSettings: object({
    Networks: all(
      object({
        NetworkID: text,
        IPAddress: text,
        GlobalIPv6Address: text,
        Gateway: text,
        IPv6Gateway: text,
        GwPriority: number,
      }),
    ),
  }),
});

/** The fields that are read of each answer. Others may hold anything: they are ignored. */
const SHAPES: Readonly<Record<keyof Answers, readonly [asked: string, check: ShapeCheck]>> = {
  version: [
    '/version',
    must(object({ Version: must(text), ApiVersion: text, Components: list(object({ Name: text })) })),
  ],
  info: [
    '/info',
    must(
      object({
        LiveRestoreEnabled: flag,
        SecurityOptions: list(text),
        FirewallBackend: object({ Driver: text, Info: list(list(text)) }),
        Swarm: object({
          LocalNodeState: text,
          ControlAvailable: flag,
          Cluster: object({ DataPathPort: port }),
        }),
      }),
    ),
  ],
  networks: ['/networks', must(list(must(network)))],
  containers: ['/containers/json', must(list(must(container)))],
  inspects: [
    '/containers/ID/json',
    list(
      object({
        Id: must(ID),
        NetworkSettings: object({ Ports: all(list(object({ HostIp: text, HostPort: text }))) }),
      }),
    ),
  ],
  gwbridge: [
    '/networks/docker_gwbridge',
    object({ Containers: all(object({ IPv4Address: text, IPv6Address: text })) }),
  ],
  services: [
    '/services',
    list(
      object({
        Spec: object({ Name: text }),
        Endpoint: object({
          Ports: list(object({ PublishedPort: port, PublishMode: text, Protocol: text })),
        }),
      }),
    ),
  ],
  ingress: ['/networks/ingress', object({ Services: all(object({ Ports: list(text) })) })],
};

/** Drivers of the two networks that every Engine makes at its start and keeps from being removed. */
const ALWAYS = ['host', 'null'] as const;

/**
 * What no Engine would answer: a field of another type, a port that is none, a list without the networks that every Engine
 * has. Read as empty, such an answer would mean that things are gone, and rules they need would be deleted.
 *
 * @param answers - as far as they are there
 * @returns where it is and what; undefined when there is nothing
 */
export function shapeFlaw(answers: Partial<Answers>): string | undefined {
  for (const [name, [asked, check]] of Object.entries(SHAPES)) {
    if (!(name in answers)) continue;
    const flaw = check(answers[name as keyof Answers], '');
    if (flaw !== undefined) return `GET ${asked} → ${flaw.replace(/^ /, 'the answer ')}`;
  }
  if (!Array.isArray(answers.networks)) return undefined;
  const drivers = new Set(answers.networks.map((one) => (isRecord(one) ? one['Driver'] : undefined)));
  return ALWAYS.every((driver) => drivers.has(driver))
    ? undefined
    : 'GET /networks → not the networks host and none, which every Engine has';
}
