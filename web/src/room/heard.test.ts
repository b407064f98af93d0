import { create } from '@bufbuild/protobuf';
import { expect, it } from 'vitest';
import { JoinResponse_OutcomeSchema } from '../gen/atrium/v1/live_pb';
import { RoomHeard } from './heard';
import type { Room } from './room';

it.each([
  ['NOT_LIVE', []],
  ['SOMETHING_ELSE', ['so it is']],
])(
  'L9: what nobody asked for is said, but not that an ended call has ended: %s',
  (reason, told) => {
    const shown: string[] = [];
    const room = {
      driving: { onUnaskedOutcome: () => false },
      notices: { show: (text: string) => shown.push(text) },
    };
    const value = create(JoinResponse_OutcomeSchema, { code: 9, reason, message: 'so it is' });
    new RoomHeard(room as unknown as Room).onHeard({ case: 'outcome', value });
    expect(shown).toEqual(told);
  },
);
