import { beforeEach, describe, expect, it } from 'vitest';
import { FakeTrack, streamOf } from '../../test/support/screens';
import { CheckedMicrophone } from './checked_microphone';

let microphone: CheckedMicrophone;
let tracks: FakeTrack[];
let refuses: boolean;
let troubles: number;

const open = () => tracks.filter((one) => !one.stopped).length;
const isLive = (live: boolean) => microphone.follow(live, '');

beforeEach(() => {
  tracks = [];
  refuses = false;
  troubles = 0;
  const devices = {
    microphone: async () => {
      if (refuses) throw Object.assign(new Error(), { name: 'NotReadableError' });
      tracks.push(new FakeTrack());
      return streamOf(tracks.at(-1)!);
    },
  };
  microphone = new CheckedMicrophone(devices, {
    onMicrophoneChanged: () => {},
    onMicrophoneTrouble: () => troubles++,
  });
});

describe('L1: the check of devices has a microphone of its own while there is no call', () => {
  it('opens one, once, however often the page is drawn', async () => {
    await Promise.all([isLive(false), isLive(false)]);
    await isLive(false);
    expect([tracks.length, open()]).toEqual([1, 1]);
  });

  it('opens one again when the call was left', async () => {
    await isLive(true);
    expect(tracks).toHaveLength(0);
    await isLive(false);
    expect([microphone.stream !== undefined, open()]).toEqual([true, 1]);
  });

  it('closes it when a call was begun elsewhere, and in a call opens none', async () => {
    await isLive(false);
    await isLive(true);
    await isLive(true);
    expect([microphone.stream, tracks.length, open()]).toEqual([undefined, 1, 0]);
  });

  it('also when the browser was still asking', async () => {
    const asked = isLive(false);
    await isLive(true);
    await asked;
    expect([microphone.stream, microphone.isAsking, tracks.length, open()]).toEqual([
      undefined,
      false,
      1,
      0,
    ]);
  });

  it('leaves it open for the call that it is handed to', async () => {
    await isLive(false);
    expect(microphone.take()).toBeDefined();
    await isLive(true);
    microphone.close();
    expect(open()).toBe(1);
  });
});

describe('L10: a microphone that cannot be had for the check', () => {
  it('is not asked for again by itself, until it is or a call was', async () => {
    refuses = true;
    await isLive(false);
    await isLive(false);
    expect([troubles, microphone.problem]).toEqual([1, expect.stringMatching(/in use by another/)]);
    refuses = false;
    await isLive(true);
    expect(microphone.problem).toBe('');
    await isLive(false);
    expect(open()).toBe(1);
    refuses = true;
    await microphone.open('another');
    expect([open(), troubles, microphone.stream]).toEqual([0, 2, undefined]);
  });
});
