import { html, nothing, type TemplateResult } from 'lit';
import { Approval_State } from '../gen/atrium/v1/timeline_pb';
import { act } from '../room/actions';
import type { Topic } from '../room/changes';
import type { Panel } from '../room/room';
import { shortcutOf } from '../room/shortcuts';
import { isWide, WIDE } from '../room/wide';
import { RoomElement } from './element';
import { icon } from './icons';
import './composer';
import './header';
import './people';
import './stage';
import './tab_bar';
import './timeline';

const PANELS: [Panel, string, string][] = [
  ['terminal', 'Terminal', 'terminal'],
  ['people', 'People', 'people'],
  ['timeline', 'Timeline', 'timeline'],
];

/** The whole page. */
class AtriumRoom extends RoomElement {
  protected readonly topics: readonly Topic[] = ['view', 'settings', 'link', 'state', 'captures'];

  override connectedCallback(): void {
    super.connectedCallback();
    document.addEventListener('keydown', this.onKeyDown, true);
    document.addEventListener('keyup', this.onKeyUp, true);
    addEventListener('blur', this.endTalking);
    matchMedia(WIDE).addEventListener('change', this.onWidth);
    matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () =>
      this.room.setSettings({}),
    );
  }

  protected override firstUpdated(): void {
    visualViewport?.addEventListener('resize', fitToViewport);
    requestAnimationFrame(() => void import('./later'));
  }

  override disconnectedCallback(): void {
    visualViewport?.removeEventListener('resize', fitToViewport);
    matchMedia(WIDE).removeEventListener('change', this.onWidth);
    document.removeEventListener('keydown', this.onKeyDown, true);
    document.removeEventListener('keyup', this.onKeyUp, true);
    removeEventListener('blur', this.endTalking);
    super.disconnectedCallback();
  }

  override render(): TemplateResult {
    const { room } = this;
    document.documentElement.dataset.theme = room.isDark() ? 'dark' : 'light';
    document.title = this.windowTitle();
    const classes = [
      'room',
      room.door && 'room--outside',
      room.settings.largeCaptions && 'room--large-captions',
    ];
    return html`
      <div class=${classes.filter(Boolean).join(' ')} data-panel=${room.panel}>
        <header class="header">
          <atrium-header></atrium-header>
          <atrium-tabs></atrium-tabs>
          <atrium-trust></atrium-trust>
          ${room.tabMenu ? html`<atrium-tab-menu></atrium-tab-menu>` : nothing}
        </header>
        <main class="main">
          <h1 class="sr-only">${room.store.session?.displayName || 'Room'}</h1>
          <div class="front">${this.inFront()}<atrium-stage></atrium-stage></div>
        <div class="strip">
          <atrium-banner></atrium-banner>
          <atrium-captions></atrium-captions>
          <atrium-share></atrium-share>
          <atrium-call-bar></atrium-call-bar>
        </div>
        <div class="side">
          <atrium-people></atrium-people>
          ${isWide() ? html`<atrium-captures .place=${'side'}></atrium-captures>` : nothing}
          <atrium-timeline></atrium-timeline>
          ${isWide() ? this.deviceCheck() : nothing}
          <atrium-composer></atrium-composer>
        </div>
        ${isWide() ? nothing : this.deviceCheck()}
        </main>
        ${this.bottomBar()}
      </div>
      <atrium-notices></atrium-notices>
      ${room.paletteOpen ? html`<atrium-palette></atrium-palette>` : nothing}
      ${this.dialog()}
    `;
  }

  protected override updated(): void {
    const { dialog } = this.room;
    if (dialog && dialog !== 'rename') void import('./dialogs');
    if (this.room.checkingDevices) void import('./device_check');
  }

  /** A screen beside the terminal: the one on the main stage, or on a phone all. */
  private inFront(): TemplateResult | typeof nothing {
    if (!isWide()) return html`<atrium-captures .place=${'phone'}></atrium-captures>`;
    const { onStage } = this.room.captures;
    if (!onStage) return nothing;
    return html`<atrium-capture .name=${onStage.name} .place=${'stage'}></atrium-capture>`;
  }

  /** Beside the button that asks for it; on a phone above the bar at the bottom. */
  private deviceCheck(): TemplateResult | typeof nothing {
    if (!this.room.checkingDevices) return nothing;
    return html`<atrium-device-check></atrium-device-check>`;
  }

  /** Seen in the browser's tab: how many cards wait, and where. */
  private windowTitle(): string {
    const { session } = this.room.store;
    const { pending } = this;
    const waits = pending > 0 ? `(${pending}) ` : '';
    return session?.displayName ? `${waits}${session.displayName} · Atrium` : 'Atrium';
  }

  private get pending(): number {
    const { approvals } = this.room.store;
    return [...approvals.values()].filter((one) => one.state === Approval_State.PENDING).length;
  }

  private bottomBar(): TemplateResult {
    return html`<nav class="bottom" aria-label="Panels">
      ${PANELS.map(
        ([panel, title, sign]) => html`<button
          class="bottom__item"
          aria-current=${this.room.panel === panel ? 'page' : 'false'}
          @click=${() => this.room.show({ panel })}
        >
          ${icon(sign)}<span>${title}</span>
          ${panel === 'timeline' && this.pending > 0 ? html`<span class="dot dot--warn"><span class="sr-only">approval pending</span></span>` : nothing}
        </button>`,
      )}
    </nav>`;
  }

  private dialog(): TemplateResult | typeof nothing {
    switch (this.room.dialog) {
      case 'agent':
        return html`<atrium-agent></atrium-agent>`;
      case 'invite':
        return html`<atrium-invite></atrium-invite>`;
      case 'session':
        return html`<atrium-session></atrium-session>`;
      case 'size':
        return html`<atrium-size></atrium-size>`;
      case 'shortcuts':
        return html`<atrium-shortcuts></atrium-shortcuts>`;
      default:
        return nothing;
    }
  }

  private readonly onWidth = () => this.requestUpdate();

  private readonly onKeyDown = (event: KeyboardEvent) => {
    if (this.room.dialog === 'shortcuts') return;
    const inTerminal = (event.target as Element | null)?.closest?.('.xterm') != null;
    const action = shortcutOf(event, this.room.settings, inTerminal);
    if (!action) return;
    if (action === 'call.talk') {
      this.room.talking.onKeyDown(event);
      event.preventDefault();
      return;
    }
    if (action === 'palette') this.room.show({ paletteOpen: !this.room.paletteOpen });
    else if (!act(this.room, action)) return;
    event.preventDefault();
  };

  private readonly onKeyUp = (event: KeyboardEvent) => this.room.talking.onKeyUp(event);

  private readonly endTalking = () => this.room.talking.end();
}

/** On phones the keyboard covers the page without making it smaller. */
function fitToViewport(): void {
  const height = visualViewport?.height;
  if (height)
    document.documentElement.style.setProperty('--page-height', `${Math.round(height)}px`);
}

customElements.define('atrium-room', AtriumRoom);
