// A viewer in a thread of its own, so that what it draws takes no time from who
// measures: `new Worker('viewer.mjs', {workerData: {who, tab, until}})`. It tells
// {offset, drawings} once it has 2 MiB and whenever it is asked, and {seen} once its
// screen shows `until`. Drawings are times of 40 ms in which something came.
import { parentPort, workerData } from 'node:worker_threads';
import { Renderer } from './renderer.mjs';
import { Page } from './socket.mjs';

const { who, tab, until } = workerData;
const page = await new Page(who).open();
const screen = new Renderer(page, tab);
const slots = new Set();
const tell = () => parentPort.postMessage({ offset: page.offsets.get(tab) ?? 0, drawings: slots.size });
let floods = false;
const watch = (of) => {
  const follow = of.get(tab);
  of.set(tab, (...news) => {
    slots.add(Math.floor(performance.now() / 40));
    follow(...news);
    if (!floods && page.offsets.get(tab) > 2 ** 21) {
      floods = true;
      tell();
    }
  });
};
watch(page.outputs);
watch(page.drawings);
parentPort.on('message', tell);
setInterval(() => {
  if (screen.text().includes(until)) parentPort.postMessage({ seen: true });
}, 5);
