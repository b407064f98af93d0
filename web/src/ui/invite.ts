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
import { roleWord } from '../state/roster';
import { RoomDialog } from './dialog';
import { icon } from './icons';

const ROLES: [Participant_Role, string, string][] = [
  [
    Participant_Role.VIEWER,
    'Viewer',
    'Sees the terminals, the timeline and captions. Cannot type, and is not in the call: neither hears nor speaks.',
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
  private link = '';
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
      ${this.link ? this.fresh() : nothing} ${this.openInvites()}
    `;
  }

  private fresh(): TemplateResult {
    return html`<div class="invite-link">
      <div class="invite-link__row">
        <input readonly aria-label="Invite link" .value=${this.link} @focus=${(event: FocusEvent) => (event.target as HTMLInputElement).select()} />
        <button class="button" @click=${() => void this.copy()}>${icon(this.copied ? 'check' : 'copy')} ${this.copied ? 'Copied' : 'Copy'}</button>
      </div>
      ${
        this.code
          ? html`<svg class="qr" viewBox="0 0 ${this.code.size} ${this.code.size}" role="img" aria-label="The link as a QR code" shape-rendering="crispEdges">
            ${svg`<path d=${this.code.path}/>`}
          </svg>`
          : nothing
      }
      <p class="dialog__note">It is shown only now. Whoever has it can use it.</p>
    </div>`;
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
    const until = invite.expireTime
      ? `until ${timestampDate(invite.expireTime).toLocaleString()}`
      : '';
    const uses = invite.usesLeft > 0 ? `, ${invite.usesLeft} uses left` : '';
    const by = invite.creator ? `, by ${this.room.nameOf(invite.creator)}` : '';
    return `${until}${uses}${by}`;
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
      this.link = `${location.origin}/join/${result.value.secret}`;
      this.copied = false;
      this.code = await drawCode(this.link);
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
