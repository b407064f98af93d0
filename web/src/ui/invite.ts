import { create } from '@bufbuild/protobuf';
import { timestampDate, timestampFromMs } from '@bufbuild/protobuf/wkt';
import { html, nothing, svg, type TemplateResult } from 'lit';
import {
  CreateInviteRequestSchema,
  DeleteInviteRequestSchema,
  type Invite,
  InviteSchema,
  ListInvitesRequestSchema,
  Participant_Role,
} from '../gen/atrium/v1/session_pb';
import type { Topic } from '../room/changes';
import { forwardCommand, isForThisMachine, linkOrigins, usesText } from '../state/invites';
import { roleWord } from '../state/roster';
import { RoomDialog } from './dialog';
import { icon } from './icons';

const ROLES: [Participant_Role, string, string][] = [
  [
    Participant_Role.VIEWER,
    'Viewer',
    'Sees the terminals, the timeline and captions, and hears the call. Cannot type, and is not heard.',
  ],
  [
    Participant_Role.EDITOR,
    'Editor',
    'Can type: that is a shell on this machine. Joins the call, and approves what the agent proposes.',
  ],
  [Participant_Role.OWNER, 'Owner', 'Can also invite and revoke, and end the session.'],
];
const HOUR_MS = 3600_000;
const EXPIRIES: [number, string][] = [
  [HOUR_MS, 'one hour'],
  [24 * HOUR_MS, 'one day'],
  [7 * 24 * HOUR_MS, 'seven days'],
];
/** The server's clock may be a little behind ours, and seven days are the most. */
const CLOCK_SLACK_MS = 60_000;

/** Makes links to the room, and takes them back. */
class AtriumInvite extends RoomDialog {
  protected readonly topics: readonly Topic[] = ['state'];
  protected readonly heading = 'Invite people';
  private chosen = Participant_Role.VIEWER;
  private expiry = 24 * HOUR_MS;
  private secret = '';
  /** What the link begins with. */
  private origin = '';
  private code: { size: number; path: string } | undefined;
  private open: Invite[] | undefined;
  private copied = false;

  override connectedCallback(): void {
    super.connectedCallback();
    void this.list();
  }

  protected content(): TemplateResult {
    return html`
      <fieldset class="roles">
        <legend>Whoever opens the link</legend>
        ${ROLES.map(
          ([role, title, text]) => html`<label class="roles__choice">
            <input type="radio" name="role" .checked=${role === this.chosen} @change=${() => this.choose(role)} />
            <span><b>${title}</b><span>${text}</span></span>
          </label>`,
        )}
      </fieldset>
      <div class="dialog__acts dialog__acts--left">
        <label class="field field--inline">
          <span>The link can be opened for</span>
          <select @change=${this.onExpiry}>
            ${EXPIRIES.map(([ms, title]) => html`<option value=${ms} ?selected=${ms === this.expiry}>${title}</option>`)}
          </select>
        </label>
        <button class="button button--main" @click=${() => void this.make()}>${icon('link')} Make a link</button>
      </div>
      <p class="dialog__note">This is the link's time. Who came by it stays for seven days, also when the link has ended. Revoking it, while it is listed here, sends them out at once.</p>
      ${this.secret ? this.fresh() : nothing} ${this.openInvites()}
    `;
  }

  private fresh(): TemplateResult {
    return html`<div class="invite-link">
      ${this.originField()}
      <div class="invite-link__row">
        <input readonly aria-label="Invite link" .value=${this.link} @focus=${(event: FocusEvent) => (event.target as HTMLInputElement).select()} />
        <button class="button" @click=${() => void this.copy()}>${icon(this.copied ? 'check' : 'copy')} ${this.copied ? 'Copied' : 'Copy'}</button>
      </div>
      ${isForThisMachine(this.origin) ? this.nearOnly() : this.drawn()}
      <p class="dialog__note">It is shown only now. Whoever has it can use it.</p>
    </div>`;
  }

  private get link(): string {
    return `${this.origin}/join/${this.secret}`;
  }

  /** Where there is a choice: for people elsewhere, or for this machine. */
  private originField(): TemplateResult | typeof nothing {
    const origins = linkOrigins(location.origin, this.room.origins);
    if (origins.length < 2) return nothing;
    return html`<label class="field field--inline">
      <span>The link leads to</span>
      <select @change=${(event: Event) => void this.lead((event.target as HTMLSelectElement).value)}>
        ${origins.map((one) => html`<option value=${one} ?selected=${one === this.origin}>${one}${isForThisMachine(one) ? ', this machine only' : ''}</option>`)}
      </select>
    </label>`;
  }

