import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { filesOf, type CliHost } from '../cli.ts';
import { FAMILIES } from '../kernel.ts';
import { recording } from '../recorded/recordings.ts';
import type { Dice } from '../busy/dice.ts';
import type { Verdict } from './campaign.ts';
import { ask, refuseStrangers, reset, sealed, serve } from './edge.ts';
import { mutateJson } from './mutate-json.ts';
import { mutateLines } from './mutate-lines.ts';

/** The recorded Engine of the host that inputs are tried on. */
export const NAME = 'engine-28.5-ports';
const LOST = ['iptables -t nat -F', 'iptables -F DOCKER', 'ip6tables -t nat -F', 'iptables -t raw -F'];

type Attempt = (dice: Dice) => Promise<Verdict>;

/** Makes the attempts of one kind of input on a host; `end` takes away what they needed. */
export type EdgeTarget = (host: CliHost) => Promise<{ attempt: Attempt; end?: () => void }>;

const fixture = (file: string): string =>
  readFileSync(new URL(`../../fixtures/${file}`, import.meta.url), 'utf8');

const answers: EdgeTarget = async (host) => {
  const sound = fixture(`${NAME}/engine.json`);
  const donor = fixture('engine-28.5-bridges/engine.json');
  const { env, answer, end } = await serve(host);
  return {
    end,
    attempt: async (dice) => {
      answer(mutateJson(sound, donor, dice, { rough: 2, most: 4 }) as Readonly<Record<string, unknown>>);
      if (dice.oneIn(3)) {
        await host.sh(dice.pick(LOST) ?? '');
        const before = await host.rules();
        const verdict = await ask(host, ['restore', '--source', 'engine'], { env, writes: true });
        await refuseStrangers(host, before);
        await reset(host, recording(NAME).text);
        return verdict;
      }
      const line = dice.pick(['check', 'check --json', 'restore --dry-run', 'check --nagios']);
      return ask(host, [...line.split(' '), '--source', 'engine'], {
        env,
        plugin: line.endsWith('--nagios'),
      });
    },
  };
};

const baselines: EdgeTarget = async (host) => {
  await host.run('snapshot');
  const [file = ''] = filesOf(host, 'baselines');
  const sound = readFileSync(file, 'utf8');
  return {
    attempt: async (dice) => {
      writeFileSync(file, sealed(mutateJson(sound, sound, dice, { rough: 5, most: 3 })));
      if (dice.oneIn(3)) {
        await host.sh(dice.pick(LOST) ?? '');
        const before = await host.rules();
        const verdict = await ask(host, ['restore', '--assume-unchanged'], { writes: true });
        await refuseStrangers(host, before);
        await reset(host, recording(NAME).text);
        return verdict;
      }
      return ask(
        host,
        dice.pick([
          ['check'],
          ['check', '--json'],
          ['baseline', 'list'],
          ['baseline', 'verify'],
          ['baseline', 'show'],
        ]),
      );
    },
  };
};

const plans: EdgeTarget = async (host) => {
  await host.run('snapshot');
  for (const line of LOST.slice(0, 2)) await host.sh(line);
  const file = path.join(host.folder, 'reviewed.plan');
  await host.run(`restore --assume-unchanged --plan-out ${file}`);
  const sound = readFileSync(file, 'utf8');
  const [ipv4, ipv6] = await Promise.all(FAMILIES.map((family) => host.ns.save(family, host.variant)));
  return {
    attempt: async (dice) => {
      writeFileSync(file, sealed(mutateJson(sound, sound, dice, { rough: 4, most: 2 })));
      const before = await host.rules();
      const verdict = await ask(host, ['restore', '--plan', file], { writes: true });
      await refuseStrangers(host, before);
      if (verdict === 'past') await reset(host, { ipv4: ipv4 ?? '', ipv6: ipv6 ?? '' });
      return verdict;
    },
  };
};

const saves: EdgeTarget = async (host) => {
  await host.run('snapshot');
  const { text } = recording(NAME);
  const donor = recording('engine-28.5-bridges').text.ipv4;
  return {
    attempt: async (dice) => {
      const input = mutateLines(text.ipv4, [donor], dice);
      if (dice.oneIn(3)) return ask(host, ['strip'], { input, bytes: true });
      if (dice.oneIn(2)) {
        const file = path.join(host.folder, 'candidate.save');
        writeFileSync(file, input, 'latin1');
        return ask(host, ['check', '--candidate', file]);
      }
      const { code } = await host.ns.restore('ipv4', host.variant, input, []);
      const verdict = code === 0 ? await ask(host, ['check']) : 'refused';
      await reset(host, text);
      return verdict;
    },
  };
};

const listings: EdgeTarget = async (host) => {
  await host.run('snapshot');
  const sound = fixture('nftables/firewalld-1.3.3.nft');
  return {
    attempt: async (dice) => {
      // The kernel makes the listing: nft takes in what was turned, where it does.
      const input = mutateLines(sound, [sound], dice);
      const { code } = await host.ns.exec('nft', ['-f', '-'], { input });
      const verdict = await ask(host, dice.pick([['check'], ['doctor', 'bridge']]));
      await host.ns.exec('nft', ['delete', 'table', 'inet', 'firewalld']);
      return code === 0 ? verdict : 'refused';
    },
  };
};

/** Each kind of input, tried on the built program and a real kernel. */
export const EDGE_TARGETS: Readonly<Record<string, EdgeTarget>> = {
  'engine-answers': answers,
  baselines,
  plans,
  saves,
  'nft-listings': listings,
};
