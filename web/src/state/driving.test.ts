import { describe, expect, it } from 'vitest';
import { participant, tab } from '../../test/support/make';
import { Participant_Role } from '../gen/atrium/v1/session_pb';
import { SizePolicy } from '../gen/atrium/v1/tab_pb';
import { driveOf, keyObstacle, lossOf, requestOutcome, sizingOf } from './driving';

const ann = participant('ann').name;
const ben = participant('ben').name;

describe('N8: who drives', () => {
  it('is nobody, oneself, or somebody else whom one may have asked', () => {
    expect(driveOf(undefined, ann)).toEqual({ kind: 'free' });
    expect(driveOf(tab('t'), ann)).toEqual({ kind: 'free' });
    const held = tab('t', { driver: ann, controlRequesters: [ben] });
    expect(driveOf(held, ann)).toEqual({ kind: 'mine', requesters: [ben] });
    expect(driveOf(held, ben)).toEqual({ kind: 'other', driver: ann, asked: true });
    expect(driveOf(tab('t', { driver: ann }), ben)).toMatchObject({ asked: false });
  });

  it('holds keys back from viewers, and from all but the driver', () => {
    const viewer = participant('eve', Participant_Role.VIEWER);
    const held = tab('t', { driver: ann });
    expect(keyObstacle(tab('t'), viewer)).toBe('viewer');
    expect(keyObstacle(tab('t'), undefined)).toBe('viewer');
    expect(keyObstacle(held, participant('ben'))).toBe('driver');
    expect(keyObstacle(held, participant('boss', Participant_Role.OWNER))).toBe('driver');
    expect(keyObstacle(held, participant('ann'))).toBeUndefined();
    expect(keyObstacle(tab('t'), participant('ben'))).toBeUndefined();
  });

  it('tells what became of a request', () => {
    const asked = tab('t', { driver: ann, controlRequesters: [ben] });
    expect(requestOutcome(asked, tab('t', { driver: ben }), ben)).toBe('given');
    expect(requestOutcome(asked, tab('t', { driver: ann }), ben)).toBe('kept');
    expect(requestOutcome(asked, asked, ben)).toBeUndefined();
    expect(requestOutcome(asked, tab('t'), ben)).toBe('freed');
    expect(requestOutcome(undefined, tab('t', { driver: ben }), ben)).toBeUndefined();
    expect(requestOutcome(tab('t'), tab('t', { driver: ben }), ben)).toBeUndefined();
  });
});

describe('N8: a keyboard that one loses', () => {
  it('was taken, or lapsed', () => {
    const mine = tab('t', { driver: ann });
    expect(lossOf(mine, tab('t', { driver: ben }), ann)).toBe('taken');
    expect(lossOf(mine, tab('t'), ann)).toBe('lapsed');
    expect(lossOf(mine, mine, ann)).toBeUndefined();
    expect(lossOf(tab('t', { driver: ben }), tab('t'), ann)).toBeUndefined();
    expect(lossOf(undefined, tab('t'), ann)).toBeUndefined();
  });
});

describe('N8: who decides the size', () => {
  const [annSelf, benSelf] = [participant('ann'), participant('ben')];
  const viewer = participant('eve', Participant_Role.VIEWER);

  it('is the owner’s front window', () => {
    expect(sizingOf(tab('t', { sizeOwner: ann }), annSelf, true)).toBe('decides');
    expect(sizingOf(tab('t', { sizeOwner: ann }), annSelf, false)).toBe('looks');
    expect(sizingOf(tab('t', { sizeOwner: ann }), benSelf, true)).toBe('looks');
    expect(sizingOf(tab('t'), undefined, true)).toBe('looks');
  });

  it('is every window of who may type, or none, if that was chosen', () => {
    const smallest = tab('t', { sizeOwner: ann, sizePolicy: SizePolicy.SMALLEST });
    const fixed = tab('t', { sizeOwner: ann, sizePolicy: SizePolicy.FIXED });
    expect(sizingOf(smallest, benSelf, true)).toBe('counts');
    expect(sizingOf(smallest, annSelf, false)).toBe('counts');
    expect(sizingOf(smallest, viewer, true)).toBe('looks');
    expect(sizingOf(fixed, annSelf, true)).toBe('looks');
  });
});
