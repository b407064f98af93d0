import { withinSentence } from '../capture/title';
import type { Action } from './actions';
import type { Room } from './room';
import { isWide } from './wide';

/** What can be done with screens that are shown. */
export function captureActions(room: Room): Action[] {
  const { captures } = room;
  const { shown, onStage } = captures;
  const actions: Action[] = [];
  if (shown.isShowing || !captures.obstacle)
    actions.push({
      id: 'capture.toggle',
      title: shown.isShowing ? `Stop sharing: ${shown.title}` : 'Share screen',
      run: () => captures.toggle(),
    });
  if (captures.mayShowDisplay)
    actions.push({
      id: 'capture.display',
      title: "Show the machine's display",
      run: () => captures.showDisplay(false),
    });
  const own = captures.all().find((one) => captures.isOwn(one));
  if (own && captures.agentCouldSee)
    actions.push({
      id: 'capture.agent',
      title: own.agentSees ? 'Keep your screen from the agent' : 'Let the agent see your screen',
      run: () => void captures.letAgentSee(own.name, !own.agentSees),
    });
  const first = onStage ?? captures.all().find((one) => !captures.isOwn(one));
  if (!first) return actions;
  const whose = withinSentence(captures.whose(first));
  if (isWide())
    actions.push({
      id: 'capture.stage',
      title: onStage ? `Put ${whose} back to the side` : `Show ${whose} on the main stage`,
      run: () => captures.stage(first.name),
    });
  actions.push({
    id: 'capture.hide',
    title: captures.isHidden(first.name) ? `Watch ${whose} again` : `Hide ${whose}`,
    run: () =>
      captures.isHidden(first.name) ? captures.unhide(first.name) : captures.hide(first.name),
  });
  return actions;
}
