import { afterEach, describe, expect, it, vi } from 'vitest';
import { browserObstacle, pickProblem } from './problems';

afterEach(() => vi.unstubAllGlobals());

describe('L20: what a browser cannot do has a reason', () => {
  const browser = (secure: boolean, mediaDevices: object | undefined) => {
    vi.stubGlobal('isSecureContext', secure);
    vi.stubGlobal('navigator', { mediaDevices });
    vi.stubGlobal('RTCPeerConnection', class {});
  };

  it('a page that is not secure', () => {
    browser(false, undefined);
    expect(browserObstacle()).toMatch(/by https/);
  });

  it('a phone, which has no screens to give', () => {
    browser(true, {});
    expect(browserObstacle()).toMatch(/Phones cannot/);
  });

  it('and none where it can', () => {
    browser(true, { getDisplayMedia: () => {} });
    expect(browserObstacle()).toBeUndefined();
  });
});

describe('L10: a screen that could not be had', () => {
  it.each([
    ['NotFoundError', /found no screen/],
    ['NotReadableError', /Pick another one/],
    ['AbortError', /Pick another one/],
    ['SomethingElse', /could not be shared \(SomethingElse\)/],
  ])('says what to do: %s', (name, text) => {
    expect(pickProblem(Object.assign(new Error(), { name })).text).toMatch(text);
  });
});
