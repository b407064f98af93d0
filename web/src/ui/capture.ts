import { html, nothing, type TemplateResult } from 'lit';
import { withinSentence } from '../capture/title';
import { type Capture, Capture_Source } from '../gen/atrium/v1/capture_pb';
import { returnToTerminal } from '../room/actions';
import type { Topic } from '../room/changes';
import { RoomElement } from './element';
import { icon } from './icons';
import { placeMenu, stepMenu } from './menu';

/** A click that another one may still follow. */
const DOUBLE_CLICK_MS = 300;

interface Act {
  sign: string;
  title: string;
  run: () => void;
}

/** iPhones show nothing but videos in full. */
interface OldVideo extends HTMLVideoElement {
  webkitEnterFullscreen?: () => void;
}

/** One screen that is shown: its picture, whose it is, and what can be done with it. */
class AtriumCapture extends RoomElement {
  static override properties = { name: {}, place: {} };
  protected readonly topics: readonly Topic[] = ['captures', 'state'];
  /** The capture's name. */
  declare name: string;
  /** Where it is drawn. */
  declare place: 'side' | 'stage' | 'phone';
  private menuOpen = false;
  private hadFocus = false;
  private clickTimer: ReturnType<typeof setTimeout> | undefined;

  override connectedCallback(): void {
    super.connectedCallback();
    document.addEventListener('fullscreenchange', this.onFullscreen);
  }

  override disconnectedCallback(): void {
    document.removeEventListener('fullscreenchange', this.onFullscreen);
    clearTimeout(this.clickTimer);
    super.disconnectedCallback();
  }

  override render(): TemplateResult | typeof nothing {
    const capture = this.room.store.captures.get(this.name);
    if (!capture) return nothing;
    const { captures } = this.room;
    const whose = captures.whose(capture);
    const isPutAway = this.place !== 'stage' && captures.isPutAway(this.name);
    const own = captures.isOwn(capture) ? 'capture--own' : '';
    return html`<figure class="capture capture--${this.place} ${isPutAway ? 'capture--away' : ''} ${own}" aria-label=${whose} data-capture=${this.name} @keydown=${this.onKey}>
      ${isPutAway ? nothing : this.picture(capture, whose)}
      ${this.caption(capture, whose, isPutAway)}
    </figure>`;
  }

  protected override willUpdate(): void {
    this.hadFocus = this.contains(document.activeElement);
  }

  protected override updated(): void {
    this.keepFocus();
    const { video } = this;
    const stream = this.room.captures.streamOf(this.name) ?? null;
    if (video && video.srcObject !== stream) {
      video.srcObject = stream;
      if (stream) void video.play().catch(() => {});
    }
    const menu = this.querySelector<HTMLElement>('.menu');
    const opener = this.querySelector<HTMLElement>('[aria-haspopup]');
    if (menu && opener) placeMenu(menu, opener);
  }

  /** What had the focus may be gone; whoever works by keys goes on beside it. */
  private keepFocus(): void {
    if (!this.hadFocus || this.contains(document.activeElement)) return;
    const opener = this.querySelector<HTMLElement>('[aria-haspopup]');
    (opener ?? this.querySelector<HTMLElement>('.capture__caption button'))?.focus();
  }

  private get video(): HTMLVideoElement | null {
    return this.querySelector('video');
  }

  private picture(capture: Capture, whose: string): TemplateResult {
    const words = this.room.captures.wordsOf(capture);
    return html`<div class="capture__picture ${words ? 'capture__picture--late' : ''}">
      <video muted .muted=${true} playsinline autoplay disableremoteplayback tabindex="-1" aria-label=${`${whose}: ${capture.title}`} @loadeddata=${this.onFrame}></video>
      ${words ? html`<p class="capture__words">${icon('spinner')}${words}</p>` : nothing}
      ${this.opener(capture, withinSentence(whose))}
    </div>`;
  }

  /** The whole picture is a button; one's own is but a preview. */
  private opener(capture: Capture, whose: string): TemplateResult | typeof nothing {
    if (this.room.captures.isOwn(capture)) return nothing;
    const [title, run] = this.mainAct(whose);
    return html`<button class="capture__open" title=${`${title}; twice: full screen`} aria-label=${title}
      @click=${(event: MouseEvent) => this.onClick(event, run)}
      @dblclick=${() => this.onDoubleClick()}></button>`;
  }

