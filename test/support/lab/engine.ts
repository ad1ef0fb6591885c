import { copyFileSync } from 'node:fs';
import path from 'node:path';
import { createNetns, type Variant } from '../netns.ts';
import { createDockerd, type Dockerd } from './dockerd.ts';
import { ERAS, type Era } from './eras.ts';
import { ensureRoot } from './roots.ts';
import { execThrough, must, type Exec } from './run.ts';
import { writeShims } from './shims.ts';
import { sweep } from './sweep.ts';
import { connect } from './wire.ts';
import { createWorld } from './world.ts';

/** Options of `startEngine`. */
export interface EngineOptions {
  readonly era: Era;
  /** Variant of the engine's own iptables; `nft` when absent, as Debian has it. */
  readonly variant?: Variant;
  /** Further arguments of dockerd, `--userland-proxy=false` for example. */
  readonly daemonArgs?: readonly string[];
  /** Another root with this era's Engine in it, to be used read-only; layers of it are joined by colons, top first. */
  readonly root?: string;
}

/** A machine with a running Docker Engine, and a client outside of it. */
export interface Engine {
  readonly era: Era;
  /** Path of the engine's network namespace, for `nsenter --net=`. */
  readonly netns: string;
  /** Value for DOCKER_HOST, valid anywhere on this machine. */
  readonly dockerHost: string;
  /** Directory of the suite's own iptables and nft, to put first in PATH; they act in the caller's network namespace. */
  readonly suitePath: string;
  /**
   * Runs a program of this machine in the engine's network namespace, with DOCKER_HOST and the engine's xtables lock.
   */
  readonly exec: Exec;
  /** Runs a program of the engine's own root, in its network namespace: that suite's iptables, ip, conntrack. */
  readonly execInside: Exec;
  /** Runs the docker CLI inside; returns its standard output without the final newline, throws when it fails. */
  readonly docker: (args: readonly string[]) => Promise<string>;
  /** GET of an Engine API path, parsed. */
  api(apiPath: string): Promise<unknown>;
  /** The machine on the other side of the wire; it answers on 80/tcp and 5353/udp with the address it saw. */
  readonly client: {
    readonly netns: string;
    /** Runs a program of this machine in the client's network namespace. */
    readonly exec: Exec;
    /** Runs a program of the engine's root in the client's network namespace. */
    readonly execInside: Exec;
  };
  readonly daemon: { start(args?: readonly string[]): Promise<void>; stop(): Promise<void>; log(): string };
  /** Stops all of it and leaves nothing behind. */
  stop(): Promise<void>;
}

/** Name of the one container image: answers on the ports it is given (80/tcp and 5353/udp by default). */
export const IMAGE = 'lab';

async function useVariant(exec: Exec, variant: Variant): Promise<void> {
  for (const tool of ['iptables', 'ip6tables'])
    await must(exec, 'update-alternatives', ['--set', tool, `/usr/sbin/${tool}-${variant}`]);
}

/** Debian's testing moves on: a root built later may have another Engine than the era's. */
async function requireEra(dockerd: Dockerd, era: Era): Promise<void> {
  const { Version } = (await dockerd.get('/version')) as { readonly Version: string };
  if (!Version.startsWith(`${era}.`))
    throw new Error(
      `its root (${ERAS[era].rootFrom ?? `Debian ${ERAS[era].suite}`}) gave Engine ${Version}, not ${era}: RULESGUARD_LAB_MIRROR can name an older snapshot`,
    );
}

/**
 * Brings up a machine with the era's Engine: a root of its Debian suite, own namespaces, the image `lab`, an outside
 * client on a wire. The first call for an era builds the root. Ends with `stop`, or with this process.
 * @throws Error with the step that failed; what had been started is stopped
 */
export async function startEngine(options: EngineOptions): Promise<Engine> {
  const { era, variant = 'nft', daemonArgs = [] } = options;
  await sweep();
  const root = options.root ?? (await ensureRoot(era));
  const clientNetns = await createNetns();
  const world = await createWorld(root).catch(async (error: unknown) => {
    await clientNetns.dispose();
    throw error;
  });
  const stop = async () => {
    await world.destroy();
    await clientNetns.dispose();
  };
  try {
    for (const file of ['echo.pl', 'build-image.sh'])
      copyFileSync(path.join(import.meta.dirname, 'inside', file), path.join(world.shared, file));
    await useVariant(world.exec, variant);
    // Nobody answers on this wire: a swarm's requests to registries must fail at once, not after ten seconds.
    const nobody = 'rm -f /etc/resolv.conf && echo nameserver 127.0.0.1 >/etc/resolv.conf';
    await must(world.exec, 'sh', ['-c', nobody]);
    const dockerd = createDockerd(world, daemonArgs);
    const dockerHost = `unix://${dockerd.socket}`;
    const exec = execThrough(['nsenter', `--net=${world.netns}`, '--'], {
      DOCKER_HOST: dockerHost,
      XTABLES_LOCKFILE: path.join(world.shared, 'xtables.lock'),
    });
    const onClient = world.execIn(clientNetns.path);
    await connect(exec, clientNetns);
    await must(onClient, 'sh', ['-c', 'setsid perl /lab/echo.pl serve 80/tcp 5353/udp >/dev/null 2>&1 &']);
    await dockerd.start();
    await requireEra(dockerd, era);
    await must(world.exec, '/lab/build-image.sh', [IMAGE]);
    return {
      era,
      netns: world.netns,
      dockerHost,
      suitePath: writeShims(world),
      exec,
      execInside: world.exec,
      docker: (args) => must(world.exec, 'docker', args),
      api: (apiPath) => dockerd.get(apiPath),
      client: { netns: clientNetns.path, exec: clientNetns.exec, execInside: onClient },
      daemon: dockerd,
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}
