import { html, type TemplateResult } from 'lit';
import type { Topic } from '../room/changes';
import { type ActionId, chordOf, chordsOf, showChord, USUAL_CHORDS } from '../room/shortcuts';
import { RoomDialog } from './dialog';

const TITLES: Record<ActionId, string> = {
  palette: 'All actions',
  'tab.open': 'Open a tab',
  'tab.close': 'Close the tab',
  'tab.rename': 'Rename the tab',
  'tab.menu': 'Menu of the tab',
  'tab.left': 'Move the tab to the left',
  'tab.right': 'Move the tab to the right',
  'tab.keep': 'Keep the tab open',
  'tab.next': 'Next tab',
  'tab.previous': 'Previous tab',
  'tab.1': 'Tab 1',
  'tab.2': 'Tab 2',
  'tab.3': 'Tab 3',
  'tab.4': 'Tab 4',
  'tab.5': 'Tab 5',
  'tab.6': 'Tab 6',
  'tab.7': 'Tab 7',
  'tab.8': 'Tab 8',
  'tab.9': 'Tab 9',
  'terminal.focus': 'Go to the terminal',
  'terminal.control': 'Take control',
  'drive.ask': 'Ask for control',
  'drive.release': 'Release control',
  'drive.give': 'Give control to who asks',
  'drive.decline': 'Keep control: not now',
  'terminal.size': 'Who decides the size',
  'terminal.scroll': 'Scroll or scale a larger terminal',
  'command.previous': 'Previous command',
  'command.next': 'Next command',
  'command.copy': 'Copy what a command printed',
  'command.again': 'Run a command again',
  'terminal.predict': 'Show keys before their echo or not',
  'terminal.find': 'Find in the terminal',
  'terminal.copy': 'Copy what is selected',
  'text.larger': 'Larger text',
  'text.smaller': 'Smaller text',
  'text.usual': 'Usual text size',
  'chat.focus': 'Write a message',
  'chat.attach': 'Attach text to the message',
  'people.focus': 'Go to the people',
  'timeline.find': 'Find in the timeline',
  'timeline.export': 'Export the timeline',
  'approval.focus': 'Go to the pending approval',
  'call.toggle': 'Start or stop live audio',
  'call.mute': 'Mute or unmute',
  'call.deafen': 'Silence the others',
  'call.talk': 'Talk while held',
  'call.device': 'Microphone and loudspeaker',
  'capture.toggle': 'Share a screen or stop',
  'capture.stage': 'A shown screen on the main stage, or back',
  'capture.hide': 'Hide or watch a shown screen',
  'capture.agent': 'Let the agent see your screen or not',
  'capture.display': 'Show the machine’s display',
  'agent.interrupt': 'Interrupt the agent',
  'agent.settings': 'Settings of the agent',
  'agent.start': 'Start the agent again',
  'captions.large': 'Large captions',
  'session.settings': 'Settings of the session',
  notify: 'Notifications when long commands end',
  invite: 'Invite people',
  theme: 'Dark or light',
  'screen-reader': 'Screen reader support',
  shortcuts: 'Change shortcuts',
  'link.retry': 'Connect now',
};

/** Every act with its chord; a click on a chord records another. */
class AtriumShortcuts extends RoomDialog {
  protected readonly topics: readonly Topic[] = ['settings'];
  protected readonly heading = 'Shortcuts';
  private recording: ActionId | undefined;

  protected content(): TemplateResult {
    const actions = Object.keys(USUAL_CHORDS) as ActionId[];
    return html`
      <p class="dialog__note">Choose a shortcut, then press its new keys. Backspace takes it away, Esc leaves it. In a terminal Ctrl + letter belongs to the shell.</p>
      <ul class="shortcuts" @keydown=${this.onKey}>
        ${actions.map((action) => this.row(action))}
      </ul>
      <div class="dialog__acts">
        <button class="button" @click=${() => this.room.setSettings({ shortcuts: {} })}>Restore the usual ones</button>
      </div>
    `;
  }

  private row(action: ActionId): TemplateResult {
    const chords = chordsOf(action, this.room.settings);
    const recording = this.recording === action;
    return html`<li>
      <span>${TITLES[action]}</span>
      <button class="button button--quiet" aria-label=${`Change the shortcut of: ${TITLES[action]}`} @click=${() => this.record(action)}>
        ${recording ? 'Press keys' : chords.length > 0 ? chords.map((one) => html`<kbd>${showChord(one)}</kbd>`) : 'none'}
      </button>
    </li>`;
  }

  private record(action: ActionId | undefined): void {
    this.recording = action;
    this.requestUpdate();
  }

  private readonly onKey = (event: KeyboardEvent) => {
    const action = this.recording;
    if (!action || ['Control', 'Shift', 'Alt', 'Meta', 'Tab'].includes(event.key)) return;
    event.preventDefault();
    event.stopPropagation();
    if (event.key !== 'Escape') {
      const chord = event.key === 'Backspace' ? '' : chordOf(event);
      this.room.setSettings({ shortcuts: { ...this.room.settings.shortcuts, [action]: chord } });
    }
    this.record(undefined);
  };
}

customElements.define('atrium-shortcuts', AtriumShortcuts);
