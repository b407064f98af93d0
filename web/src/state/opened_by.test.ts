import { describe, expect, it } from 'vitest';
import { participant } from '../../test/support/make';
import { type Participant, Participant_Kind } from '../gen/atrium/v1/session_pb';
import { openedText, openerOf, openerSign } from './opened_by';

const ada = participant('ada');
const bot: Participant = { ...participant('deploy-bot'), kind: Participant_Kind.SERVICE };
const known = new Map([ada, bot].map((one) => [one.name, one]));
const said = (creator: string, me = '') => openedText(openerOf(creator, me, known));

describe('M5: a tab says who opened it', () => {
  it('and only people have devices', () => {
    expect(said('agent')).toBe('opened by the agent');
    expect(said('')).toBe('opened by a service');
    expect(said(bot.name)).toBe('opened by deploy-bot');
    expect(said(ada.name)).toBe('opened on another device by ada');
    expect(said('sessions/s/participants/gone')).toBe('opened on another device by somebody');
  });

  it('does not claim to know where one’s own other page is', () => {
    expect(said(ada.name, ada.name)).toBe('opened on another device or window of yours');
  });

  it('has a sign for each', () => {
    const signs = ['agent', '', bot.name, ada.name].map((one) =>
      openerSign(openerOf(one, '', known)),
    );
    expect(signs).toEqual(['agent', 'gear', 'gear', 'device']);
  });
});
