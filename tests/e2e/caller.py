"""A caller that speaks HTTP only: one offer, one answer, then RTP (aiortc).

Arguments: the server's origin, a WAV file for a microphone, `signal`, `whip` or
`whep/CAPTURE`, and the headers of the request as JSON. Says on its standard output, a
JSON object a line: {"connection"} once it was answered, {"state"} with each change of
the connection, {"heard"}, the energy that was heard so far, five times a second, and
{"frames", "size"}, the pictures that were seen of a screen, with each. Ends its connection
when its standard input says `end`, and says nothing to the server when it is closed.
"""
import asyncio
import fractions
import json
import sys
import urllib.request
import wave

from aiortc import MediaStreamTrack, RTCPeerConnection, RTCSessionDescription
from aiortc.mediastreams import MediaStreamError
from av import AudioFrame

ORIGIN, WAV, FORM, HEADERS = sys.argv[1], sys.argv[2], sys.argv[3], json.loads(sys.argv[4])


def say(**what):
    print(json.dumps(what), flush=True)


def post(path, body, kind, method='POST'):
    ask = urllib.request.Request(ORIGIN + path, data=body and body.encode(), method=method,
                                 headers={'Content-Type': kind, **HEADERS})
    with urllib.request.urlopen(ask, timeout=20) as answer:
        return answer.status, answer.headers, answer.read().decode()


class Microphone(MediaStreamTrack):
    """A WAV file of mono samples once, then silence, as microphones never rest."""
    kind = 'audio'

    def __init__(self, path):
        super().__init__()
        with wave.open(path) as file:
            self.rate, self.samples = file.getframerate(), file.readframes(file.getnframes())
        self.at, self.began = 0, None

    async def recv(self):
        count = self.rate // 50
        loop = asyncio.get_event_loop()
        self.began = self.began or loop.time()
        await asyncio.sleep(max(0, self.began + self.at / self.rate - loop.time()))
        piece = self.samples[self.at * 2:(self.at + count) * 2].ljust(count * 2, b'\0')
        frame = AudioFrame(format='s16', layout='mono', samples=count)
        frame.planes[0].update(piece)
        frame.pts, frame.sample_rate = self.at, self.rate
        frame.time_base = fractions.Fraction(1, self.rate)
        self.at += count
        return frame


async def listen(track):
    heard, told = 0.0, 0
    while True:
        try:
            frame = await track.recv()
        except MediaStreamError:
            return
        samples = frame.to_ndarray().astype('float64') / 32768
        heard += float((samples ** 2).mean()) * frame.samples / frame.sample_rate
        told += 1
        if told % 10 == 0:
            say(heard=heard)


async def watch(track):
    frames = 0
    while True:
        try:
            frame = await track.recv()
        except MediaStreamError:
            return
        frames += 1
        say(frames=frames, size=[frame.width, frame.height])


def connect(offer):
    """The answer's SDP, and how to end it: a path, a method and a body."""
    if FORM.startswith('wh'):
        status, headers, sdp = post('/whip/main' if FORM == 'whip' else '/' + FORM, offer, 'application/sdp')
        assert status == 201 and headers['Content-Type'] == 'application/sdp', (status, headers)
        return sdp, (headers['Location'], None, 'application/sdp', 'DELETE')
    body = json.dumps({'session': 'main', 'offer': {'type': 'offer', 'sdp': offer}})
    _, _, text = post('/signal', body, 'application/json')
    answer = json.loads(text)
    assert answer['answer']['type'] == 'answer', answer
    end = json.dumps({'connectionId': answer['connectionId']})
    return answer['answer']['sdp'], ('/disconnect', end, 'text/plain', 'POST')


async def main():
    loop = asyncio.get_event_loop()
    peer = RTCPeerConnection()
    if FORM.startswith('whep'):
        peer.addTransceiver('video', direction='recvonly')
        peer.on('track', lambda track: loop.create_task(watch(track)))
    else:
        peer.addTrack(Microphone(WAV))
        peer.on('track', lambda track: loop.create_task(listen(track)))
    peer.on('connectionstatechange', lambda: say(state=peer.connectionState))
    await peer.setLocalDescription(await peer.createOffer())
    sdp, end = await loop.run_in_executor(None, connect, peer.localDescription.sdp)
    say(connection=end[1] or end[0], sdp=sdp)
    await peer.setRemoteDescription(RTCSessionDescription(sdp, 'answer'))
    if (await loop.run_in_executor(None, sys.stdin.readline)).strip() == 'end':
        status, _, _ = await loop.run_in_executor(None, post, *end)
        say(ended=status)
    await peer.close()


asyncio.run(main())
