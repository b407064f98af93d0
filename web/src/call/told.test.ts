import { beforeEach, describe, expect, it } from 'vitest';
import { CallProblem_Category } from '../gen/atrium/v1/live_pb';
import type { Said } from '../link/codec';
import { ToldProblems } from './told';

const { LOW_BANDWIDTH, NO_DEVICE, PERMISSION_DENIED } = CallProblem_Category;

let isOpen: boolean;
let said: Said[];
let problems: ToldProblems;
const told = () =>
  said.flatMap((one) =>
    one.case === 'callProblem' ? [[one.value.category, one.value.screen]] : [],
  );

beforeEach(() => {
  isOpen = true;
  said = [];
  problems = new ToldProblems((message) => {
    if (isOpen) said.push(message);
    return isOpen;
  });
});

describe('L9: what went wrong is told', () => {
  it('each kind once in a call, screens apart', () => {
    problems.tell(PERMISSION_DENIED, false);
    problems.tell(PERMISSION_DENIED, false);
    problems.tell(PERMISSION_DENIED, true);
    problems.tell(NO_DEVICE, false);
    expect(told()).toEqual([
      [PERMISSION_DENIED, false],
      [PERMISSION_DENIED, true],
      [NO_DEVICE, false],
    ]);
  });

  it('again in the next call, and screens do not begin a call', () => {
    problems.tell(LOW_BANDWIDTH, false);
    problems.begin(true);
    problems.tell(LOW_BANDWIDTH, false);
    expect(told()).toHaveLength(1);
    problems.begin(false);
    problems.tell(LOW_BANDWIDTH, false);
    expect(told()).toHaveLength(2);
  });

  it('once there is a link, if there is none', () => {
    isOpen = false;
    problems.tell(LOW_BANDWIDTH, false);
    problems.catchUp();
    isOpen = true;
    problems.catchUp();
    problems.catchUp();
    expect(told()).toEqual([[LOW_BANDWIDTH, false]]);
  });
});
