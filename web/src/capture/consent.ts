/** What a person allowed with the click that begins the showing. */
export interface Consent {
  agentSees?: boolean;
  /** The agent's card that is answered by it, by name. */
  approval?: string;
}

/**
 * Whether the agent may see what this page shows. Clicks here alone give it; another of
 * the person's pages, or the server, takes it back, also for the captures to come.
 */
export class AgentConsent {
  private given = false;
  /** It was given for a running screen; the state does not say so yet. */
  private isAllowing = false;

  get isGiven(): boolean {
    return this.given;
  }

  /** With these words a showing begins. */
  begin(given: boolean): void {
    this.given = given;
    this.isAllowing = false;
  }

  /** A click says it of the running screen. */
  allow(given: boolean): void {
    this.given = given;
    this.isAllowing = given;
  }

  /** The state says whether the agent sees the running screen. */
  heed(sees: boolean): void {
    this.given = sees && (this.given || this.isAllowing);
    if (sees) this.isAllowing = false;
  }
}