  private drawn(): TemplateResult | typeof nothing {
    const { code } = this;
    if (!code) return nothing;
    return html`<svg class="qr" viewBox="0 0 ${code.size} ${code.size}" role="img" aria-label="The link as a QR code" shape-rendering="crispEdges">
      ${svg`<path d=${code.path}/>`}
    </svg>`;
  }

  /** In the place of a code that would lead every phone to itself. */
  private nearOnly(): TemplateResult {
    const { hostname } = new URL(this.origin);
    return html`<div class="invite-link__near">
      ${icon('warn')}
      <div>
        <p><b>Reachable from this machine only.</b> The link names ${hostname}, which every machine takes for itself; so there is no QR code for phones.</p>
        <ul>
          <li>For another computer, forward the port there, and open the link in its browser: <code>${forwardCommand(this.origin)}</code></li>
          <li>For everybody, put a public name with https before the gateway, and tell it the name: <code>--allow_origin=https://…</code> Links then begin with it.</li>
        </ul>
      </div>
    </div>`;
  }

  private async lead(origin: string): Promise<void> {
    this.origin = origin;
    this.copied = false;
    this.code = isForThisMachine(origin) ? undefined : await drawCode(this.link);
    this.requestUpdate();
  }

  private openInvites(): TemplateResult {
    const open = this.open ?? [];
    return html`<h3>Open links</h3>
      ${open.length === 0 ? html`<p class="empty">${this.open ? 'There are none.' : 'Reading them.'}</p>` : nothing}
      <ul class="invites">
        ${open.map(
          (one) => html`<li>
            <span><b>${roleWord(one.role)}</b> ${this.about(one)}</span>
            <button class="button" @click=${() => void this.revoke(one)}>${icon('trash')} Revoke</button>
          </li>`,
        )}
      </ul>`;
  }

  private about(invite: Invite): string {
    const { creator } = invite;
    const by = creator && `by ${creator === this.room.me ? 'you' : this.room.nameOf(creator)}`;
    return [timeText(invite), usesText(invite.usesLeft), by].filter(Boolean).join(', ');
  }

  private choose(role: Participant_Role): void {
    this.chosen = role;
    this.requestUpdate();
  }

  private readonly onExpiry = (event: Event) => {
    this.expiry = Number((event.target as HTMLSelectElement).value);
  };

  private async make(): Promise<void> {
    const expireTime = timestampFromMs(Date.now() + this.expiry - CLOCK_SLACK_MS);
    const invite = create(InviteSchema, { role: this.chosen, expireTime });
    const value = create(CreateInviteRequestSchema, { invite });
    try {
      const { result } = await this.room.ask({ case: 'createInvite', value }, false);
      if (result.case !== 'invite') return;
      this.secret = result.value.secret;
      await this.lead(linkOrigins(location.origin, this.room.origins)[0]!);
      await this.list();
    } catch (error) {
      this.room.notices.failed(error);
    }
    this.requestUpdate();
  }

  private async copy(): Promise<void> {
    try {
      await navigator.clipboard.writeText(this.link);
      this.copied = true;
    } catch {
      this.querySelector<HTMLInputElement>('.invite-link input')?.select();
    }
    this.requestUpdate();
  }

  private async list(): Promise<void> {
    try {
      const value = create(ListInvitesRequestSchema, {});
      const { result } = await this.room.ask({ case: 'listInvites', value });
      this.open = result.case === 'invites' ? result.value.invites : [];
    } catch (error) {
      this.open = [];
      this.room.notices.failed(error);
    }
    this.requestUpdate();
  }

  private async revoke(invite: Invite): Promise<void> {
    try {
      const value = create(DeleteInviteRequestSchema, { name: invite.name });
      await this.room.ask({ case: 'deleteInvite', value });
    } catch (error) {
      this.room.notices.failed(error);
    }
    await this.list();
  }
}

/** Those that are over are listed while somebody is in who came by them. */
function timeText({ expireTime, usesLeft }: Invite): string {
  if (!expireTime || usesLeft < 0) return '';
  const time = timestampDate(expireTime);
  return `${time.getTime() > Date.now() ? 'until' : 'expired'} ${time.toLocaleString()}`;
}

/** The link as the dark squares of a QR code. */
async function drawCode(link: string): Promise<{ size: number; path: string }> {
  const { default: qrcode } = await import('qrcode-generator');
  const code = qrcode(0, 'M');
  code.addData(link);
  code.make();
  const margin = 2;
  const count = code.getModuleCount();
  let path = '';
  for (let row = 0; row < count; row++) {
    for (let column = 0; column < count; column++) {
      if (code.isDark(row, column)) path += `M${column + margin} ${row + margin}h1v1h-1z`;
    }
  }
  return { size: count + 2 * margin, path };
}

customElements.define('atrium-invite', AtriumInvite);
