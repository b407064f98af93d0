import { create } from '@bufbuild/protobuf';
import { timestampMs } from '@bufbuild/protobuf/wkt';
import { html, type TemplateResult } from 'lit';
import { Conversation_Activity } from '../gen/atrium/v1/conversation_pb';
import {
  type Approval,
  Approval_State,
  DecideApprovalRequestSchema,
  type TimelineEntry,
} from '../gen/atrium/v1/timeline_pb';
import type { Room } from '../room/room';
import { type Asker, askerOf, deciderNameOf } from '../state/approvals';
import { visibleBytes } from '../state/visible';
import { icon } from './icons';

/** A card that waits for a decision, or tells which one was taken. */
export function approvalCard(room: Room, approval: Approval, nowMs: number): TemplateResult {
  if (approval.state !== Approval_State.PENDING) return decidedApproval(room, approval);
  return html`<div
    class="approval approval--pending"
    role="group"
    tabindex="0"
    aria-label=${askText(room, approval)}
    data-approval=${approval.name}
    @keydown=${(event: KeyboardEvent) => onKey(room, approval, event)}
  >
    <p class="approval__title">${icon(isAgents(room, approval) ? 'agent' : 'gear')} ${askText(room, approval)}</p>
    ${exactBytes(approval)} ${place(room, approval, countdown(approval, nowMs))}
    <div class="approval__acts">
      ${
        room.mayType
          ? html`<button class="button button--good" @click=${() => decide(room, approval, true)}>${icon('check')} Approve <kbd>⏎</kbd></button>
              <button class="button" @click=${() => decide(room, approval, false)}>Deny <kbd>Esc</kbd></button>`
          : html`<span class="approval__wait">Editors decide.</span>`
      }
    </div>
  </div>`;
}

/** What was decided, and by whom, as they were called then. */
export function decidedApproval(
  room: Room,
  approval: Approval,
  entry?: TimelineEntry,
): TemplateResult {
  const [word, tone, sign] = verdict(approval.state);
  const decider =
    deciderNameOf(approval, entry) ??
    room.store.participants.get(approval.decider)?.displayName ??
    room.nameOf(approval.decider);
  const by = approval.decider ? ` by ${decider}` : '';
  return html`<div class="approval approval--decided" data-approval=${approval.name}>
    ${exactBytes(approval)} ${place(room, approval)}
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

function exactBytes(approval: Approval): TemplateResult {
  return html`<pre class="approval__bytes" aria-label="Exactly what would be written">${visibleBytes(
    approval.input,
  ).map((one) => (one.control ? html`<span class="control">${one.text}</span>` : one.text))}</pre>`;
}

function countdown(approval: Approval, nowMs: number): TemplateResult {
  const leftS = secondsLeft(approval, nowMs);
  const short = leftS <= 10 ? 'approval__left--short' : '';
  return html`<span class="approval__left ${short}">expires in ${leftS} s</span>`;
}

function place(room: Room, approval: Approval, left: TemplateResult | '' = ''): TemplateResult {
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
  if (event.target !== event.currentTarget || !room.mayType || event.repeat) return;
  if (event.key === 'Enter') decide(room, approval, true);
  else if (event.key === 'Escape') decide(room, approval, false);
  else return;
  event.preventDefault();
}

function toolWord(approval: Approval): string {
  switch (approval.tool) {
    case 'run_command':
      return 'run a command';
    case 'type_text':
      return 'type';
    default:
      return `use ${approval.tool}`;
  }
}

function secondsLeft(approval: Approval, nowMs: number): number {
  const end = approval.expireTime ? timestampMs(approval.expireTime) : nowMs;
  return Math.max(0, Math.ceil((end - nowMs) / 1000));
}

function verdict(state: Approval_State): [string, string, string] {
  switch (state) {
    case Approval_State.APPROVED:
      return ['approved', 'good', 'check'];
    case Approval_State.DENIED:
      return ['denied', 'bad', 'close'];
    default:
      return ['expired', 'warn', 'warn'];
  }
}
