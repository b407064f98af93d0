import { Refusal, useInvite } from './link/ticket';
import { exposeDebugHook } from './room/debug';
import { Room } from './room/room';
import { setRoom } from './ui/element';
import './ui/room';

const RETRY_MS = 1000;

/** The session that the address names; undefined if it names none. */
function sessionInAddress(): string | undefined {
  const match = /^\/s\/([a-z0-9-]{1,63})$/.exec(location.pathname);
  return match ? `sessions/${match[1]}` : undefined;
}

/** Uses the invite in the address, if there is one, and tells its session. */
async function arrive(room: Room): Promise<string | undefined> {
  const invite = /^\/join\/([^/]+)$/.exec(location.pathname);
  if (!invite) return sessionInAddress();
  for (;;) {
    try {
      return await useInvite(decodeURIComponent(invite[1]!), room.settings.name);
    } catch (error) {
      if (error instanceof Refusal && error.final) {
        room.refuseEntry(error.message);
        return undefined;
      }
      room.sayUnreachable(RETRY_MS);
      await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
    }
  }
}

async function start(): Promise<void> {
  const room = new Room();
  setRoom(room);
  exposeDebugHook(room);
  document.body.append(document.createElement('atrium-room'));
  const session = await arrive(room);
  if (room.linkState.kind !== 'ended') await room.join(session);
}

void start();