  private mainAct(whose: string): [string, () => void] {
    if (this.place === 'phone') return [`Show ${whose} in full`, () => this.fill()];
    const stage = () => this.room.captures.stage(this.name);
    if (this.place === 'stage') return [`Put ${whose} back to the side`, stage];
    return [`Show ${whose} on the main stage`, stage];
  }

  private caption(capture: Capture, whose: string, isPutAway: boolean): TemplateResult {
    const { captures } = this.room;
    const onStage = isPutAway && !captures.isHidden(this.name);
    return html`<figcaption class="capture__caption">
      ${icon('screen')}
      <span class="capture__name" title=${capture.title}><b>${whose}</b> <span class="capture__title">${capture.title === 'Screen' ? '' : capture.title}</span></span>
      ${captures.isSeenByAgent(capture) ? seenByAgent() : nothing} ${isPutAway ? nothing : viewers(capture.viewerCount)}
      ${
        onStage
          ? html`<button class="link" @click=${() => captures.stage(this.name)}>Back from the stage</button>`
          : isPutAway
            ? html`<button class="link" @click=${() => captures.unhide(this.name)}>Show</button>`
            : this.buttons(capture, withinSentence(whose))
      }
    </figcaption>`;
  }

  private buttons(capture: Capture, whose: string): TemplateResult {
    const own = this.room.captures.isOwn(capture);
    return html`<span class="capture__acts">
      ${own ? nothing : this.quickActs(capture, whose).map((one) => button(one, 'capture__quick'))}
      <button class="button button--icon" title="More" aria-label=${`More for ${whose}`} aria-haspopup="menu" aria-expanded=${this.menuOpen} @click=${() => this.toggleMenu(!this.menuOpen)}>${icon('more')}</button>
      ${own || this.place !== 'phone' ? nothing : button(this.hideAct(whose))}
      ${this.menuOpen ? this.menu(capture, whose) : nothing}
    </span>`;
  }

  private quickActs(capture: Capture, whose: string): Act[] {
    const acts: Act[] = [];
    if (document.pictureInPictureEnabled && !this.room.captures.wordsOf(capture))
      acts.push({ sign: 'float', title: 'Picture in picture', run: () => void this.float() });
    const isFull = document.fullscreenElement !== null;
    const title = isFull ? 'Leave full screen' : 'Full screen';
    acts.push({ sign: isFull ? 'shrink' : 'full', title, run: () => this.fill() });
    if (isFull) return acts;
    if (this.place === 'stage') {
      const run = () => this.room.captures.stage(this.name);
      acts.push({ sign: 'shrink', title: `Put ${whose} back to the side`, run });
    }
    return acts;
  }

  private hideAct(whose: string): Act {
    return {
      sign: 'close',
      title: `Hide ${whose}`,
      run: () => this.room.captures.hide(this.name),
    };
  }

  private menu(capture: Capture, whose: string): TemplateResult {
    const { room } = this;
    const own = room.captures.isOwn(capture);
    const acts: Act[] = own ? [] : this.quickActs(capture, whose);
    if (this.place === 'side' && !own) {
      const run = () => room.captures.stage(this.name);
      acts.unshift({ sign: 'expand', title: 'Show on the main stage', run });
    }
    if (!own) acts.push(this.hideAct(whose));
    if (room.captures.agentCouldSee && room.captures.decidesAgentSees(capture)) {
      const title = capture.agentSees ? 'Keep it from the agent' : 'Let the agent see it';
      const see = () => void room.captures.letAgentSee(this.name, !capture.agentSees);
      acts.push({ sign: 'agent', title, run: see });
    }
    const run = () => room.captures.stop(this.name);
    const mine = capture.participant === room.me;
    const stop = own || (mine && capture.source !== Capture_Source.DISPLAY);
    if (stop) acts.push({ sign: 'screenOff', title: 'Stop sharing', run });
    else if (mine || room.isOwner) acts.push({ sign: 'screenOff', title: `Stop ${whose}`, run });
    return html`<div class="menu menu--capture" role="menu" aria-label=${whose} @focusout=${this.onFocusOut}>
      ${acts.map(
        (
          one,
        ) => html`<button class="menu__item" role="menuitem" @click=${(event: MouseEvent) => this.choose(event, one)}>
          <span>${one.title}</span>${icon(one.sign)}
        </button>`,
      )}
    </div>`;
  }

