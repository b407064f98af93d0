import { describe, expect, it } from 'vitest';
import { tab } from '../../test/support/make';
import { TabList } from './tab_list';

const ME = 'sessions/s/participants/me';
const OTHER = 'sessions/s/participants/other';
const name = (id: string) => `sessions/s/tabs/${id}`;
const titles = (list: TabList) => list.ordered().map((one) => one.title);
const saved = (id: string) => ({ name: name(id), title: id, remote: false });

describe('M7: local and server lists are reconciled', () => {
  it('shows the local list as syncing until the server speaks', () => {
    const list = new TabList();
    list.restore([saved('a'), saved('b')]);
    expect(list.ordered().map((one) => one.status)).toEqual(['syncing', 'syncing']);
  });

  it('adds missing tabs, marks vanished ones stale, doubles none', () => {
    const list = new TabList();
    list.restore([saved('a'), saved('gone'), saved('a')]);
    const found = list.reconcile([tab('a', { position: 0 }), tab('b', { position: 1 })], ME);
    expect(found.stale.map((one) => one.title)).toEqual(['gone']);
    expect(list.get(name('a'))?.status).toBe('synced');
    expect(titles(list).filter((one) => one !== 'gone')).toEqual(['a', 'b']);
  });

  it('tells of tabs that came while the page was away, not of those it first meets', () => {
    const list = new TabList();
    expect(list.reconcile([tab('a', { creator: OTHER })], ME).added).toEqual([]);
    const found = list.reconcile([tab('a'), tab('b', { creator: OTHER })], ME);
    expect(found.added.map((one) => one.title)).toEqual(['b']);
  });

  it('lets a stale tab live again if the server has it after all', () => {
    const list = new TabList();
    list.reconcile([tab('a')], ME);
    list.reconcile([], ME);
    expect(list.get(name('a'))?.status).toBe('stale');
    list.reconcile([tab('a')], ME);
    expect(list.get(name('a'))?.status).toBe('synced');
  });

  it('settles the race of a close against a late change', () => {
    const list = new TabList();
    list.reconcile([tab('a')], ME);
    list.close(name('a'));
    list.upsert(tab('a', { title: 'late' }), ME);
    expect(list.get(name('a'))?.status).toBe('closing');
    list.reopen(name('a'));
    expect(list.get(name('a'))?.status).toBe('synced');
  });

  it('keeps what belongs over a reload, and nothing stale', () => {
    const list = new TabList();
    list.reconcile([tab('a', { creator: ME }), tab('b', { creator: OTHER })], ME);
    list.reconcile([tab('a')], ME);
    expect(list.save().map((one) => one.title)).toEqual(['a']);
  });

  it('orders by the server’s positions', () => {
    const list = new TabList();
    list.reconcile([tab('a', { position: 1 }), tab('b', { position: 0 })], ME);
    expect(titles(list)).toEqual(['b', 'a']);
  });
});

describe('M5: remote tabs', () => {
  it('counts a tab of somebody else as remote', () => {
    expect(new TabList().upsert(tab('a', { creator: OTHER }), ME).remote).toBe(true);
  });

  it('counts a tab of another page of the same person as remote', () => {
    expect(new TabList().upsert(tab('a', { creator: ME }), ME).remote).toBe(true);
  });

  it('does not take its own tab for a remote one, whichever comes first', () => {
    const changeFirst = new TabList();
    changeFirst.beginOpening();
    expect(changeFirst.upsert(tab('a', { creator: ME }), ME).remote).toBe(false);
    changeFirst.endOpening(name('a'));
    const answerFirst = new TabList();
    answerFirst.beginOpening();
    answerFirst.endOpening(name('a'));
    expect(answerFirst.upsert(tab('a', { creator: ME }), ME).remote).toBe(false);
  });
});
