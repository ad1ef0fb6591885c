import { containersFrom, type Listed } from '../../doctor/facts/containers.ts';
import { ENGINE_PATIENCE, getJson } from '../engine/http.ts';
import { findSocket } from '../engine/socket.ts';

/** All containers of an Engine, stopped ones too. */
export interface ContainerList {
  /** The socket the Engine was asked on. */
  readonly socket: string;
  readonly listed: readonly Listed[];
}

/** Lists all containers. @throws Fault when there is no Engine to ask, or it does not answer; see {@link getJson} */
export async function listContainers(): Promise<ContainerList> {
  const socket = await findSocket();
  const body = await getJson({ socket, path: '/containers/json?all=true', patience: ENGINE_PATIENCE });
  return { socket, listed: containersFrom(body) };
}
