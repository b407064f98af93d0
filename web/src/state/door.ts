/** What is said in the place of a room that cannot be entered. */
export interface Door {
  title: string;
  /** What happened. */
  text: string;
  /** What can be done, the likeliest first. */
  remedies: string[];
}

const ASK = 'Ask whoever invited you for a new link.';
const OWN_ROOM =
  'Is it your own room? In a browser that is in it, choose Invite, then Owner. If there is none, start Atrium again: it prints a new link, which is in the file owner.link of its state directory, too.';

const LINKS: Record<string, [string, string]> = {
  INVITE_USED_UP: [
    'This link was used already',
    'It let in as many as it was made for, and lets in nobody else.',
  ],
  INVITE_EXPIRED: ['This link has expired', 'Its time is over; whoever came by it is still in.'],
};

/** A link that lets nobody in, by the server's reason. */
export function linkDoor(reason: string): Door {
  const [title, text] = LINKS[reason] ?? [
    'This link opens nothing',
    'It was taken back by an owner, ended long ago, or is not whole: links are long, and are cut easily.',
  ];
  return { title, text, remedies: [ASK, OWN_ROOM] };
}

/** No link at all, and this browser was not let in, or no more. */
export function lockedDoor(message: string): Door {
  return {
    title: 'You are not in this room',
    text: /[.!?]$/.test(message) ? message : `${message || 'This browser was not let in'}.`,
    remedies: [
      'Open an invite link: somebody who is in the room can make one. It works in any browser; nothing is installed.',
      OWN_ROOM,
    ],
  };
}

/** A link that ended, opened where one is in already. */
export function alreadyIn(reason: string): string {
  const { title } = linkDoor(reason);
  return `${title}. This browser is let in without it.`;
}
