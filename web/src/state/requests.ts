/** What a request waits for. */
interface Waiting<Message, Answer> {
  message: Message;
  again: boolean;
  resolve: (answer: Answer) => void;
  reject: (error: Error) => void;
}

/**
 * Requests and their answers over a socket that may be lost in between. What may
 * be said twice without harm waits for the next socket and is said again.
 */
export class Requests<Message, Answer> {
  private next = 1;
  private readonly waiting = new Map<number, Waiting<Message, Answer>>();

  /** Notes a request; `make` gets its id. */
  add(make: (id: number) => Message, again: boolean): [Message, Promise<Answer>, number] {
    const id = this.next++;
    const message = make(id);
    const answer = new Promise<Answer>((resolve, reject) => {
      this.waiting.set(id, { message, again, resolve, reject });
    });
    return [message, answer, id];
  }

  /** An answer came; false if nobody waits for it. */
  settle(id: number, answer: Answer): boolean {
    const waiting = this.waiting.get(id);
    this.waiting.delete(id);
    waiting?.resolve(answer);
    return waiting !== undefined;
  }

  fail(id: number, error: Error): void {
    const waiting = this.waiting.get(id);
    this.waiting.delete(id);
    waiting?.reject(error);
  }

  /** The socket is lost: what may not be said twice fails. */
  lose(error: Error): void {
    for (const [id, one] of [...this.waiting]) if (!one.again) this.fail(id, error);
  }

  /** No socket will come any more. */
  failAll(error: Error): void {
    for (const id of [...this.waiting.keys()]) this.fail(id, error);
  }

  /** The id of the next request. */
  get nextId(): number {
    return this.next;
  }

  /** What to say again, in order: all of it, or what has an id before this one. */
  unanswered(before = Number.POSITIVE_INFINITY): Message[] {
    return [...this.waiting].filter(([id]) => id < before).map(([, one]) => one.message);
  }
}
