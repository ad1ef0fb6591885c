import type { FamilyIntent } from '../docker/intent/values.ts';
import type { FollowContext } from './follow.ts';
import { proxyKey, type Terrain } from './terrain.ts';

/** How docker-proxy serves a port: where nobody looked, as the daemon was told to. */
export function servedBy(
  { proxies, intent }: Pick<Terrain, 'proxies' | 'intent'>,
  { family, loopback, published }: FamilyIntent,
): FollowContext['servedBy'] {
  const alone = family === 'ipv6' ? intent.proxied : [];
  const meant = new Map(
    [...published, ...alone].flatMap(({ proto, binding }) =>
      binding === undefined
        ? []
        : [[proxyKey(family, proto, binding.address, binding.port), binding.proxyAnswers] as const],
    ),
  );
  return (proto, at, port) => {
    const keys = [at, ''].map((address) => proxyKey(family, proto, address, port));
    const found = proxies === undefined ? keys : keys.filter((key) => proxies.has(key));
    if (found.length === 0 || (proxies === undefined && loopback !== 'docker-proxy')) return undefined;
    return found.map((key) => meant.get(key)).find((one) => one !== undefined) ?? 'as-asked';
  };
}
