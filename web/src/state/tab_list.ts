import type { Tab } from '../gen/atrium/v1/tab_pb';

/**
 * How a tab in the bar stands to the server: `syncing` is known from before a
 * reload only, `stale` is gone from the server, `closing` fades away.
 */
export type TabStatus = 'synced' | 'syncing' | 'stale' | 'closing';

/** One tab in the bar. */
export interface BarTab {
  readonly name: string;
  title: string;
  status: TabStatus;
  /** Not opened by this page: by somebody else, the agent, or another page of ours. */
  remote: boolean;
  /** What the server says of it; absent while syncing. */
  tab: Tab | undefined;
}

/** What is kept over a reload. */
export interface SavedTab {
  name: string;
  title: string;
  remote: boolean;
}

/** What a reconciliation found. */
export interface Reconciled {
  added: BarTab[];
  stale: BarTab[];
}

/** The tab bar: local knowledge and the server's list, reconciled. */
export class TabList {
  private readonly bar = new Map<string, BarTab>();
  private readonly openedHere = new Set<string>();
  /** Tabs that this page asked for and that are not named yet. */
  private openings = 0;
  private reconciledOnce = false;

  /** Shows what was there before a reload until the server says more. */
  restore(saved: readonly SavedTab[]): void {
    for (const { name, title, remote } of saved) {
      if (this.bar.has(name)) continue;
      this.bar.set(name, { name, title, remote, status: 'syncing', tab: undefined });
      if (!remote) this.openedHere.add(name);
    }
  }

  save(): SavedTab[] {
    return this.ordered()
      .filter((one) => one.status === 'synced' || one.status === 'syncing')
      .map(({ name, title, remote }) => ({ name, title, remote }));
  }

  /** Makes the bar equal to the server's list; what vanished turns stale. */
  reconcile(server: Iterable<Tab>, me: string): Reconciled {
    const added: BarTab[] = [];
    const names = new Set<string>();
    for (const tab of server) {
      names.add(tab.name);
      const known = this.bar.get(tab.name);
      const entry = this.upsert(tab, me);
      if (!known) added.push(entry);
    }
    const stale = [...this.bar.values()].filter(
      (one) => !names.has(one.name) && one.status !== 'stale' && one.status !== 'closing',
    );
    for (const one of stale) one.status = 'stale';
    const first = !this.reconciledOnce;
    this.reconciledOnce = true;
    return { added: first ? [] : added, stale };
  }

  /** The server says that this tab now looks like this. */
  upsert(tab: Tab, me: string): BarTab {
    const known = this.bar.get(tab.name);
    if (known) {
      known.tab = tab;
      known.title = tab.title;
      if (known.status !== 'closing') known.status = 'synced';
      return known;
    }
    const entry: BarTab = {
      name: tab.name,
      title: tab.title,
      status: 'synced',
      remote: !this.isOurs(tab, me),
      tab,
    };
    this.bar.set(tab.name, entry);
    return entry;
  }

  /** This page asks for a tab; its change may come before its answer. */
  beginOpening(): void {
    this.openings++;
  }

  /** The answer came, with the tab's name unless it failed. */
  endOpening(name: string | undefined): void {
    this.openings = Math.max(0, this.openings - 1);
    if (name === undefined) return;
    this.openedHere.add(name);
    const entry = this.bar.get(name);
    if (entry) entry.remote = false;
  }

  /** The tab is gone: it fades, then `drop` takes it away. */
  close(name: string): void {
    const entry = this.bar.get(name);
    if (entry) entry.status = 'closing';
  }

  /** Takes back a `close` that was not carried out. */
  reopen(name: string): void {
    const entry = this.bar.get(name);
    if (entry?.status === 'closing') entry.status = 'synced';
  }

  drop(name: string): void {
    this.bar.delete(name);
  }

  get(name: string): BarTab | undefined {
    return this.bar.get(name);
  }

  /** In the order of the bar: the server's positions, unknown ones where they were. */
  ordered(): BarTab[] {
    const all = [...this.bar.values()];
    const place = new Map(all.map((one, index) => [one, one.tab ? one.tab.position : index]));
    return all.sort((a, b) => place.get(a)! - place.get(b)!);
  }

  private isOurs(tab: Tab, me: string): boolean {
    if (this.openedHere.has(tab.name)) return true;
    return tab.creator === me && this.openings > 0;
  }
}
