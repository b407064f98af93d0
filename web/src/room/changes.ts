/** What can change in a room, for those who draw it. */
export type Topic =
  | 'link'
  | 'state'
  | 'tabs'
  | 'terminal'
  | 'call'
  | 'captures'
  | 'levels'
  | 'captions'
  | 'notices'
  | 'view'
  | 'settings';

/** Tells whoever asked that something changed. */
export class Changes {
  private readonly listeners = new Map<Topic, Set<() => void>>();

  /** Calls back at each change; the answer ends it. */
  on(topics: readonly Topic[], callback: () => void): () => void {
    for (const topic of topics) this.of(topic).add(callback);
    return () => {
      for (const topic of topics) this.of(topic).delete(callback);
    };
  }

  emit(...topics: Topic[]): void {
    for (const topic of topics) for (const callback of [...this.of(topic)]) callback();
  }

  private of(topic: Topic): Set<() => void> {
    let set = this.listeners.get(topic);
    if (!set) {
      set = new Set();
      this.listeners.set(topic, set);
    }
    return set;
  }
}
