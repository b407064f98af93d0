import type { IceServer } from '../gen/atrium/v1/live_pb';

/** The servers as a peer connection takes them. */
export function iceServersOf(servers: readonly IceServer[]): RTCIceServer[] {
  return servers.map(({ urls, username, credential }) =>
    username ? { urls, username, credential } : { urls },
  );
}
