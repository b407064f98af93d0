import { describe, expect, it } from 'vitest';
import { alreadyIn, linkDoor, lockedDoor } from './door';

const all = ['INVITE_USED_UP', 'INVITE_EXPIRED', 'INVITE_INVALID'].map(linkDoor);

describe('N9: a link that lets nobody in', () => {
  it('says what happened to it', () => {
    expect(all.map((one) => one.title)).toEqual([
      'This link was used already',
      'This link has expired',
      'This link opens nothing',
    ]);
  });

  it('never tells people to open it again, and always whom to ask', () => {
    for (const { title, text, remedies } of all) {
      expect([title, text, ...remedies].join(' ')).not.toMatch(/open (an|the|this) invite/i);
      expect(remedies[0]).toMatch(/ask whoever invited you/i);
      expect(remedies[1]).toContain('owner.link');
    }
  });

  it('is no reason to keep out who is in already', () => {
    expect(alreadyIn('INVITE_USED_UP')).toMatch(/used already\. This browser is let in without it/);
  });

  it('is told apart from having none', () => {
    expect(lockedDoor('Why.').text).toBe('Why.');
    expect(lockedDoor('Why').text).toBe('Why.');
    expect(lockedDoor('').text).toBe('This browser was not let in.');
    expect(lockedDoor('').remedies[0]).toMatch(/^Open an invite link/);
  });
});
