import { create } from '@bufbuild/protobuf';
import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import {
  type Capture,
  Capture_Source,
  Capture_State,
  type CreateCaptureRequest,
  type DeleteCaptureRequest,
  type UpdateCaptureRequest,
} from '../../src/gen/atrium/v1/capture_pb';
import {
  CaptureReadySchema,
  JoinResponse_CaptureBitrateSchema,
  type PeerSignal,
  PeerSignalSchema,
  type StartCapture,
} from '../../src/gen/atrium/v1/live_pb';
import { Participant_Role } from '../../src/gen/atrium/v1/session_pb';
import type { FakePage } from './page';
import type { FakeSession } from './session';

const NOT_FOUND = 5;
const PERMISSION_DENIED = 7;
const RESOURCE_EXHAUSTED = 8;
const MAX_CAPTURES = 4;

/** An offer of a page's for a screen, as the media process would get it. */
export interface Offer {
  capture: string;
  page: string;
  epoch: number;
  shows: boolean;
  sdp: string;
}

/** The screens of a pretended session: who shows them, who watches, whose turn it is. */
export class FakeCaptures {
  /** Answers an offer, in the place of the media process; null answers nothing. */
  onOffer: ((offer: Offer) => Promise<string | null>) | undefined;
  /** Why none can be begun: a code and words; undefined if they can. */
  refuse: { code: number; message: string; reason?: string } | undefined;
  /** Watching pages are not told to connect. */
  holdsBack = false;
  private readonly showing = new Map<string, FakePage>();
  readonly viewers = new Map<string, Set<FakePage>>();
  private epoch = 0n;

  constructor(private readonly session: FakeSession) {}

  /** Somebody else shows one; there is no page behind it. */
  put(participant: string, title: string, fields: object = {}): Capture {
    this.viewers.set(this.session.nextCapture, new Set());
    return this.session.showCapture(participant, title, {
      state: Capture_State.SHOWN,
      createTime: timestampFromMs(Date.now()),
      ...fields,
    });
  }

  start(page: FakePage, { title, agentSees, approval }: StartCapture): object {
    if (this.refuse) return this.refuse;
    const role = this.session.participants.get(page.participant)?.role ?? 0;
    if (role < Participant_Role.EDITOR)
      return { code: PERMISSION_DENIED, message: 'Viewers cannot show a screen.' };
    if (this.session.captures.size >= MAX_CAPTURES)
      return { code: RESOURCE_EXHAUSTED, message: 'Four screens are shown' };
    const state = Capture_State.STARTING;
    const capture = this.put(page.participant, title, { state, agentSees });
    if (approval) this.session.decide(approval, true, page.participant);
    this.showing.set(capture.name, page);
    setTimeout(() => this.ready(page, capture.name, true));
    return { case: 'capture', value: capture };
  }

  stop(page: FakePage, { name }: DeleteCaptureRequest): object | undefined {
    const capture = this.session.captures.get(name);
    if (!capture) return { code: NOT_FOUND, message: 'There is no such screen.' };
    const role = this.session.participants.get(page.participant)?.role ?? 0;
    if (capture.participant !== page.participant && role < Participant_Role.OWNER)
      return { code: PERMISSION_DENIED, message: 'Its participant and owners stop a screen.' };
    this.end(name);
    return undefined;
  }

  /** The machine's own display; nobody's page is behind it. */
  createDisplay(page: FakePage, request: CreateCaptureRequest): object {
    const role = this.session.participants.get(page.participant)?.role ?? 0;
    if (role < Participant_Role.OWNER)
      return { code: PERMISSION_DENIED, message: 'Owners show the machine’s display.' };
    const agentSees = request.capture?.agentSees ?? false;
    const source = Capture_Source.DISPLAY;
    const value = this.put(page.participant, 'Display', { source, agentSees });
    return { case: 'capture', value };
  }

  /** Its participant decides whether the agent sees it, and nobody else. */
  update(page: FakePage, { capture }: UpdateCaptureRequest): object {
    const { name = '', agentSees = false } = capture ?? {};
    const before = this.session.captures.get(name);
    if (!before) return { code: NOT_FOUND, message: 'There is no such screen.' };
    if (before.participant !== page.participant)
      return { code: PERMISSION_DENIED, message: 'Who shows a screen decides that.' };
    this.session.updateCapture(name, { agentSees });
    return { case: 'capture', value: this.session.captures.get(name) };
  }

  end(name: string): void {
    this.showing.delete(name);
    this.viewers.delete(name);
    this.session.endCapture(name);
  }

  watch(page: FakePage, capture: string): object | undefined {
    const viewers = this.viewers.get(capture);
    if (!viewers) return { code: NOT_FOUND, message: 'There is no such screen.' };
    viewers.add(page);
    if (!this.holdsBack) setTimeout(() => this.ready(page, capture, false));
    return undefined;
  }

  leave(page: FakePage, capture: string): void {
    if (this.viewers.get(capture)?.delete(page)) this.count(capture);
  }

  /** The page is gone, and with it what it shows. */
  forget(page: FakePage): void {
    for (const capture of [...this.viewers.keys()]) this.leave(page, capture);
  }

  /** Media was started anew: everybody connects again. */
  restartMedia(): void {
    for (const [name, page] of this.showing) this.ready(page, name, true);
    for (const [name, pages] of this.viewers)
      for (const page of pages) this.ready(page, name, false);
  }

  /** What is shown may take so many bits a second at most. */
  bound(maxBps: number): void {
    for (const [capture, page] of this.showing) {
      const value = create(JoinResponse_CaptureBitrateSchema, { capture, maxBps: BigInt(maxBps) });
      page.send({ case: 'captureBitrate', value });
    }
  }

  /** Takes an offer to who answers for media. */
  async answer(page: FakePage, { capture, epoch, signal }: PeerSignal): Promise<void> {
    if (signal.case !== 'offerSdp') return;
    const shows = this.showing.get(capture) === page;
    const offer = { capture, page: page.pageId, epoch: Number(epoch), shows, sdp: signal.value };
    const sdp = await this.onOffer?.(offer);
    if (!sdp) return;
    const answer = { case: 'answerSdp' as const, value: sdp };
    page.send({
      case: 'signal',
      value: create(PeerSignalSchema, { capture, epoch, signal: answer }),
    });
    if (shows) this.session.updateCapture(capture, { state: Capture_State.SHOWN });
    else this.count(capture);
  }

  private count(capture: string): void {
    this.session.updateCapture(capture, { viewerCount: this.viewers.get(capture)?.size ?? 0 });
  }

  private ready(page: FakePage, capture: string, shows: boolean): void {
    const epoch = ++this.epoch;
    const value = create(CaptureReadySchema, { capture, epoch, shows });
    page.send({ case: 'captureReady', value });
  }
}
