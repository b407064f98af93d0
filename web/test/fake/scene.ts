import { create } from '@bufbuild/protobuf';
import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import {
  CaptionSchema,
  Conversation_Activity,
  Conversation_ToolSchema,
  Conversation_UsageSchema,
  ConversationSchema,
} from '../../src/gen/atrium/v1/conversation_pb';
import { AudioLevelsSchema } from '../../src/gen/atrium/v1/live_pb';
import { CommandPolicy_Action } from '../../src/gen/atrium/v1/policy_pb';
import {
  Degradation_Kind,
  Participant_Kind,
  Participant_Role,
} from '../../src/gen/atrium/v1/session_pb';
import { Tab_State } from '../../src/gen/atrium/v1/tab_pb';
import { TimelineEntry_Kind } from '../../src/gen/atrium/v1/timeline_pb';
import type { FakeGateway } from './gateway';

const BUILD = [
  '\x1b[1m[1/4]\x1b[0m compile   cart.cc checkout.cc price.cc            \x1b[32mok\x1b[0m  1.9 s\r\n',
  '\x1b[1m[2/4]\x1b[0m link      shop_tests                             \x1b[32mok\x1b[0m  0.4 s\r\n',
  '\x1b[1m[3/4]\x1b[0m run       128 tests\r\n',
  '\r\n  \x1b[32m✓\x1b[0m cart            42 passed\r\n',
  '  \x1b[32m✓\x1b[0m price           51 passed\r\n',
  '  \x1b[31m✗\x1b[0m checkout        34 passed, \x1b[31m1 failed\x1b[0m\r\n',
  '\r\n    \x1b[31mcheckout_test.cc:88\x1b[0m  expected \x1b[32m"€ 12.50"\x1b[0m, got \x1b[31m"€ 12.49"\x1b[0m\r\n',
  '    rounding of \x1b[33m0.125\x1b[0m: half-even, want half-up   价格 👩‍💻\r\n\r\n',
  '\x1b[1m[4/4]\x1b[0m report    \x1b[4mbuild/report.html\x1b[0m\r\n',
  '\x1b[41;97m FAILED \x1b[0m 127 of 128 in 3.2 s\r\n\r\n',
];

const { ALLOW, ASK } = CommandPolicy_Action;
const tool = (name: string, description: string, defaultAction = ALLOW, server = '') => ({
  name,
  description,
  defaultAction,
  mayBeAllowed: name !== 'run_command' && name !== 'type_text',
  server,
});
const TOOLS = [
  tool('list_tabs', 'Lists the tabs and what runs in them'),
  tool('read_tab', 'Reads what a tab shows'),
  tool('run_command', 'Runs a command in a tab', ASK),
  tool('type_text', 'Types into a tab', ASK),
  tool('read_file', 'Reads a file of the working directory'),
  tool('ask_for_screen', 'Asks somebody to share a screen', ASK),
  tool('tickets.find', 'Finds tickets by their words', ALLOW, 'tickets'),
  tool('tickets.add', 'Files a ticket', ASK, 'tickets'),
].map((one) => create(Conversation_ToolSchema, one));
const USAGE = create(Conversation_UsageSchema, {
  responses: 14n,
  inputTextTokens: 9_240n,
  inputAudioTokens: 31_870n,
  cachedTokens: 30_112n,
  outputTextTokens: 1_180n,
  outputAudioTokens: 6_402n,
  costMicros: 734_210n,
  currency: 'USD',
  connectedSeconds: 1_394n,
});

/** Fills the fake with a room that looks lived in. */
export function setScene(gateway: FakeGateway): void {
  const { session } = gateway;
  session.settings = { displayName: 'shop' };
  session.updateConversation({ model: 'gpt-realtime-2.1', tools: TOOLS, usage: USAGE });
  const mira = session.participant('mira', {
    displayName: 'Mira',
    role: Participant_Role.EDITOR,
    live: true,
  }).name;
  const jonas = session.participant('jonas', {
    displayName: 'Jonas',
    live: true,
    muted: true,
  }).name;
  session.participant('guest3', { displayName: 'G-3', role: Participant_Role.VIEWER });
  const build = session.openTab('build', mira, { size: { columns: 110, rows: 32 } as never });
  const server = session.openTab('server', jonas);
  session.openTab('logs', mira, { state: Tab_State.EXITED, exitCode: 2 });
  const screen = session.terminals.get(build.name)!;
  screen.showPrompt();
  screen.print('git pull\r\n');
  screen.command('git pull', 'Already up to date.\r\n', 0, 840);
  screen.showPrompt();
  screen.print('make test\r\n');
  screen.command('make test', BUILD.join(''), 2, 14_200);
  screen.showPrompt();
  session.terminals.get(server.name)?.print('listening on http://localhost:8080\r\n');
  setTimeline(gateway, mira, jonas, build.name);
}

