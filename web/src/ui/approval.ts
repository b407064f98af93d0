import { create } from '@bufbuild/protobuf';
import { timestampMs } from '@bufbuild/protobuf/wkt';
import { html, nothing, type TemplateResult } from 'lit';
import { Conversation_Activity } from '../gen/atrium/v1/conversation_pb';
import {
  type Approval,
  Approval_State,
  DecideApprovalRequestSchema,
  type TimelineEntry,
} from '../gen/atrium/v1/timeline_pb';
import type { Room } from '../room/room';
import { chordsOf, showChord } from '../room/shortcuts';
import { type Asker, askerOf, deciderNameOf, notDone } from '../state/approvals';
import { visibleBytes } from '../state/visible';
import { decisionOf, onCardBlur, onCardFocus, onCardPointer } from './armed';
import { icon } from './icons';
import { withSigns } from './signs';

/** The agent's tool that asks people to share a screen. */
const ASK_FOR_SCREEN = 'ask_for_screen';

/** A card that waits for a decision, or tells which one was taken. */
export function approvalCard(
  room: Room,
  approval: Approval,
  nowMs: number,
  isFirst: boolean,
): TemplateResult {
  if (approval.state !== Approval_State.PENDING) return decidedApproval(room, approval);
  return html`<div
    class="approval approval--pending"
    role="group"
    tabindex="0"
    aria-label=${askText(room, approval)}
    data-approval=${approval.name}
    aria-description=${room.mayType ? 'Enter approves, Escape denies' : nothing}
    @keydown=${(event: KeyboardEvent) => onKey(room, approval, event)}
    @pointerdown=${onCardPointer}
    @focus=${onCardFocus}
    @blur=${onCardBlur}
  >
    <p class="approval__title">${icon(isAgents(room, approval) ? 'agent' : 'gear')} ${askText(room, approval)}</p>
    ${what(approval)}
    ${approval.tool === ASK_FOR_SCREEN ? consent(room, countdown(approval, nowMs)) : place(room, approval, countdown(approval, nowMs))}
    <div class="approval__acts">
      ${room.mayType ? buttons(room, approval) : html`<span class="approval__wait">Editors decide.</span>`}
      ${isFirst ? wayHere(room) : nothing}
    </div>
  </div>`;
}

/** The key that brings the keyboard to the card; its own keys work only there. */
function wayHere(room: Room): TemplateResult | typeof nothing {
  const [chord] = chordsOf('approval.focus', room.settings);
  if (!chord || !room.mayType) return nothing;
  return html`<kbd class="approval__way" title="Brings the keyboard here, to approve or deny">${showChord(chord)}</kbd>`;
}

/** What is decided with, and what a key does on the card. */
function buttons(room: Room, approval: Approval): TemplateResult {
  const deny = html`<button class="button" @click=${() => decide(room, approval, false)}>Deny <kbd>Esc</kbd></button>`;
  if (approval.tool !== ASK_FOR_SCREEN)
    return html`<button class="button button--good" @click=${() => approve(room, approval)}>${icon('check')} Approve <kbd>⏎</kbd></button>
      ${deny}`;
  if (room.captures.obstacle) return deny;
  const title = room.captures.shown.isShowing ? 'Let it see your screen' : 'Share a screen…';
  return html`<button class="button button--good" @click=${() => approve(room, approval)}>${icon('screen')} ${title}</button>
    ${deny}`;
}

/** What a click means where a screen is asked for, or why there is none to click. */
function consent(room: Room, left: TemplateResult): TemplateResult {
  const { obstacle } = room.captures;
  const note = obstacle
    ? html`${icon('lock')} ${obstacle}`
    : 'You pick what is shown. Everybody here and the agent see it until you stop.';
  return html`<p class="approval__place approval__note"><span>${room.mayType ? note : ''}</span>${left}</p>`;
}

/** Approves; where a screen is asked for, by showing one that the agent may see. */
function approve(room: Room, approval: Approval): void {
  const { captures } = room;
  const { shown } = captures;
  if (approval.tool !== ASK_FOR_SCREEN) decide(room, approval, true);
  else if (captures.obstacle) return;
  else if (shown.isShowing) {
    shown.answer(approval.name);
  } else captures.share({ agentSees: true, approval: approval.name });
}

