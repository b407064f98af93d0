import { create } from '@bufbuild/protobuf';
import { FieldMaskSchema } from '@bufbuild/protobuf/wkt';
import { html, nothing, type TemplateResult } from 'lit';
import { CommandPolicy_Action } from '../gen/atrium/v1/policy_pb';
import {
  FloorPolicy_Interruption,
  FloorPolicy_Mode,
  ShellProfile,
  UpdateSessionRequestSchema,
} from '../gen/atrium/v1/session_pb';
import { Refused } from '../link/link';
import type { Topic } from '../room/changes';
import {
  CALL_USERS,
  IDLE_CHOICES,
  MAX_RULES,
  movedRule,
  type RuleLine,
  ruleOfField,
  ruleProblem,
  SCREEN_USERS,
  type SessionForm,
  sessionForm,
  sessionUpdate,
} from '../state/session_form';
import { toolGroups, withChoice } from '../state/tools';
import { spanText } from '../state/words';
import { RoomDialog } from './dialog';
import { icon } from './icons';
import { toolPolicyFields } from './tool_policies';

const ACTIONS: [CommandPolicy_Action, string][] = [
  [CommandPolicy_Action.ALLOW, 'allow'],
  [CommandPolicy_Action.ASK, 'ask'],
  [CommandPolicy_Action.DENY, 'deny'],
];
const PROFILES: [ShellProfile, string, string][] = [
  [ShellProfile.STANDARD, 'Standard', 'Like a login: sudo works.'],
  [
    ShellProfile.NO_NEW_PRIVILEGES,
    'No new privileges',
    'No program gains rights: sudo does not work.',
  ],
  [
    ShellProfile.ISOLATED,
    'Isolated',
    'As before, and alone: own processes, a read-only system, no network.',
  ],
];
const FLOORS: [FloorPolicy_Mode, string][] = [
  [FloorPolicy_Mode.OPEN, 'everybody'],
  [FloorPolicy_Mode.PUSH_TO_TALK, 'whoever holds the talk key'],
  [FloorPolicy_Mode.ADDRESSED, 'everybody, but answers only to “computer”'],
  [FloorPolicy_Mode.HOST_ONLY, 'the owners'],
];
const INTERRUPTIONS: [FloorPolicy_Interruption, string][] = [
  [FloorPolicy_Interruption.EVERYBODY, 'whom it listens to'],
  [FloorPolicy_Interruption.OWNERS, 'the owners'],
  [FloorPolicy_Interruption.NOBODY, 'nobody'],
];

/** What owners decide for the whole session. */
class AtriumSession extends RoomDialog {
  protected readonly topics: readonly Topic[] = [];
  protected readonly heading = 'Session';
  private stored: SessionForm = sessionForm(undefined);
  private form: SessionForm = sessionForm(undefined);
  private problem = '';
  private badRule: number | undefined;
  private focusRule: number | undefined;

  override connectedCallback(): void {
    super.connectedCallback();
    this.stored = sessionForm(this.room.store.session);
    this.form = structuredClone(this.stored);
  }

  protected override updated(): void {
    if (this.focusRule === undefined) return;
    this.querySelectorAll<HTMLElement>('.rule__pattern')[this.focusRule]?.focus();
    this.focusRule = undefined;
  }

  protected content(): TemplateResult {
    return html`<form @submit=${this.onSubmit}>
      <label class="field">
        <span>Name of the room</span>
        <input name="name" maxlength="80" .value=${this.form.displayName} @input=${(event: Event) => this.set({ displayName: (event.target as HTMLInputElement).value })} />
      </label>
      ${this.uses()} ${this.floor()} ${this.policy()} ${this.tools()} ${this.profiles()} ${this.idle()}
      ${this.problem ? html`<p class="dialog__problem" role="alert">${icon('warn')} ${this.problem}</p>` : nothing}
      <div class="dialog__acts">
        <button type="button" class="button" @click=${() => this.close()}>Cancel</button>
        <button class="button button--main">Save</button>
      </div>
    </form>`;
  }

  private uses(): TemplateResult {
    const { calls, screens } = this.form;
    return html`<label class="field field--inline">
        <span>In the call may be</span>
        ${choice('calls', CALL_USERS, calls, (users) => this.set({ calls: users }))}
      </label>
      <label class="field field--inline">
        <span>Screens are shown by</span>
        ${choice('screens', SCREEN_USERS, screens, (users) => this.set({ screens: users }))}
      </label>`;
  }

  private floor(): TemplateResult {
    const { floor, interruption } = this.form;
    return html`<label class="field field--inline">
        <span>The agent listens to</span>
        ${choice('floor', FLOORS, floor, (mode) => this.set({ floor: mode }))}
      </label>
      <label class="field field--inline">
        <span>It is cut off by</span>
        ${choice('interruption', INTERRUPTIONS, interruption, (who) => this.set({ interruption: who }))}
      </label>`;
  }

  private policy(): TemplateResult {
    const { rules, defaultAction } = this.form;
    return html`<fieldset class="rules">
      <legend>Commands that arrive as commands</legend>
      <p class="dialog__note">From the agent and from services; what people type is not judged. The first pattern that is found in the command decides; “ask” shows a card to the room.</p>
      <ol class="rules__list">
        ${rules.map((rule, at) => this.rule(rule, at))}
      </ol>
      <div class="rules__end">
        <button type="button" class="button" ?disabled=${rules.length >= MAX_RULES} @click=${() => this.addRule()}>${icon('plus')} Add a rule</button>
        <label class="field field--inline">
          <span>else</span>
          ${actionSelect('What if no rule fits', defaultAction, (action) => this.set({ defaultAction: action }))}
        </label>
      </div>
    </fieldset>`;
  }

