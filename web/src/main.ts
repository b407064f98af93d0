import { buyTicket, Refusal, useInvite } from './link/ticket';
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
      if (error instanceof Refusal && error.final) return await refused(room, error);
      await again(room);
    }
  }
}

/** A link that ended keeps nobody out who was let in before; tells their session. */
async function refused(room: Room, { message, reason }: Refusal): Promise<string | undefined> {
  const held = await letIn(room);
  if (!held) {
    await room.refuseEntry(reason, message);
    return undefined;
  }
  const { alreadyIn } = await import('./state/door');
  room.notices.show(alreadyIn(reason), 'warn');
  return held.session;
}

/** Where this browser is let in anyway; undefined if it is nowhere. */
async function letIn(room: Room): Promise<{ session: string } | undefined> {
  for (;;) {
    try {
      return await buyTicket(undefined);
    } catch (error) {
      if (error instanceof Refusal && error.final) return undefined;
      await again(room);
    }
  }
}

async function again(room: Room): Promise<void> {
  room.sayUnreachable(RETRY_MS);
  await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
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
