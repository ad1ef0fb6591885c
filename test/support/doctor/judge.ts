import type { Diagnosis, Remedy } from '../../../src/doctor/diagnosis.ts';
import { createHost, told, type Host } from '../host.ts';
import { typistOf } from '../lab/typist.ts';
import type { Plant } from './plants/plant.ts';
import { restart } from './plants/engine.ts';
import { extraOf, unsound } from './probes/prove.ts';
import type { Scene } from './scene.ts';

/** The program on the machine of a scene, as one who follows its advice has it. */
export interface Doctor {
  readonly host: Host;
  /** Types a command of a remedy, as root on that machine. @throws Error when it fails */
  type(command: string): Promise<void>;
}

/** What became of one plant on one Engine. */
export interface Verdict {
  readonly named: 'hit' | 'named second' | 'missed' | 'reported unknown';
  /** Codes that were named as causes beside it. */
  readonly falseAlarms: readonly string[];
  /** Whether packets pass after the remedy, or why that was not tried. */
  readonly passes: 'yes' | 'by hand' | 'no remedy' | 'no' | 'not tried';
  /** All that is wrong, to be read by whoever mends it. */
  readonly wrong: readonly string[];
}

/** A manager that is not installed on these machines: a remedy by its commands is done by hand. */
const ABSENT = /^(?:sudo )?(?:ufw|firewall-cmd) /;

/** Installs the program for a scene. Ends with `host.dispose`. */
export function settleDoctor(scene: Scene): Doctor {
  const { engine } = scene;
  const host = createHost(engine);
  const typed = typistOf(engine, host);
  return {
    host,
    async type(command) {
      // No systemd here: the lab begins and ends the daemon itself.
      if (/^(?:sudo )?(?:systemctl|service) .*\b(?:re)?start\b/.test(command)) {
        await restart()(scene);
        return;
      }
      const outcome = await typed(command);
      if (outcome.code !== 0) throw new Error(`${command}: exit ${String(outcome.code)}: ${outcome.stderr}`);
    },
  };
}

/** What `doctor` says about a target. `wrong`: an exit code that is not that of its verdict, or no JSON. */
export async function consult(
  { host }: Doctor,
  { target, from }: Pick<Plant, 'target' | 'from'>,
  exit: 0 | 1 | 3,
): Promise<{ readonly diagnosis: Diagnosis | undefined; readonly wrong: readonly string[] }> {
  const asked = [...(target === undefined ? [] : [target]), ...(from === undefined ? [] : ['--from', from])];
  const words = ['doctor', ...asked, '--json'];
  const outcome = await host.attempt(words);
  let diagnosis: Diagnosis | undefined;
  try {
    diagnosis = JSON.parse(Buffer.from(outcome.stdout, 'latin1').toString()) as Diagnosis;
  } catch {
    return { diagnosis, wrong: [`no JSON from ${told(words, outcome)}`] };
  }
  const wrong = outcome.code === exit ? [] : [`exit ${String(outcome.code)}, not ${String(exit)}`];
  return { diagnosis, wrong };
}

async function follow(
  doctor: Doctor,
  scene: Scene,
  plant: Plant,
  remedy: Remedy | undefined,
): Promise<'yes' | 'by hand' | 'no remedy'> {
  const typed = remedy?.commands ?? [];
  const isAbsent = plant.notHere !== undefined || typed.some((command) => ABSENT.test(command));
  if (typed.length > 0 && !(plant.byHand !== undefined && isAbsent)) {
    for (const command of typed) await doctor.type(command);
    return 'yes';
  }
  if (plant.byHand === undefined || remedy === undefined) return 'no remedy';
  await plant.byHand(scene);
  return 'by hand';
}

/** Asks about a fault that cannot be known for certain: never healthy, no cause made up, and who decides is named. */
async function judgeUnknown(doctor: Doctor, plant: Plant): Promise<Verdict> {
  const { diagnosis, wrong } = await consult(doctor, plant, 3);
  const falseAlarms = (diagnosis?.causes ?? []).map(({ code }) => code);
  const isReported =
    diagnosis?.checks.some(({ code, verdict }) => code === plant.code && verdict === 'unknown') === true;
  const all = [
    ...wrong,
    ...falseAlarms.map((code) => `false alarm: ${code}`),
    ...(isReported ? [] : [`missed: ${plant.code}`]),
  ];
  return { named: isReported ? 'reported unknown' : 'missed', falseAlarms, passes: 'not tried', wrong: all };
}

/** Asks `doctor` about a planted fault, does what it says, and sends the packets again. */
export async function judgePlant(doctor: Doctor, scene: Scene, plant: Plant): Promise<Verdict> {
  if (plant.unavailable === true) return judgeUnknown(doctor, plant);
  const { diagnosis, wrong } = await consult(doctor, plant, 1);
  const causes = diagnosis?.causes ?? [];
  const place = causes.findIndex(({ code }) => code === plant.code);
  const named = place === 0 ? 'hit' : place > 0 ? 'named second' : 'missed';
  const codes = causes.map(({ code }) => code);
  const planted = [plant.code, ...(plant.besides ?? [])];
  const falseAlarms = codes.filter((code) => !planted.includes(code));
  const missed = planted.slice(1).filter((code) => !codes.includes(code));
  const findings = [
    ...wrong,
    ...(named === 'hit' ? [] : [`${named}: ${plant.code}`]),
    ...missed.map((code) => `missed beside it: ${code}`),
    ...falseAlarms.map((code) => `false alarm: ${code}`),
    ...causes.map(({ code, about, title, remedies }) => {
      const commands = remedies[0]?.commands.join('; ') ?? '';
      return `reported: ${code} (${about}): ${title}: ${commands === '' ? (remedies[0]?.what ?? 'no remedy') : commands}`;
    }),
  ];
  const bad = named !== 'hit' || falseAlarms.length + missed.length + wrong.length > 0;
  try {
    const followed = await follow(doctor, scene, plant, causes[0]?.remedies[0]);
    for (const { remedies } of causes.slice(1)) await follow(doctor, scene, plant, remedies[0]);
    const silent =
      followed === 'no remedy'
        ? ['no remedy that could be tried']
        : await unsound(scene, extraOf(scene, plant));
    const passes = silent.length > 0 && followed !== 'no remedy' ? 'no' : followed;
    const still = silent.map((line) => `after the remedy: ${line}`);
    return { named, falseAlarms, passes, wrong: bad || still.length > 0 ? [...findings, ...still] : [] };
  } catch (error) {
    return { named, falseAlarms, passes: 'no', wrong: [...findings, `the remedy fails: ${String(error)}`] };
  }
}
