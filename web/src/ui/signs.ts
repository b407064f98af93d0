import { html, type TemplateResult } from 'lit';
import { visibleBytes } from '../state/visible';

/** What programs would get, with a sign for each character that cannot be seen. */
export function withSigns(bytes: Uint8Array): (TemplateResult | string)[] {
  return visibleBytes(bytes).map((one) =>
    one.control ? html`<span class="control">${one.text}</span>` : one.text,
  );
}
