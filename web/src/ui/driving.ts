import { html, nothing, type TemplateResult } from 'lit';
import { returnToTerminal } from '../room/actions';
import type { Topic } from '../room/changes';
import type { Asking } from '../room/driving';
import { chordsOf, showChord } from '../room/shortcuts';
import { RoomElement } from './element';
import { icon } from './icons';

/** Why keys that were typed just now were not sent, and what to do about it. */
class AtriumDriveHint extends RoomElement {
  protected readonly topics: readonly Topic[] = ['terminal', 'tabs', 'state'];

  override render(): TemplateResult | typeof nothing {
    const { selected } = this.room.tabs;
    const why = this.room.driving.hint(selected);
    if (!why || !selected) return nothing;
    return html`<p class="view-only" role="status">
      ${icon('lock')}
      ${why === 'viewer' ? html`view only · ask an owner for an editor link to type` : this.driver(selected)}
    </p>`;
  }

  private driver(tab: string): TemplateResult {
    const { driving } = this.room;
    const drive = driving.of(tab);
    if (drive.kind !== 'other') return html``;
    const name = this.room.nameOf(drive.driver);
    return html`<span>${name} is driving; your keys were not sent</span>
      ${
        drive.asked
          ? html`<span>· Asked…</span>`
          : html`<button class="link" @click=${() => this.act(() => driving.ask(tab))}>Ask for control</button>`
      }
      ${this.room.isOwner ? html`<button class="link" @click=${() => this.act(() => driving.take(tab))}>Take control</button>` : nothing}`;
  }

  private act(run: () => void): void {
    run();
    returnToTerminal(this.room);
  }
}

/** Somebody asks for a keyboard that we have. */
class AtriumAsking extends RoomElement {
  protected readonly topics: readonly Topic[] = ['state', 'tabs', 'settings'];

  override render(): TemplateResult {
    const [asking] = this.room.driving.asked();
    return html`<div class="asking" role="status">${asking ? this.card(asking) : nothing}</div>`;
  }

  private card(asking: Asking): TemplateResult {
    const { room } = this;
    const name = room.nameOf(asking.requester);
    const elsewhere = asking.tab !== room.tabs.selected;
    const title = room.tabs.labelOf(asking.tab) ?? 'a tab';
    const more = asking.others > 0 ? `, and ${asking.others} more` : '';
    return html`<div class="asking__card" role="group" aria-label=${`${name} asks for control`}>
      ${icon('wheel')}
      <span class="asking__text"><b>${name}</b> asks for control${elsewhere ? html` of <b>${title}</b>` : nothing}${more}</span>
      <button class="button button--good" @click=${() => this.act(() => room.driving.give(asking.tab, asking.requester))}>
        Give ${this.chord('drive.give')}
      </button>
      <button class="button" @click=${() => this.act(() => room.driving.decline(asking.tab))}>
        Not now ${this.chord('drive.decline')}
      </button>
    </div>`;
  }

  private chord(action: 'drive.give' | 'drive.decline'): TemplateResult | typeof nothing {
    const chord = chordsOf(action, this.room.settings)[0];
    return chord ? html`<kbd>${showChord(chord)}</kbd>` : nothing;
  }

  private act(run: () => void): void {
    run();
    returnToTerminal(this.room);
  }
}

customElements.define('atrium-drive-hint', AtriumDriveHint);
customElements.define('atrium-asking', AtriumAsking);