function setTimeline(gateway: FakeGateway, mira: string, jonas: string, tab: string): void {
  const { session } = gateway;
  const start = Date.now() - 9 * 60_000;
  const at = (minutes: number) => {
    session.nowMs = () => start + minutes * 60_000;
  };
  at(0);
  session.entry(TimelineEntry_Kind.NOTICE, [], 'Mira joined');
  at(1);
  session.entry(TimelineEntry_Kind.CHAT, [jonas], 'the checkout total is off by a cent again');
  at(2);
  session.entry(TimelineEntry_Kind.SPEECH, [mira], 'computer, run the tests in build');
  session.entry(TimelineEntry_Kind.AGENT, ['agent'], 'I would run “make test” in build.');
  session.nowMs = () => start + 2.2 * 60_000;
  const first = session.propose(tab, 'make test\r');
  session.decide(first.name, true, mira);
  at(3);
  session.entry(TimelineEntry_Kind.COMMAND, ['agent'], 'make test', { tab, exitCode: 2 });
  session.entry(
    TimelineEntry_Kind.AGENT,
    ['agent'],
    'One test of 128 failed: checkout_test.cc line 88 expects € 12.50 and gets € 12.49.',
  );
  at(5);
  session.entry(
    TimelineEntry_Kind.CHAT,
    [mira],
    'half-even against half-up, I think. @agent show me where we round',
  );
  session.nowMs = () => Date.now();
}

/** Somebody drives, somebody else asks, and not all is well. */
export function strain(gateway: FakeGateway, me: string): void {
  const { session } = gateway;
  const [build, server] = [...session.tabs.keys()] as [string, string];
  const id = (who: string) => `${session.name}/participants/${who}`;
  const kind = Degradation_Kind;
  session.updateSession({
    degradations: [
      {
        kind: kind.NO_PROVIDER,
        message: 'The voice provider cannot be reached; it is tried again.',
      },
      {
        kind: kind.HOST_MEMORY,
        message: 'The terminals use 3.4 of 4 GB. Close tabs that nobody needs.',
      },
    ],
    commandPolicy: {
      rules: [
        { pattern: 'rm -rf|mkfs|dd of=', action: CommandPolicy_Action.DENY },
        { pattern: '\\bsudo\\b', action: CommandPolicy_Action.ASK },
      ],
      defaultAction: CommandPolicy_Action.ALLOW,
    },
  });
  session.participant('guest3', { lag: { bytes: 2_100_000n, skips: 3n } });
  session.participant('ci', { displayName: 'deploy-bot', kind: Participant_Kind.SERVICE });
  session.updateTab(build, { driver: id(me), sizeOwner: id(me), controlRequesters: [id('mira')] });
  session.updateTab(server, { driver: id('jonas'), idleExpireTime: inMinutes(4) });
}

const inMinutes = (minutes: number) => timestampFromMs(Date.now() + minutes * 60_000);

/** What goes on while somebody looks. */
export function enliven(gateway: FakeGateway): void {
  const { session } = gateway;
  const mira = `${session.name}/participants/mira`;
  const build = [...session.tabs.keys()][0]!;
  session.propose(build, 'grep -rn "round(" src/ | head\r');
  session.conversation = create(ConversationSchema, {
    ...session.conversation,
    activity: Conversation_Activity.WAITING_FOR_APPROVAL,
  });
  session.change({ case: 'conversation', value: session.conversation });
  gateway.broadcast({
    case: 'levels',
    value: create(AudioLevelsSchema, { levels: [{ speaker: mira, dbfs: -18, speaking: true }] }),
  });
  const say = (utterance: string, speakers: string[], text: string, final: boolean) =>
    gateway.broadcast({
      case: 'caption',
      value: create(CaptionSchema, { utterance, speakers, text, final }),
    });
  say('u1', ['agent'], 'I would search src for the places that round.', true);
  say('u2', [mira], 'yes, and have a look at price.cc first', false);
}
