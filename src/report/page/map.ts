import type { Diagnosis, TreeBridge, TreePort } from '../../doctor/diagnosis.ts';
import { count } from '../text.ts';
import type { Filter } from './filter.ts';
import { html, type Html } from './html.ts';
import { chip } from './parts.ts';

/** Ports that are shown at once; with more on the host, healthy bridges are collapsed. */
const UNFOLDED = 40;
/** Up to so many ports are printed, collapsed or not. */
const ON_PAPER = 60;

const isBad = ({ state, container }: TreePort): boolean => state !== 'forwarding' || container === '';
const isBadBridge = ({ state, ports }: TreeBridge): boolean => state !== 'up' || ports.some(isBad);

/** Bridges, the veths in them, the containers behind those, and what is published of them. */
export function mapSection({ tree, uplinks }: Diagnosis, filter: Filter): Html | undefined {
  if (tree.length === 0) return undefined;
  const all = tree.reduce((sum, { ports }) => sum + ports.length, 0);
  const opens = (bridge: TreeBridge): boolean => all <= UNFOLDED || isBadBridge(bridge);
  return html`<section aria-labelledby="map" class="map">
    <h2 id="map">Networks and containers</h2>
    <p class="lead">
      ${count(tree.length, 'network')} of Docker’s on this host, the interface of each container on it, and
      the ports published.
    </p>
    <div class="uplink">
      ${
        uplinks.length === 0
          ? 'this host'
          : uplinks.map(
              ({ name, addresses }) =>
                html`<div>
                  <span class="mono">${name}</span> <span class="soft mono">${addresses.join('  ')}</span>
                </div>`,
            )
      }
      <span class="soft small">${uplinks.length === 0 ? '' : 'to the outside'}</span>
    </div>
    <ul class="bridges">
      ${tree.map(
        (bridge) =>
          html`<li class="${isBadBridge(bridge) ? '' : 'fine'} ${filter.classesOf([bridge.network])}">
            ${bridgePart(bridge, opens(bridge), all <= ON_PAPER)}
          </li>`,
      )}
    </ul>
  </section>`;
}

function bridgePart(bridge: TreeBridge, open: boolean, onPaper: boolean): Html {
  const { network, addresses, state, ports } = bridge;
  const trouble = ports.filter(isBad).length;
  const published = ports.reduce((sum, port) => sum + port.published.length, 0);
  const label = html`<span class="id mono">${bridge.bridge}</span>
    <span>${network === '' ? 'not Docker’s' : network}</span>
    <span class="soft mono">${addresses.join('  ')}</span>
    <span class="tail">
      <span class="soft small"
        >${count(ports.length, 'container')}${published === 0 ? '' : `, ${count(published, 'published port')}`}</span
      >
      ${trouble === 0 ? undefined : chip('fail', `${String(trouble)} cut off`)}
      ${chip(state === 'up' ? 'ok' : 'fail', state)}
    </span>`;
  if (ports.length === 0) return html`<div class="bridge bare">${label}</div>`;
  return html`<details
    class="bridge ${isBadBridge(bridge) ? 'bad' : ''} ${onPaper ? 'paper' : ''}"
    ${open ? { html: 'open' } : undefined}
  >
    <summary class="turn">${label}</summary>
    <ul class="ports">
      ${ports.map((port) => html`<li class="${isBad(port) ? '' : 'fine'}">${portPart(port)}</li>`)}
    </ul>
  </details>`;
}

function portPart(port: TreePort): Html {
  const { veth, state, container, inside, addresses, published } = port;
  return html`<div class="port ${isBad(port) ? 'bad' : ''}">
    <span class="plug">
      <span class="mono">${veth === '' ? 'no veth' : veth}</span>
      ${state === 'forwarding' ? html`<span class="soft small">forwarding</span>` : chip('fail', state)}
    </span>
    <span class="who">
      ${container === '' ? html`<span class="soft">no container</span>` : container}
      <span class="soft mono">${[inside, ...addresses].filter((text) => text !== '').join('  ')}</span>
    </span>
    ${
      published.length === 0
        ? undefined
        : html`<ul class="published" aria-label="published ports">
            ${published.map((line) => html`<li>${line}</li>`)}
          </ul>`
    }
  </div>`;
}
