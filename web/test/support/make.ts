import { create, type MessageInitShape } from '@bufbuild/protobuf';
import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import { type Capture, Capture_State, CaptureSchema } from '../../src/gen/atrium/v1/capture_pb';
import {
  type Participant,
  Participant_Role,
  ParticipantSchema,
  type SessionChange,
  SessionChangeSchema,
  SessionSchema,
  type SessionSnapshot,
  SessionSnapshotSchema,
} from '../../src/gen/atrium/v1/session_pb';
import { type Tab, Tab_State, TabSchema } from '../../src/gen/atrium/v1/tab_pb';
import { type TimelineEntry, TimelineEntrySchema } from '../../src/gen/atrium/v1/timeline_pb';

export const tab = (id: string, fields: MessageInitShape<typeof TabSchema> = {}): Tab =>
  create(TabSchema, {
    name: `sessions/s/tabs/${id}`,
    title: id,
    state: Tab_State.RUNNING,
    ...(fields as object),
  });

export const participant = (id: string, role = Participant_Role.EDITOR): Participant =>
  create(ParticipantSchema, { name: `sessions/s/participants/${id}`, displayName: id, role });

export const capture = (id: string, fields: MessageInitShape<typeof CaptureSchema> = {}): Capture =>
  create(CaptureSchema, {
    name: `sessions/s/captures/${id}`,
    participant: 'sessions/s/participants/ada',
    title: 'Screen',
    state: Capture_State.SHOWN,
    ...(fields as object),
  });

export const entry = (id: string, atMs: number, text = id): TimelineEntry =>
  create(TimelineEntrySchema, {
    name: `sessions/s/entries/${id}`,
    createTime: timestampFromMs(atMs),
    text,
    speakerNames: ['Ada'],
  });

export const snapshot = (
  revision: number,
  fields: MessageInitShape<typeof SessionSnapshotSchema> = {},
  stateEpoch = 'e1',
): SessionSnapshot =>
  create(SessionSnapshotSchema, {
    session: create(SessionSchema, { name: 'sessions/s', stateEpoch, revision: BigInt(revision) }),
    ...(fields as object),
  });

export const change = (revision: number, value: SessionChange['change']): SessionChange =>
  create(SessionChangeSchema, { revision: BigInt(revision), change: value });