/** What was decided, and by whom, as they were called then. */
export function decidedApproval(
  room: Room,
  approval: Approval,
  entry?: TimelineEntry,
): TemplateResult {
  const [word, tone, sign] = verdict(approval);
  const decider =
    deciderNameOf(approval, entry) ??
    room.store.participants.get(approval.decider)?.displayName ??
    room.nameOf(approval.decider);
  const by = approval.decider ? ` by ${decider}` : '';
  return html`<div class="approval approval--decided" data-approval=${approval.name}>
    ${what(approval)} ${place(room, approval)}
    <p class="approval__verdict approval__verdict--${tone}">${icon(sign)} ${word}${by}</p>
  </div>`;
}

function asker(room: Room, approval: Approval): Asker {
  const { conversation, participants } = room.store;
  const waits = conversation?.activity === Conversation_Activity.WAITING_FOR_APPROVAL;
  return askerOf(approval, waits, (name) => participants.get(name)?.displayName);
}

function isAgents(room: Room, approval: Approval): boolean {
  return asker(room, approval).kind === 'agent';
}

/** Who asks for what: "deploy-bot asks to run a command". */
export function askText(room: Room, approval: Approval): string {
  const who = asker(room, approval);
  const what = toolWord(approval);
  switch (who.kind) {
    case 'agent':
      return `The agent asks to ${what}`;
    case 'service':
      return `A service asks to ${what}`;
    case 'named':
      return `${who.name} asks to ${what}`;
    default:
      return `Approval is asked for, to ${what}`;
  }
}

function what(approval: Approval): TemplateResult | typeof nothing {
  if (approval.tool !== ASK_FOR_SCREEN) return exactBytes(approval);
  const why = visibleBytes(approval.input)
    .map((one) => one.text)
    .join('')
    .trim();
  if (approval.state === Approval_State.PENDING && !why) return nothing;
  const words = why ? `“${why}”` : 'The agent asked to see a screen';
  return html`<p class="approval__why">${words}</p>`;
}

function exactBytes(approval: Approval): TemplateResult {
  return html`<pre class="approval__bytes" aria-label="Exactly what would be written">${withSigns(approval.input)}</pre>`;
}

function countdown(approval: Approval, nowMs: number): TemplateResult {
  const leftS = secondsLeft(approval, nowMs);
  const short = leftS <= 10 ? 'approval__left--short' : '';
  return html`<span class="approval__left ${short}">expires in ${leftS} s</span>`;
}

function place(room: Room, approval: Approval, left: TemplateResult | '' = ''): TemplateResult {
  if (approval.tool === ASK_FOR_SCREEN) return html``;
  const tab = approval.tab ? (room.tabs.labelOf(approval.tab) ?? 'a closed tab') : 'a new tab';
  const directory = approval.workingDirectory;
  return html`<p class="approval__place">
    <span>in <b>${tab}</b></span>
    <span class="approval__directory" title=${directory}>${directory}</span>
    ${left}
  </p>`;
}

function decide(room: Room, approval: Approval, approve: boolean): void {
  const value = create(DecideApprovalRequestSchema, { name: approval.name, approve });
  room.ask({ case: 'decideApproval', value }).catch((error) => room.notices.failed(error));
}

function onKey(room: Room, approval: Approval, event: KeyboardEvent): void {
  const approves = decisionOf(event);
  if (approves === undefined || !room.mayType) return;
  event.preventDefault();
  // A key that is held would go on in the terminal.
  if (room.focus.takeBorrowed())
    document.addEventListener('keyup', () => room.focus.bring(), { once: true, capture: true });
  if (approves) approve(room, approval);
  else decide(room, approval, false);
}

function toolWord(approval: Approval): string {
  switch (approval.tool) {
    case 'run_command':
      return 'run a command';
    case 'type_text':
      return 'type';
    case ASK_FOR_SCREEN:
      return 'see a screen';
    default:
      return `use ${approval.tool}`;
  }
}

function secondsLeft(approval: Approval, nowMs: number): number {
  const end = approval.expireTime ? timestampMs(approval.expireTime) : nowMs;
  return Math.max(0, Math.ceil((end - nowMs) / 1000));
}

function verdict(approval: Approval): [string, string, string] {
  switch (approval.state) {
    case Approval_State.APPROVED:
      return ['approved', 'good', 'check'];
    case Approval_State.NOT_DONE:
      return [notDone(approval), 'warn', 'warn'];
    case Approval_State.DENIED:
      return ['denied', 'bad', 'close'];
    default:
      return ['expired', 'warn', 'warn'];
  }
}
