// A page that stands for the media process where screens are concerned: it passes on
// what pages show, and paints a picture for screens that no page is behind.

/** Lets a page of this browser answer the offers that a pretended gateway gets. */
export async function mediaPage(browser, gateway, origin) {
  const context = await browser.newContext();
  const page = await context.newPage();
  await page.goto(`${origin}/icon.svg`);
  await page.evaluate(setUp);
  gateway.captures.onOffer = (offer) =>
    page.evaluate((one) => globalThis.answer(one), offer).catch(() => null);
  return page;
}

function setUp() {
  const peers = new Map();
  const pictures = new Map();
  const senders = new Map();
  Object.assign(globalThis, { peers, pictures });

  const paint = (brush, step) => {
    const rows = ['checkout', 'price', 'cart', 'search', 'login'];
    brush.fillStyle = '#f4f6fa';
    brush.fillRect(0, 0, 1280, 720);
    brush.fillStyle = '#22304a';
    brush.fillRect(0, 0, 1280, 64);
    brush.fillRect(0, 64, 210, 656);
    brush.fillStyle = '#ffffff';
    brush.font = '600 26px sans-serif';
    brush.fillText('Shop · orders today', 240, 42);
    brush.font = '20px sans-serif';
    for (const [index, row] of rows.entries()) brush.fillText(row, 32, 130 + index * 52);
    for (let card = 0; card < 3; card++) {
      brush.fillStyle = '#ffffff';
      brush.fillRect(240 + card * 345, 94, 325, 130);
      brush.fillStyle = '#5b6b85';
      brush.fillText(['orders', 'revenue', 'errors'][card], 262 + card * 345, 132);
      brush.fillStyle = '#16233b';
      brush.font = '600 44px sans-serif';
      brush.fillText(['1 284', '€ 48 210', String(3 + (step % 4))][card], 262 + card * 345, 192);
      brush.font = '20px sans-serif';
    }
    brush.fillStyle = '#ffffff';
    brush.fillRect(240, 250, 1015, 440);
    for (let bar = 0; bar < 24; bar++) {
      const height = 60 + 260 * Math.abs(Math.sin(bar * 0.35 + step * 0.02));
      brush.fillStyle = bar === 17 ? '#d2533f' : '#4b7fd1';
      brush.fillRect(270 + bar * 40, 660 - height, 26, height);
    }
  };

  const painted = () => {
    const canvas = document.createElementNS('http://www.w3.org/1999/xhtml', 'canvas');
    canvas.width = 1280;
    canvas.height = 720;
    const brush = canvas.getContext('2d');
    let step = 0;
    paint(brush, step);
    setInterval(() => paint(brush, ++step), 100);
    return canvas.captureStream(10).getVideoTracks()[0];
  };

  const onPicture = (capture, track) => {
    pictures.set(capture, track);
    for (const sender of senders.get(capture) ?? []) void sender.replaceTrack(track);
  };

  const send = async (peer, capture) => {
    if (!pictures.has(capture)) pictures.set(capture, painted());
    const [transceiver] = peer.getTransceivers();
    transceiver.direction = 'sendonly';
    senders.set(capture, [...(senders.get(capture) ?? []), transceiver.sender]);
    await transceiver.sender.replaceTrack(pictures.get(capture));
  };

  globalThis.answer = async ({ capture, epoch, shows, sdp }) => {
    const peer = new RTCPeerConnection();
    peers.set(epoch, { peer, sdp });
    if (shows) peer.ontrack = ({ track }) => onPicture(capture, track);
    await peer.setRemoteDescription({ type: 'offer', sdp });
    if (!shows) await send(peer, capture);
    await peer.setLocalDescription(await peer.createAnswer());
    while (peer.iceGatheringState !== 'complete') {
      await new Promise((next) => setTimeout(next, 10));
    }
    return peer.localDescription.sdp;
  };
}
