import type { PeerLeg, PeersDiagnosis } from '../../../doctor/peers/peer.ts';
import { html, type Html } from '../html.ts';
import { chip } from '../parts.ts';
import { pathDrawing } from '../way.ts';
import { LEG_WORDS } from './words.ts';

/** Each part through a host, rule by rule; the first that does not get through is expanded. */
export function rulesSection({ legs, asking, asked }: PeersDiagnosis): Html | undefined {
  const followed = legs.filter(({ path }) => path !== undefined);
  if (followed.length === 0) return undefined;
  const worst = followed.find(({ verdict }) => verdict !== 'ok');
  return html`<section aria-labelledby="rules">
    <h2 id="rules">Rule by rule</h2>
    <p class="lead">The same way through the hooks of each host, with every rule that decides something.</p>
    ${followed.map((leg) =>
      legCard(leg, (leg.place === 'asking' ? asking : asked).about.host, leg === worst),
    )}
  </section>`;
}

function legCard({ part, path, verdict, what }: PeerLeg, host: string, isOpen: boolean): Html | undefined {
  if (path === undefined) return undefined;
  const isFine = verdict === 'ok';
  return html`<details
    class="card path ${verdict} ${isFine ? 'fine' : ''}"
    ${isOpen ? { html: 'open' } : undefined}
  >
    <summary class="turn">
      <h3>${LEG_WORDS[part]}, through ${host}</h3>
      ${chip(verdict, isFine ? 'gets through' : verdict === 'fail' ? 'does not get through' : 'cannot tell')}
    </summary>
    <div class="inner">${pathDrawing({ verdict, path, flaw: isFine ? '' : what })}</div>
  </details>`;
}