  private choose(event: MouseEvent, act: Act): void {
    this.toggleMenu(false);
    act.run();
    if (event.detail > 0) returnToTerminal(this.room);
  }

  private toggleMenu(open: boolean): void {
    this.menuOpen = open;
    this.requestUpdate();
    void this.updateComplete.then(() => {
      if (open) this.querySelector<HTMLElement>('.menu__item')?.focus();
    });
  }

  /** Floats over the other windows, or comes back. */
  private async float(): Promise<void> {
    const { video } = this;
    if (!video) return;
    try {
      if (document.pictureInPictureElement === video) await document.exitPictureInPicture();
      else {
        await hasPicture(video);
        await video.requestPictureInPicture();
      }
    } catch (error) {
      this.room.notices.failed(error);
    }
  }

  /** Fills the whole screen, or no more. */
  private fill(): void {
    const figure = this.querySelector('.capture');
    if (document.fullscreenElement) void document.exitFullscreen();
    else if (figure?.requestFullscreen)
      figure.requestFullscreen().catch((error) => this.room.notices.failed(error));
    else (this.video as OldVideo | null)?.webkitEnterFullscreen?.();
  }

  private readonly onFullscreen = () => this.requestUpdate();

  private readonly onFrame = () => this.room.captures.onFrame(this.name);

  /** A key, and the first click of a finger, need not wait for a second one. */
  private onClick(event: MouseEvent, run: () => void): void {
    clearTimeout(this.clickTimer);
    if (document.fullscreenElement) return;
    if (event.detail === 0 || this.place === 'phone') run();
    else if (event.detail === 1) {
      this.clickTimer = setTimeout(() => {
        run();
        returnToTerminal(this.room);
      }, DOUBLE_CLICK_MS);
    }
  }

  private onDoubleClick(): void {
    clearTimeout(this.clickTimer);
    if (this.place !== 'phone') this.fill();
  }

  private readonly onFocusOut = (event: FocusEvent) => {
    const to = event.relatedTarget as Node | null;
    if (to && !this.querySelector('.capture__acts')?.contains(to)) this.toggleMenu(false);
  };

  private readonly onKey = (event: KeyboardEvent) => {
    const menu = this.querySelector<HTMLElement>('.menu');
    if (menu && (event.key === 'Escape' || event.key === 'Tab')) {
      this.toggleMenu(false);
      this.querySelector<HTMLElement>('[aria-haspopup]')?.focus();
    } else if (event.key === 'Escape' && this.place === 'stage') {
      this.room.captures.stage(this.name);
      returnToTerminal(this.room);
    } else if (!menu || !stepMenu(menu, event.key)) return;
    event.preventDefault();
    event.stopPropagation();
  };
}

/** A video that was just put here knows its size a moment later. */
function hasPicture(video: HTMLVideoElement): Promise<unknown> | undefined {
  if (video.readyState > 0) return undefined;
  return new Promise((resolve) =>
    video.addEventListener('loadedmetadata', resolve, { once: true }),
  );
}

function button({ sign, title, run }: Act, name = ''): TemplateResult {
  return html`<button class="button button--icon ${name}" title=${title} aria-label=${title} @click=${run}>${icon(sign)}</button>`;
}

function seenByAgent(): TemplateResult {
  return html`<span class="capture__agent" title="The agent sees it">${icon('agent')}<span class="sr-only">The agent sees it</span></span>`;
}

/** How many watch, as a figure. */
function viewers(count: number): TemplateResult | typeof nothing {
  if (count <= 0) return nothing;
  const words = count === 1 ? '1 page watches' : `${count} pages watch`;
  return html`<span class="capture__viewers" title=${words}>${icon('eye')}<span aria-hidden="true">${count}</span><span class="sr-only">${words}</span></span>`;
}

customElements.define('atrium-capture', AtriumCapture);
