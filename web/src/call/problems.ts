/** What to tell somebody whose microphone could not be had. */
export function microphoneProblem(error: unknown): string {
  const name = error instanceof Error || error instanceof DOMException ? error.name : '';
  switch (name) {
    case 'NotAllowedError':
    case 'SecurityError':
      return 'The browser may not use the microphone. Allow it in the address bar, then start live audio again.';
    case 'NotFoundError':
    case 'OverconstrainedError':
      return 'No microphone was found. Plug one in or choose another, then start live audio again.';
    case 'NotReadableError':
      return 'The microphone is in use by another program. Close that, then start live audio again.';
    case 'InsecureOriginError':
      return 'Browsers give the microphone to secure pages only. Open this page by https, or on localhost.';
    default:
      return `The microphone could not be opened${name ? ` (${name})` : ''}.`;
  }
}

/** The page was not loaded securely, so the browser has no microphone for it. */
export class InsecureOriginError extends Error {
  override name = 'InsecureOriginError';
}
