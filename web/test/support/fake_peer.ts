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

/** A peer connection that goes through its states when it is told. */
export class FakePeer {
  connectionState = 'new';
  signalingState = 'stable';
  localDescription: { sdp: string } | null = null;
  answer = '';
  closed = false;
  tracks: unknown[] = [];
  directions: unknown[] = [];
  private readonly stats: () => Map<string, object>;
  onicecandidate: ((event: { candidate: object | null }) => void) | null = null;
  ontrack: ((event: object) => void) | null = null;
  onconnectionstatechange: (() => void) | null = null;
  constructor(stats: () => Map<string, object> = () => new Map()) {
    this.stats = stats;
  }
  addTransceiver(track: unknown, { direction }: RTCRtpTransceiverInit) {
    this.tracks.push(track);
    this.directions.push(direction);
  }
  async createOffer() {
    return { type: 'offer', sdp: 'offer' };
  }
  async setLocalDescription(offer: { sdp: string }) {
    this.onicecandidate?.({ candidate: { candidate: 'early', sdpMLineIndex: 0 } });
    this.localDescription = offer;
    this.signalingState = 'have-local-offer';
  }
  async setRemoteDescription({ sdp }: { sdp: string }) {
    this.answer = sdp;
    this.signalingState = 'stable';
  }
  getSenders() {
    return [];
  }
  async getStats() {
    return this.stats();
  }
  close() {
    this.closed = true;
  }
  become(state: string) {
    this.connectionState = state;
    this.onconnectionstatechange?.();
  }
}