  private tools(): TemplateResult | typeof nothing {
    const { tools = [] } = this.room.store.conversation ?? {};
    return toolPolicyFields(toolGroups(tools, this.form.tools), (tool, action) =>
      this.set({ tools: withChoice(this.form.tools, tool, action) }),
    );
  }

  private rule(rule: RuleLine, at: number): TemplateResult {
    const nth = `rule ${at + 1}`;
    return html`<li class="rule">
      <input
        class="rule__pattern"
        aria-label=${`Pattern of ${nth}`}
        aria-invalid=${at === this.badRule}
        placeholder="for example  rm -rf|mkfs"
        spellcheck="false"
        autocapitalize="off"
        .value=${rule.pattern}
        @input=${(event: Event) => this.setRule(at, { pattern: (event.target as HTMLInputElement).value })}
      />
      ${actionSelect(`What ${nth} does`, rule.action, (action) => this.setRule(at, { action }))}
      <button type="button" class="button button--icon" title="Earlier" aria-label=${`Move ${nth} up`} ?disabled=${at === 0} @click=${() => this.moveRule(at, -1)}>${icon('up')}</button>
      <button type="button" class="button button--icon" title="Later" aria-label=${`Move ${nth} down`} ?disabled=${at === this.form.rules.length - 1} @click=${() => this.moveRule(at, 1)}>${icon('down')}</button>
      <button type="button" class="button button--icon" title="Remove" aria-label=${`Remove ${nth}`} @click=${() => this.removeRule(at)}>${icon('trash')}</button>
    </li>`;
  }

  private profiles(): TemplateResult {
    return html`<fieldset class="roles">
      <legend>New shells</legend>
      ${PROFILES.map(
        ([profile, title, text]) => html`<label class="roles__choice">
          <input type="radio" name="profile" .checked=${profile === this.form.profile} @change=${() => this.set({ profile })} />
          <span><b>${title}</b><span>${text}</span></span>
        </label>`,
      )}
    </fieldset>`;
  }

  private idle(): TemplateResult {
    const { idleMs } = this.stored;
    const known = IDLE_CHOICES.some(([ms]) => ms === idleMs);
    const choices = known ? IDLE_CHOICES : [...IDLE_CHOICES, [idleMs, spanText(idleMs)] as const];
    return html`<label class="field field--inline idle">
      <span>Keep a tab that nobody uses</span>
      <select name="idle" @change=${(event: Event) => this.set({ idleMs: Number((event.target as HTMLSelectElement).value) })}>
        ${choices.map(([ms, title]) => html`<option value=${ms} ?selected=${ms === this.form.idleMs}>${title}</option>`)}
      </select>
    </label>`;
  }

  private set(change: Partial<SessionForm>): void {
    this.form = { ...this.form, ...change };
    this.problem = '';
    this.badRule = undefined;
    this.requestUpdate();
  }

  private setRule(at: number, change: Partial<RuleLine>): void {
    const rules = this.form.rules.map((one, index) => (index === at ? { ...one, ...change } : one));
    this.set({ rules });
  }

  private addRule(): void {
    this.focusRule = this.form.rules.length;
    this.set({ rules: [...this.form.rules, { pattern: '', action: CommandPolicy_Action.ASK }] });
  }

  private moveRule(at: number, step: 1 | -1): void {
    this.focusRule = at + step;
    this.set({ rules: movedRule(this.form.rules, at, step) });
  }

  private removeRule(at: number): void {
    this.set({ rules: this.form.rules.filter((_, index) => index !== at) });
  }

  private readonly onSubmit = (event: SubmitEvent) => {
    event.preventDefault();
    const at = this.form.rules.findIndex((one) => ruleProblem(one) !== '');
    if (at >= 0) this.say(ruleProblem(this.form.rules[at]!), at);
    else void this.save();
  };

  private async save(): Promise<void> {
    const { session, paths } = sessionUpdate(this.room.sessionName, this.stored, this.form);
    if (paths.length === 0) {
      this.close();
      return;
    }
    const updateMask = create(FieldMaskSchema, { paths });
    const value = create(UpdateSessionRequestSchema, { session, updateMask });
    try {
      await this.room.ask({ case: 'updateSession', value });
      this.close();
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      const at = error instanceof Refused ? ruleOfField(error.outcome.field) : undefined;
      this.say(at === undefined ? message : `Rule ${at + 1}: ${message}`, at);
    }
  }

  private say(problem: string, badRule: number | undefined): void {
    this.problem = problem;
    this.badRule = badRule;
    this.focusRule = badRule;
    this.requestUpdate();
  }
}

function choice<T extends number>(
  name: string,
  choices: [T, string][],
  chosen: T,
  choose: (value: T) => void,
): TemplateResult {
  const onChange = (event: Event) => choose(Number((event.target as HTMLSelectElement).value) as T);
  return html`<select name=${name} @change=${onChange}>
    ${choices.map(([value, word]) => html`<option value=${value} .selected=${value === chosen}>${word}</option>`)}
  </select>`;
}

function actionSelect(
  label: string,
  chosen: CommandPolicy_Action,
  choose: (action: CommandPolicy_Action) => void,
): TemplateResult {
  const onChange = (event: Event) => choose(Number((event.target as HTMLSelectElement).value));
  return html`<select aria-label=${label} @change=${onChange}>
    ${ACTIONS.map(([action, word]) => html`<option value=${action} .selected=${action === chosen}>${word}</option>`)}
  </select>`;
}

customElements.define('atrium-session', AtriumSession);
