import { callObstacle, VIEWERS_LISTEN } from './actions';
import type { Room } from './room';

const WAS_LIVE = 'atrium.was-live';
/** It was, and without a microphone, for which others saw it as muted. */
const UNHEARD = 'unheard';
const CALL_OFFER_STAYS_MS = 20_000;

/** Remembers over a reload that this page was in the call. */
export function rememberCall(room: Room): void {
  addEventListener('pagehide', () => {
    const { phase, isMutedForWant } = room.call;
    if (phase !== 'idle') sessionStorage.setItem(WAS_LIVE, isMutedForWant ? UNHEARD : '1');
  });
}

/**
 * A reload ended the peer connection, not the call (L8): it goes on by itself
 * where the browser needs no question, else with one click; where it may not be any more, that
 * is said before any microphone is opened.
 */
export async function resumeCall(room: Room): Promise<void> {
  const was = sessionStorage.getItem(WAS_LIVE);
  sessionStorage.removeItem(WAS_LIVE);
  if (was === null || room.call.phase !== 'idle') return;
  if (was === UNHEARD) room.muting.takeBack();
  room.muting.follow();
  room.call.deafened = room.self?.deafened ?? false;
  const obstacle = callObstacle(room);
  if (obstacle) {
    room.notices.show(obstacle, 'warn');
    return;
  }
  if (!room.mayType) {
    await room.call.listen(VIEWERS_LISTEN, false);
    return;
  }
  const asked = { name: 'microphone' as PermissionName };
  const right = await navigator.permissions?.query(asked).catch(() => undefined);
  if (right?.state === 'granted' || right?.state === 'denied')
    await room.call.start(room.settings.microphone);
  else offerCallAgain(room);
}

function offerCallAgain(room: Room): void {
  room.notices.show(
    'You were in the call before the page was loaded again.',
    'plain',
    [{ label: 'Start live audio', run: () => void room.call.start(room.settings.microphone) }],
    CALL_OFFER_STAYS_MS,
  );
}
