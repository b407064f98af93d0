import { create } from '@bufbuild/protobuf';
import { FieldMaskSchema } from '@bufbuild/protobuf/wkt';
import {
  type Conversation,
  Conversation_AudioMode,
  Conversation_Mode,
  ConversationSchema,
  type UpdateConversationRequest,
  UpdateConversationRequestSchema,
} from '../gen/atrium/v1/conversation_pb';

/** How the agent answers, as it can be chosen. */
export const MODE_CHOICES: [Conversation_Mode, string][] = [
  [Conversation_Mode.VOICE, 'aloud, with captions'],
  [Conversation_Mode.TEXT, 'in writing only'],
  [Conversation_Mode.MODE_UNSPECIFIED, 'as its profile says'],
];

/** The agent's settings while a person edits them. */
export interface AgentForm {
  profile: string;
  instructions: string;
  /** In the provider's words; empty for the profile's. */
  voice: string;
  /** What people speak, as an ISO 639 code; empty for the profile's. */
  language: string;
  mode: Conversation_Mode;
  audioMode: Conversation_AudioMode;
}

export function agentForm(conversation: Conversation | undefined): AgentForm {
  const { profile = '', instructions = '', voice = '', language = '' } = conversation ?? {};
  const { mode, audioMode } = conversation ?? {};
  return {
    profile,
    instructions,
    voice,
    language,
    mode: mode || Conversation_Mode.VOICE,
    audioMode: audioMode || Conversation_AudioMode.EVERYBODY,
  };
}

/** Asks for what is not as it was: what was not touched stays the profile's. */
export function agentUpdate(
  name: string,
  before: AgentForm,
  after: AgentForm,
): UpdateConversationRequest | undefined {
  const language = after.language.trim().toLowerCase();
  const form = { ...after, voice: after.voice.trim(), language };
  const all: [keyof AgentForm, string][] = [
    ['profile', 'profile'],
    ['instructions', 'instructions'],
    ['voice', 'voice'],
    ['language', 'language'],
    ['mode', 'mode'],
    ['audioMode', 'audio_mode'],
  ];
  const paths = all.filter(([field]) => form[field] !== before[field]).map(([, path]) => path);
  if (paths.length === 0) return undefined;
  return create(UpdateConversationRequestSchema, {
    conversation: create(ConversationSchema, { name, ...form }),
    updateMask: create(FieldMaskSchema, { paths }),
  });
}
