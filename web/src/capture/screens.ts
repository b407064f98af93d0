import type { Screens } from './connection';

const FRAMES = { ideal: 15, max: 30 };

/** The browser's screens and peer connections. */
export const browserScreens: Screens = {
  pick: () =>
    navigator.mediaDevices.getDisplayMedia({ video: { frameRate: FRAMES }, audio: false }),
  peer: (configuration) => new RTCPeerConnection(configuration),
  codecs: (direction) => {
    const side = direction === 'sendonly' ? RTCRtpSender : RTCRtpReceiver;
    return side.getCapabilities?.('video')?.codecs ?? [];
  },
};
