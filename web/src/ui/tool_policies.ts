import { html, nothing, type TemplateResult } from 'lit';
import { CommandPolicy_Action } from '../gen/atrium/v1/policy_pb';
import type { ToolGroup, ToolLine } from '../state/tools';
import { count } from '../state/words';

const WORDS: Partial<Record<CommandPolicy_Action, string>> = {
  [CommandPolicy_Action.ALLOW]: 'allow',
  [CommandPolicy_Action.ASK]: 'ask',
  [CommandPolicy_Action.DENY]: 'deny',
};

/** What the agent may do by itself, tool by tool; nothing if it has none. */
export function toolPolicyFields(
  groups: readonly ToolGroup[],
  choose: (tool: ToolLine, action: CommandPolicy_Action) => void,
): TemplateResult | typeof nothing {
  const all = groups.flatMap((one) => one.tools);
  if (all.length === 0) return nothing;
  const changed = all.filter((one) => one.action !== one.usual).length;
  return html`<details class="tools">
    <summary>
      What the agent may do by itself
      <span class="tools__sum">${count(all.length, 'tool')}${changed > 0 ? `, ${changed} not as usual` : ''}</span>
    </summary>
    <p class="dialog__note">“allow” does it at once, “ask” shows a card to the room, “deny” refuses. Some always ask.</p>
    ${groups.map(
      (group) => html`<section class="tools__group" aria-label=${group.server || 'Of this room'}>
        ${groups.length > 1 || group.server ? html`<h3>${group.server || 'Of this room'}</h3>` : nothing}
        <ul>${group.tools.map((tool) => row(tool, choose))}</ul>
      </section>`,
    )}
  </details>`;
}

function row(
  tool: ToolLine,
  choose: (tool: ToolLine, action: CommandPolicy_Action) => void,
): TemplateResult {
  const onChange = (event: Event) =>
    choose(tool, Number((event.target as HTMLSelectElement).value));
  return html`<li class="tools__row">
    <span class="tools__what"><code>${tool.name}</code><span>${tool.description}</span></span>
    <select aria-label=${`What ${tool.name} may do`} class=${tool.action === tool.usual ? '' : 'tools__changed'} @change=${onChange}>
      ${tool.choices.map(
        (one) =>
          html`<option value=${one} .selected=${one === tool.action}>${WORDS[one]}${one === tool.usual ? ' (usual)' : ''}</option>`,
      )}
    </select>
  </li>`;
}
