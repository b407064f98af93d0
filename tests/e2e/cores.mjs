// How processes come to a core: what is theirs in a delay, and what is the machine's.
import { readFileSync } from 'node:fs';

// Of the thread that has the process's loop: nanoseconds that it ran and that it waited
// for a core, and how often it got one.
function loopOf(pid) {
  const [ran, waited, turns] = readFileSync(`/proc/${pid}/task/${pid}/schedstat`, 'utf8').trim().split(' ').map(Number);
  return { ran, waited, turns };
}

// `{name: pid}`; what `since()` answers is what happened since, in microseconds a turn.
export function watch(pids) {
  const before = Object.fromEntries(Object.entries(pids).map(([name, pid]) => [name, loopOf(pid)]));
  return {
    since: () => Object.entries(pids).map(([name, pid]) => {
      const now = loopOf(pid), turns = Math.max(1, now.turns - before[name].turns);
      return { name, turns, ran: (now.ran - before[name].ran) / 1000 / turns, waited: (now.waited - before[name].waited) / 1000 / turns };
    }),
  };
}
