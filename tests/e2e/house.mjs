// A whole Atrium for all tests of a file, and a service that knows it. To be awaited
// before the first test; it ends behind the last.
import { after } from 'node:test';
import { connect, inviteLink } from './services.mjs';
import { enter } from './socket.mjs';
import { Stack } from './stack.mjs';

export async function house(options) {
  const stack = new Stack(options);
  let api;
  const end = async () => {
    api?.close();
    await stack.stop();
  };
  after(end);
  try {
    await stack.start();
    api = await connect(stack);
  } catch (error) {
    await end();
    throw error;
  }
  return {
    stack,
    api,
    // Somebody new in the session.
    person: async (role = 'EDITOR') => enter(stack, await inviteLink(stack, api, role)),
    // A tab in it, by its name; a shell unless a command is given.
    makeTab: async (...command) => (await api.call('atrium.v1.TabService', 'CreateTab', { parent: 'sessions/main', tab: { command } })).name,
  };
}
