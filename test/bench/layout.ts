// Names and addresses of the networks and containers of a benchmark host.

/** A container on one network; its port 80/tcp is published on `hostPort`, or on none. */
export interface Endpoint {
  readonly address: string;
  readonly bridge: string;
  readonly hostPort: number;
}

export const bridgeAt = (network: number): string =>
  network === 0 ? 'docker0' : `br-b${network.toString(16).padStart(11, '0')}`;

export const addressAt = (bits: number): string =>
  [24, 16, 8, 0].map((shift) => String((bits >>> shift) & 255)).join('.');

/** Networks of 64 addresses from 10.0.0.0 up. */
export const subnetAt = (network: number): string => `${addressAt(0x0a_00_00_00 + network * 64)}/26`;

export const gatewayAt = (network: number): string => addressAt(0x0a_00_00_00 + network * 64 + 1);

export const endpointAt = (index: number, networks: number): Endpoint => ({
  address: addressAt(0x0a_00_00_00 + (index % networks) * 64 + 2 + Math.floor(index / networks)),
  bridge: bridgeAt(index % networks),
  hostPort: 2_000 + index,
});
