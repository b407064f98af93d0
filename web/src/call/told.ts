import { create } from '@bufbuild/protobuf';
import { type CallProblem_Category, CallProblemSchema } from '../gen/atrium/v1/live_pb';
import type { Said } from '../link/codec';

/**
 * Tells the server what went wrong, for the deployment's figures: each kind once in a
 * call, or in the showing of a screen. What is said while there is no link waits.
 */
export class ToldProblems {
  private readonly say: (message: Said) => boolean;
  private readonly told = new Set<string>();
  private waiting: Said[] = [];

  constructor(say: (message: Said) => boolean) {
    this.say = say;
  }

  /** Another call, or the showing of another screen, begins. */
  begin(screen: boolean): void {
    for (const key of this.told) if (key.endsWith(` ${screen}`)) this.told.delete(key);
  }

  tell(category: CallProblem_Category, screen: boolean): void {
    const key = `${category} ${screen}`;
    if (this.told.has(key)) return;
    this.told.add(key);
    const value = create(CallProblemSchema, { category, screen });
    const message: Said = { case: 'callProblem', value };
    if (!this.say(message)) this.waiting.push(message);
  }

  /** The link is there again. */
  catchUp(): void {
    const { waiting } = this;
    this.waiting = [];
    for (const message of waiting) if (!this.say(message)) this.waiting.push(message);
  }
}
