// Somebody at the other end of a call.
import { browser, gateway, origin } from './support.mjs';

/** A page that stands for the media process: it answers offers and sends a tone. */
export async function mediaPage() {
  const context = await browser.newContext({ permissions: ['microphone'] });
  const page = await context.newPage();
  await page.goto(`${origin}/icon.svg`);
  gateway.onOffer = (epoch, sdp) => page.evaluate(answerOffer, [epoch, sdp]);
  return page;
}

async function answerOffer([epoch, sdp]) {
  globalThis.peers ??= new Map();
  const peer = new RTCPeerConnection();
  globalThis.peers.set(epoch, peer);
  await peer.setRemoteDescription({ type: 'offer', sdp });
  const context = new AudioContext();
  const tone = context.createOscillator();
  const out = context.createMediaStreamDestination();
  tone.connect(out);
  tone.start();
  await peer.getTransceivers()[0].sender.replaceTrack(out.stream.getAudioTracks()[0]);
  peer.getTransceivers()[0].direction = 'sendrecv';
  await peer.setLocalDescription(await peer.createAnswer());
  while (peer.iceGatheringState !== 'complete') await new Promise((next) => setTimeout(next, 10));
  return peer.localDescription.sdp;
}

export const received = (page, epoch) =>
  page.evaluate(async (epoch) => {
    const stats = [...(await globalThis.peers.get(epoch).getStats()).values()];
    return stats.find((one) => one.type === 'inbound-rtp')?.packetsReceived ?? 0;
  }, epoch);
