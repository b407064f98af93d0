import { create } from '@bufbuild/protobuf';
import { describe, expect, it } from 'vitest';
import {
  Conversation_AudioMode,
  Conversation_Mode,
  ConversationSchema,
} from '../gen/atrium/v1/conversation_pb';
import { type AgentForm, agentForm, agentUpdate } from './agent_form';

const NAME = 'sessions/s/conversation';
const conversation = create(ConversationSchema, {
  name: NAME,
  profile: 'guide',
  instructions: 'Be brief.',
  voice: 'alloy',
  language: 'de',
});
const before = agentForm(conversation);
const pathsOf = (change: Partial<AgentForm>) =>
  agentUpdate(NAME, before, { ...before, ...change })?.updateMask?.paths;

describe('L3, L16: the agent’s settings are edited', () => {
  it('are as they are, and unset ones as they work', () => {
    expect(before).toEqual({
      profile: 'guide',
      instructions: 'Be brief.',
      voice: 'alloy',
      language: 'de',
      mode: Conversation_Mode.VOICE,
      audioMode: Conversation_AudioMode.EVERYBODY,
    });
    expect(agentForm(undefined)).toMatchObject({ profile: '', voice: '' });
  });

  it('ask for what was changed and nothing else', () => {
    expect(pathsOf({})).toBeUndefined();
    expect(pathsOf({ voice: 'verse' })).toEqual(['voice']);
    expect(pathsOf({ mode: Conversation_Mode.TEXT })).toEqual(['mode']);
    expect(pathsOf({ language: ' FR ' })).toEqual(['language']);
    expect(pathsOf({ language: '' })).toEqual(['language']);
    expect(pathsOf({ language: ' DE ' })).toBeUndefined();
    expect(pathsOf({ profile: 'tester', voice: 'verse' })).toEqual(['profile', 'voice']);
    expect(pathsOf({ audioMode: Conversation_AudioMode.AGENT_ONLY })).toEqual(['audio_mode']);
    expect(pathsOf({ instructions: '' })).toEqual(['instructions']);
  });

  it('take the profile’s voice and way of answering for an empty one', () => {
    const mode = Conversation_Mode.MODE_UNSPECIFIED;
    const request = agentUpdate(NAME, before, { ...before, voice: '  ', mode });
    expect(request?.updateMask?.paths).toEqual(['voice', 'mode']);
    expect(request?.conversation).toMatchObject({ name: NAME, voice: '', mode });
  });

  it('do not take blanks around a voice for another one', () => {
    expect(pathsOf({ voice: ' alloy ' })).toBeUndefined();
  });
});
