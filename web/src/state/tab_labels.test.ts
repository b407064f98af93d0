import { describe, expect, it } from 'vitest';
import { type Labelled, tabLabels } from './tab_labels';

const labels = (...tabs: [title: string, directory?: string, pinned?: boolean][]) => {
  const bar: Labelled[] = tabs.map(([title, directory = '', pinned = false], index) => ({
    name: `t${index}`,
    title,
    directory,
    pinned,
  }));
  return [...tabLabels(bar).values()];
};

describe('M5: tabs can be told apart', () => {
  it('leaves a title that says something alone', () => {
    expect(labels(['make', '/srv/shop'], ['vim a.ts', '/srv/shop'])).toEqual(['make', 'vim a.ts']);
  });

  it('shows the directory where the title is the shell’s own', () => {
    expect(
      labels(
        ['atrium-shell@box: /srv/shop', '/srv/shop'],
        ['atrium-shell@box:~/work/', '/home/atrium-shell/work'],
        ['shell', '/etc'],
        ['bash', '/'],
        ['root@box: ~'],
        ['shell'],
      ),
    ).toEqual(['shop', 'work', 'etc', '/', '~', 'shell']);
  });

  it('keeps what people chose', () => {
    expect(labels(['bash', '/srv', true], ['ann@box: notes', '/tmp', true])).toEqual([
      'bash',
      'ann@box: notes',
    ]);
  });

  it('numbers those that are alike by their place, so that a cut label tells it first', () => {
    const eight = labels(
      ...Array.from({ length: 8 }, () => ['a@b: ~', '/home/a'] as [string, string]),
    );
    expect(eight).toEqual(Array.from({ length: 8 }, (_, index) => `${index + 1} · ~`));
    expect(new Set(eight).size).toBe(8);
    expect(labels(['make'], ['a@b: ~'], ['make'])).toEqual(['1 · make', '~', '3 · make']);
  });

  it('tells the same program in several directories apart by these', () => {
    expect(labels(['make', '/srv/shop'], ['make', '/srv/blog'])).toEqual([
      'shop · make',
      'blog · make',
    ]);
  });
});
