import { describe, expect, it } from 'vitest';
import { forwardCommand, isForThisMachine, linkOrigins, usesText } from './invites';

const HERE = 'http://localhost:8080';

describe('N9: a link says where it leads', () => {
  it('knows the names that every machine has for itself', () => {
    for (const own of [HERE, 'http://127.0.0.1:8080', 'http://127.1.2.3', 'http://[::1]:80'])
      expect(isForThisMachine(own), own).toBe(true);
    expect(isForThisMachine('http://room.localhost:8080')).toBe(true);
    const far = [
      'https://atrium.example.org',
      'http://10.0.0.7:8080',
      'https://localhost.evil.org',
    ];
    for (const one of far) expect(isForThisMachine(one), one).toBe(false);
    expect(isForThisMachine('nothing')).toBe(false);
  });

  it('prefers a public name to one that a phone would take for itself', () => {
    const name = 'https://atrium.example.org';
    expect(linkOrigins(HERE, [])).toEqual([HERE]);
    expect(linkOrigins(HERE, [name, 'http://127.0.0.1:8080'])).toEqual([name, HERE]);
    expect(linkOrigins(name, ['https://other.example.org'])).toEqual([name]);
  });

  it('names the port to forward', () => {
    expect(forwardCommand(HERE)).toBe('ssh -L 8080:localhost:8080 USER@MACHINE');
    expect(forwardCommand('http://localhost')).toContain('80:localhost:80');
    expect(forwardCommand('https://localhost')).toContain('443:localhost:443');
  });

  it('counts its uses as people do', () => {
    expect([3, 1, 0, -1].map(usesText)).toEqual(['3 uses left', '1 use left', '', 'used up']);
  });
});
