import { html, nothing, type TemplateResult } from 'lit';
import { live } from 'lit/directives/live.js';
import { act, returnToTerminal } from '../room/actions';
import type { Topic } from '../room/changes';
import { chordsOf, showChord } from '../room/shortcuts';
import { RoomElement } from './element';
import { icon } from './icons';

/** Shares a screen; while one is shared, says so and ends it. */
class AtriumShare extends RoomElement {
  protected readonly topics: readonly Topic[] = ['captures', 'state', 'settings', 'view'];
  private hadFocus = false;
  private wasChoosing = false;

  override render(): TemplateResult | typeof nothing {
    const { room } = this;
    const { shown, obstacle, mayShowDisplay } = room.captures;
    if (shown.isShowing) return this.sharing();
    if ((obstacle && !mayShowDisplay) || !room.self) return nothing;
    const chord = showChord(chordsOf('capture.toggle', room.settings)[0] ?? '');
    const chooses = mayShowDisplay || room.captures.agentCouldSee;
    return html`<span class="share-holder" @keydown=${this.onKey} @focusout=${this.onFocusOut}>
      <button class="button button--quiet share" aria-label="Share screen" title=${`Share screen ${chord}`} aria-busy=${shown.phase === 'asking'} aria-haspopup=${chooses ? 'dialog' : nothing} aria-expanded=${chooses ? room.choosingScreen : nothing} @click=${this.onClick}>${icon('screen')}<span class="share__word">Share screen</span></button>
      ${room.choosingScreen ? this.choice(obstacle) : nothing}
    </span>`;
  }

  protected override willUpdate(): void {
    this.hadFocus = this.contains(document.activeElement);
  }

  protected override updated(): void {
    const { choosingScreen } = this.room;
    if (choosingScreen && !this.wasChoosing)
      this.querySelector<HTMLElement>('.share__panel .button:not([hidden])')?.focus();
    else if (this.hadFocus && !this.contains(document.activeElement))
      this.querySelector('button')?.focus();
    this.wasChoosing = choosingScreen;
  }

  /** What to share, and whether the agent may see it: said before anything is shown. */
  private choice(obstacle: string | undefined): TemplateResult {
    const { captures, store } = this.room;
    const provider = store.conversation?.provider || 'the voice provider';
    return html`<div class="share__panel" role="dialog" aria-label="Share a screen">
      ${
        captures.agentCouldSee
          ? html`<label class="share__consent">
              <input type="checkbox" />
              <span>The agent may see it<span>Stills of it go to ${provider} while it changes or somebody speaks.</span></span>
            </label>`
          : nothing
      }
      ${obstacle ? html`<p class="share__obstacle">${obstacle}</p>` : nothing}
      <div class="share__acts">
        ${
          captures.mayShowDisplay
            ? html`<button class="button" @click=${() => captures.showDisplay(this.agentSees)}>The machine's display</button>`
            : nothing
        }
        ${
          obstacle
            ? nothing
            : html`<button class="button button--main" @click=${() => captures.share({ agentSees: this.agentSees })}>Choose a screen…</button>`
        }
      </div>
    </div>`;
  }

  private get agentSees(): boolean {
    return this.querySelector<HTMLInputElement>('.share__consent input')?.checked ?? false;
  }

  private readonly onClick = (event: MouseEvent) => {
    act(this.room, 'capture.toggle');
    if (event.detail > 0 && !this.room.choosingScreen) returnToTerminal(this.room);
  };

  private close(): void {
    this.room.show({ choosingScreen: false });
  }

  private readonly onFocusOut = (event: FocusEvent) => {
    const to = event.relatedTarget as Node | null;
    if (this.room.choosingScreen && to && !this.contains(to)) this.close();
  };

  private readonly onKey = (event: KeyboardEvent) => {
    if (event.key !== 'Escape' || !this.room.choosingScreen) return;
    event.preventDefault();
    this.close();
    this.querySelector('button')?.focus();
  };

  private sharing(): TemplateResult {
    const { captures, store } = this.room;
    const { shown } = captures;
    const late = shown.isLate ? 'connecting again' : shown.isLow ? 'slow connection' : '';
    const how = late ? html` <span class="sharing__late">${late}</span>` : nothing;
    const seen = store.captures.get(shown.name)?.agentSees ?? shown.agentSees;
    return html`<div class="sharing" role="group" aria-label="Your screen">
      ${icon('screen')}<span class="sharing__text" role="status" title=${shown.title}><span>You are sharing: <b>${shown.title}</b>${how}</span></span>
      ${
        captures.agentCouldSee && shown.name
          ? html`<label class="sharing__agent">
              <input type="checkbox" aria-label="Agent sees it" .checked=${live(seen)} @change=${() => void captures.letAgentSee(shown.name, !seen)} /><span>Agent<span class="sharing__what"> sees it</span></span>
            </label>`
          : nothing
      }
      <button class="button sharing__stop" aria-label="Stop sharing" @click=${this.onClick}><span>Stop<span class="sharing__what"> sharing</span></span></button>
    </div>`;
  }
}

customElements.define('atrium-share', AtriumShare);
