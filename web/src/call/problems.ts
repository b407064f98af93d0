import { CallProblem_Category } from '../gen/atrium/v1/live_pb';

const { NO_DEVICE, PERMISSION_DENIED } = CallProblem_Category;

/** What went wrong: in words for people, and as what it is counted. */
export interface CallTrouble {
  /** Empty if people see it in another way. */
  text: string;
  category?: CallProblem_Category;
}

/** Why this browser cannot be in a call; undefined if it can. */
export function callBrowserObstacle(): string | undefined {
  if (typeof RTCPeerConnection === 'undefined')
    return 'This browser cannot make calls. A current Chrome, Edge, Firefox or Safari can.';
  return undefined;
}

const INSECURE =
  'Browsers give the microphone to secure pages only. Open this page by https, or on localhost.';

/** What to tell somebody whose microphone could not be had, and what to do at last. */
export function microphoneProblem(error: unknown, then = 'start live audio again'): CallTrouble {
  const name = error instanceof Error || error instanceof DOMException ? error.name : '';
  switch (name) {
    case 'NotAllowedError':
    case 'SecurityError':
      return {
        text: `The browser may not use the microphone. Allow it in the address bar, then ${then}.`,
        category: PERMISSION_DENIED,
      };
    case 'NotFoundError':
    case 'OverconstrainedError':
      return {
        text: `No microphone was found. Plug one in or choose another, then ${then}.`,
        category: NO_DEVICE,
      };
    case 'NotReadableError':
      return {
        text: `The microphone is in use by another program. Close that, then ${then}.`,
        category: NO_DEVICE,
      };
    case 'InsecureOriginError':
      return { text: INSECURE, category: PERMISSION_DENIED };
    default:
      return {
        text: `The microphone could not be opened${name ? ` (${name})` : ''}.`,
        category: NO_DEVICE,
      };
  }
}

/** The page was not loaded securely, so the browser has no microphone for it. */
export class InsecureOriginError extends Error {
  override name = 'InsecureOriginError';
}
