/** A pretended peer connection that goes through its states when it is told. */
export class FakePeer {
  connectionState = 'new';
  signalingState = 'stable';
  localDescription: { sdp: string } | null = null;
  answer = '';
  closed = false;
  onicecandidate: ((event: { candidate: object | null }) => void) | null = null;
  onconnectionstatechange: (() => void) | null = null;
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
  close() {
    this.closed = true;
  }
  become(state: string) {
    this.connectionState = state;
    this.onconnectionstatechange?.();
  }
}
