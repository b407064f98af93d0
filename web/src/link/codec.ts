import { create, fromBinary, fromJsonString, toBinary, toJsonString } from '@bufbuild/protobuf';
import {
  type JoinRequest,
  JoinRequestSchema,
  type JoinResponse,
  JoinResponseSchema,
} from '../gen/atrium/v1/live_pb';

/** What a page can say. */
export type Said = JoinRequest['message'];
/** What a page can hear. */
export type Heard = JoinResponse['message'];

/** Messages with bytes, or that come many times a second, go as proto binary. */
const BINARY: ReadonlySet<Said['case']> = new Set(['input', 'ack', 'resize']);

export function request(message: Said, requestId = 0): JoinRequest {
  return create(JoinRequestSchema, { requestId: BigInt(requestId), message });
}

/** One frame: a text is proto JSON, bytes are proto binary. */
export function encode(message: JoinRequest): string | Uint8Array<ArrayBuffer> {
  return BINARY.has(message.message.case)
    ? (toBinary(JoinRequestSchema, message) as Uint8Array<ArrayBuffer>)
    : toJsonString(JoinRequestSchema, message);
}

export function decode(frame: string | ArrayBuffer): JoinResponse {
  return typeof frame === 'string'
    ? fromJsonString(JoinResponseSchema, frame, { ignoreUnknownFields: true })
    : fromBinary(JoinResponseSchema, new Uint8Array(frame));
}
