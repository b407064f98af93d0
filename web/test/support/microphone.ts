import { FakePeer } from './peer';

/** A microphone's track. */
export class FakeTrack {
  enabled = true;
  kind = 'audio';
  stopped = false;
  onended: (() => void) | null = null;
  stop() {
    this.stopped = true;
  }
}

/** A pretended connection of a call. */
export class CallPeer extends FakePeer {
  tracks: unknown[] = [];
  directions: unknown[] = [];
  private readonly stats: () => Map<string, object>;
  ontrack: ((event: object) => void) | null = null;
  constructor(stats: () => Map<string, object> = () => new Map()) {
    super();
    this.stats = stats;
  }
  addTransceiver(track: unknown, { direction }: RTCRtpTransceiverInit) {
    this.tracks.push(track);
    this.directions.push(direction);
  }
  getSenders() {
    return [];
  }
  async getStats() {
    return this.stats();
  }
}
