import { timestampMs } from '@bufbuild/protobuf/wkt';
import { html, nothing, type TemplateResult } from 'lit';
import { SizePolicy, type Tab, Tab_State } from '../gen/atrium/v1/tab_pb';
import type { Topic } from '../room/changes';
import { sizingOf } from '../state/driving';
import { expiryText, heldText, namesText } from '../state/words';
import { RoomElement } from './element';
import { icon } from './icons';
import { keepKeyboard } from './touch';

const CLOCK_MS = 5000;

/** The terminal's lower edge: where it is, who types, who drives, how large it is. */
class AtriumStatus extends RoomElement {
  protected readonly topics: readonly Topic[] = [
    'terminal',
    'tabs',
    'state',
    'settings',
    'captures',
  ];
  private clock: ReturnType<typeof setInterval> | undefined;

  override connectedCallback(): void {
    super.connectedCallback();
    this.clock = setInterval(() => {
      if (this.tab?.idleExpireTime) this.requestUpdate();
    }, CLOCK_MS);
  }

  override disconnectedCallback(): void {
    clearInterval(this.clock);
    super.disconnectedCallback();
  }

  override render(): TemplateResult {
    const { room, tab } = this;
    const absence = absenceText(tab, room.tabs.current?.status);
    const left = room.linkHint ?? (absence || (tab?.workingDirectory ?? ''));
    return html`<div class="status">
      <span class="status__left ${absence ? 'status__left--absent' : ''}" role=${absence ? 'status' : 'presentation'}>${absence && !room.linkHint ? icon('warn') : nothing}${left}</span>
      <span class="status__trust">${room.trust.join(' · ')}</span>
      ${tab ? html`${this.typing(tab)}${this.held(tab)}${this.expiry(tab)}${this.driving(tab)}${this.size(tab)}` : nothing}
    </div>`;
  }

  private get tab(): Tab | undefined {
    return this.room.tabs.current?.tab;
  }

  private typing(tab: Tab): TemplateResult | typeof nothing {
    const typists = this.room.typistsIn(tab.name).map((name) => this.room.nameOf(name));
    if (typists.length === 0) return nothing;
    return html`<span class="status__typing">${namesText(typists)} typing</span>`;
  }

  private held(tab: Tab): TemplateResult | typeof nothing {
    if (tab.heldBy.length === 0) return nothing;
    const text = heldText(tab.heldBy.map((name) => this.room.nameOf(name)));
    return html`<span class="status__expiry" role="status">${icon('clock')} ${text[0]!.toUpperCase()}${text.slice(1)}</span>`;
  }

  private expiry(tab: Tab): TemplateResult | typeof nothing {
    if (!tab.idleExpireTime) return nothing;
    return html`<span class="status__expiry">
      ${icon('clock')} ${expiryText(timestampMs(tab.idleExpireTime), Date.now())}
      ${this.room.mayType ? html`· <button class="link" @click=${() => this.room.tabs.keepOpen(tab.name)}>Keep open</button>` : nothing}
    </span>`;
  }

  private driving(tab: Tab): TemplateResult {
    const { room } = this;
    const drive = room.driving.of(tab.name);
    const mine = drive.kind === 'mine';
    return html`<span class="driving ${mine ? 'driving--mine' : ''}" role="status" @pointerdown=${keepKeyboard}>
      ${
        drive.kind === 'mine'
          ? html`${icon('wheel')}<span class="driving__text">You are driving</span>
            · <button class="link" title="Everybody who may type can type again" @click=${() => room.driving.release(tab.name)}>Release</button>`
          : nothing
      }
      ${
        drive.kind === 'other'
          ? html`${icon('wheel')}<span class="driving__text">${room.nameOf(drive.driver)} is driving</span>
            ${room.mayType ? askButton(drive.asked, () => room.driving.ask(tab.name)) : nothing}
            ${room.isOwner ? html`· <button class="link" @click=${() => room.driving.take(tab.name)}>Take control</button>` : nothing}`
          : nothing
      }
      ${
        drive.kind === 'free' && room.mayType && tab.sizeOwner !== room.me
          ? html`<button class="link" title="Only you type then, and your window decides the size" @click=${() => room.driving.take(tab.name)}>Take control</button>`
          : nothing
      }
    </span>`;
  }

  private size(tab: Tab): TemplateResult {
    const { room } = this;
    const text = tab.size ? `${tab.size.columns}x${tab.size.rows}` : '';
    const looks = sizingOf(tab, room.self, room.isFrontWindow) !== 'decides';
    const whose = looks ? html`<span class="status__whose">${this.whose(tab)} </span>` : nothing;
    const scrolls = room.settings.scrollTerminal;
    const title = scrolls ? 'Scale to fit' : 'Scroll instead of scaling';
    return html`<span class="status__size">
      ${
        room.mayType
          ? html`<button class="link link--quiet" title="Who decides the size" @click=${() => room.show({ dialog: 'size' })}>${whose}${text}</button>`
          : html`${whose}${text}`
      }
      ${
        looks
          ? html`<button class="status__scroll" title=${title} aria-label=${title} aria-pressed=${scrolls} @click=${() => room.setSettings({ scrollTerminal: !scrolls })}>${icon(scrolls ? 'shrink' : 'expand')}</button>`
          : nothing
      }
    </span>`;
  }

  private whose(tab: Tab): string {
    if (tab.sizePolicy === SizePolicy.FIXED) return 'Fixed size';
    if (tab.sizePolicy === SizePolicy.SMALLEST) return 'Smallest window’s size';
    if (tab.sizeOwner === this.room.me) return "Your other window's size";
    const owner = this.room.store.participants.get(tab.sizeOwner);
    return owner ? `${owner.displayName}'s size` : 'Size';
  }
}

function askButton(asked: boolean, ask: () => void): TemplateResult {
  return asked
    ? html`· <span class="driving__asked">Asked…</span>`
    : html`· <button class="link" @click=${ask}>Ask for control</button>`;
}

function absenceText(tab: Tab | undefined, status: string | undefined): string {
  if (status === 'stale') return 'This tab was closed elsewhere. What it showed can still be read.';
  switch (tab?.state) {
    case Tab_State.CREATING:
      return 'The shell is starting.';
    case Tab_State.EXITED:
      return `The shell ended with exit code ${tab.exitCode}. What it showed can still be read.`;
    case Tab_State.LOST:
      return 'The terminal process was lost, and this shell with it. Its last screen can still be read.';
    case Tab_State.UNREACHABLE:
      return 'The terminal process is out of reach. The shell may be running; what you type is kept.';
    default:
      return '';
  }
}

customElements.define('atrium-status', AtriumStatus);
