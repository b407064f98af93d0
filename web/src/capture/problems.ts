import { CallProblem_Category } from '../gen/atrium/v1/live_pb';
import { Refused } from '../link/link';

const DENIED = 7;
const RESOURCE_EXHAUSTED = 8;
const UNAVAILABLE = 14;

const { NO_DEVICE, PERMISSION_DENIED } = CallProblem_Category;

/** What went wrong, for people, and whether another click may help at once. */
export interface CaptureProblem {
  text: string;
  again: boolean;
  /** As what it is counted. */
  category?: CallProblem_Category;
}

/** What was shown is gone from the state. */
export const GONE: CaptureProblem = {
  text: 'Your screen is not shown any more: an owner stopped it, or the server did. You can share it again.',
  again: true,
};

/** Why this browser cannot show a screen; undefined if it can. */
export function browserObstacle(): string | undefined {
  if (!isSecureContext)
    return 'Browsers let only secure pages show a screen. Open this page by https, or on localhost.';
  if (!navigator.mediaDevices?.getDisplayMedia || typeof RTCPeerConnection === 'undefined')
    return 'This browser cannot show a screen. Phones cannot; a browser on a computer can.';
  return undefined;
}

/** What to tell somebody whose screen could not be had. */
export function pickProblem(error: unknown): CaptureProblem {
  const name = error instanceof Error || error instanceof DOMException ? error.name : '';
  const message = error instanceof Error || error instanceof DOMException ? error.message : '';
  switch (name) {
    case 'NotAllowedError':
    case 'SecurityError':
      if (/system/i.test(message)) {
        const text =
          'The system does not let this browser see the screen. Allow it in the system’s settings for privacy, then share again.';
        return { text, again: false, category: PERMISSION_DENIED };
      }
      return {
        text: 'Nothing is shared: no screen was picked. If the browser did not ask, allow sharing for this page beside the address.',
        again: true,
        category: PERMISSION_DENIED,
      };
    case 'NotFoundError':
      return {
        text: 'The browser found no screen that it could share.',
        again: true,
        category: NO_DEVICE,
      };
    case 'NotReadableError':
    case 'AbortError':
      return {
        text: 'The browser could not read that screen. Pick another one, or close what protects it.',
        again: true,
        category: NO_DEVICE,
      };
    default:
      return {
        text: `The screen could not be shared${name ? ` (${name})` : ''}.`,
        again: true,
        category: NO_DEVICE,
      };
  }
}

/** What to tell somebody whose screen the server did not take. */
export function startProblem(error: unknown): CaptureProblem {
  const code = error instanceof Refused ? error.outcome.code : 0;
  const said = error instanceof Error ? error.message : String(error);
  switch (code) {
    case RESOURCE_EXHAUSTED:
      return {
        text: 'As many screens are shown as can be. Ask somebody to stop showing one, then share again.',
        again: true,
      };
    case UNAVAILABLE:
      return {
        text: 'Screens cannot be shared right now: the media process is out of reach. It comes back by itself; share again in a moment.',
        again: true,
      };
    case DENIED:
      return { text: `${sentence(said)} Nothing is shared.`, again: false };
    default:
      return { text: `The screen was not shared. ${sentence(said)}`, again: true };
  }
}

/** What to tell somebody whose shown screen was not taken as the answer to a card. */
export function cardProblem(error: unknown): CaptureProblem {
  const said = error instanceof Error ? error.message : String(error);
  const text = `Your screen did not answer the agent’s card. ${sentence(said)} It is shown as before.`;
  return { text, again: false };
}

/** True if the same may be taken a little later. */
export function isPassing(error: unknown): boolean {
  return !(error instanceof Refused) || error.outcome.code === UNAVAILABLE;
}

function sentence(text: string): string {
  return /[.!?]$/.test(text) ? text : `${text}.`;
}
