import type { CheckCode } from '../../../../src/doctor/codes.ts';
import type { Era } from '../../lab/eras.ts';
import { CLIENT, HOST } from '../../lab/wire.ts';
import { flow, flowNames, type Flow, type Places } from '../flows.ts';
import { ON_29 } from './engine-29.ts';
import type { Scene } from '../scene.ts';

/** Something done to a scene. */
export type Deed = (scene: Scene) => Promise<unknown>;

/** A fault, and how it is put into a scene and taken out of it. */
export interface Plant {
  readonly name: string;
  /** The code by which `doctor` is to name its cause, first and alone. */
  readonly code: CheckCode;
  /** Codes of what else is planted, a fault of its own: to be named as causes too, and repaired by their remedies. */
  readonly besides?: readonly CheckCode[];
  /** What `doctor` is asked about: a container, a network, `HOST:PORT`; the whole host where it is absent. */
  readonly target?: string;
  /** Whose path to the target it is asked about. */
  readonly from?: string;
  /**
   * Names of the flows that fail while it is planted, and no others: this is what makes it a fault. `*` means any
   * text; a function where the Engines differ.
   */
  readonly broken: readonly string[] | ((era: Era) => readonly string[]);
  /** Flows of what it brings along; measured while it is planted, and after the remedy. */
  readonly extra?: (places: Places) => readonly Flow[];
  readonly plant: Deed;
  readonly undo: Deed;
  /** What cannot be known for certain: doctor says so (exit 3), names what decides, and no cause. */
  readonly unavailable?: true;
  /** Why the remedy's commands cannot be typed in a lab; then it is done by hand. */
  readonly notHere?: string;
  /** Does what the remedy says in words, where no command can be given. */
  readonly byHand?: Deed;
  /** Where it can be planted, when that is not on every Engine, and why not elsewhere. */
  readonly only?: { readonly eras: readonly Era[]; readonly reason: string };
}

/** Runs a script on the engine's machine, with the words of `shell.ts`. */
export const sh =
  (script: string): Deed =>
  (scene) =>
    scene.sh(script);

/** As `sh`, for taking back: a remedy may have done some of it already, and then the rest must still be done. */
export const lax = (script: string): Deed => sh(`set +e\n${script}\ntrue`);

/** Puts all rules back. */
export const reload: Deed = (scene) => scene.reload();

/** One deed after another. */
export const inTurn =
  (...deeds: readonly Deed[]): Deed =>
  async (scene) => {
    for (const deed of deeds) await deed(scene);
  };

/** Starts a container of a plant's own; `args` in one string as for a shell. */
export const start =
  (name: string, args: string, serve?: readonly string[]): Deed =>
  (scene) =>
    scene.start(name, args.split(' '), serve);

export const remove = (...names: readonly string[]): Deed =>
  lax(`docker rm -f ${names.join(' ')} >/dev/null 2>&1`);

/** A plant whose deed is a script about rules, and which is undone by putting all rules back. */
export const ofRules = (
  name: string,
  code: CheckCode,
  script: string,
  broken: Plant['broken'],
  rest: Partial<Plant> = {},
): Plant => ({ name, code, plant: sh(script), undo: reload, broken, ...rest });

/** A plant that one script makes and another takes back. */
export const ofScripts = (
  name: string,
  code: CheckCode,
  [plant, undo]: readonly [string, string],
  broken: Plant['broken'],
  rest: Partial<Plant> = {},
): Plant => ({ name, code, plant: sh(plant), undo: lax(undo), broken, ...rest });

/** What the outside client gets at a published port. */
export const published = (port: number, answer: string, protocol: 'tcp' | 'udp' = 'tcp'): Flow => {
  const where = `${String(port)}/${protocol}`;
  return flow('client', where, `${HOST.ipv4}:${where}`, `${answer} saw ${CLIENT.ipv4}`);
};

/** Groups of flows by what they have in common. */
export const INTO_WEB = ['client → web:*'];
export const INTO_SHOP = ['client → shop:*'];
export const INTO = [...INTO_WEB, ...INTO_SHOP, 'client → api:9000'];
export const OUT_OF_WEB = ['web → client*'];
export const OUT = [...OUT_OF_WEB, 'shop → client', 'api → client'];
export const SIX = ['client → api6:9000', 'api → client6'];
export const SAME_BRIDGE = ['mate → web', 'desk → shop'];
export const BY_PROXY = ['host → loopback:8081', 'mate → shop:8081 by host', 'desk → shop:8081 by host'];
/** All that a container without its wire loses. */
export const SHOP_ALONE = [...INTO_SHOP, 'shop → client', 'host → shop', 'desk → shop', ...BY_PROXY];
export const WEB_ALONE = [
  ...INTO_WEB,
  ...OUT_OF_WEB,
  ...['host → web', 'host → own:8080', 'mate → web', 'web → host service'],
];

/** Names of `flows` that a plant says it breaks. */
export function brokenNames(plant: Plant, era: Era, flows: readonly Flow[]): ReadonlySet<string> {
  const broken = typeof plant.broken === 'function' ? plant.broken(era) : plant.broken;
  const { more = [], less = [] } = (era === '29.7' ? ON_29[plant.name] : undefined) ?? {};
  const names = flowNames(flows, [...broken, ...more]);
  return new Set([...names].filter((name) => !less.includes(name)));
}
