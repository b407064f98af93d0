import type { Room } from './room';

/** Why this browser cannot notify; empty if it can. */
export function notifyObstacle(): string {
  if (!('Notification' in window)) return 'This browser has no notifications.';
  if (!window.isSecureContext) return 'Notifications need an https address.';
  return '';
}

/** Switches notifications on or off; the browser asks the person only after this click. */
export async function toggleNotify(room: Room): Promise<void> {
  if (room.settings.notify) {
    room.setSettings({ notify: false });
    return;
  }
  const right = await Notification.requestPermission();
  if (right === 'granted') room.setSettings({ notify: true });
  else {
    const remedy = 'Allow notifications for this page in the browser’s settings, then try again.';
    room.notices.show(`The browser does not allow notifications. ${remedy}`, 'warn');
  }
}

/** Shows a notification; a click on it comes back to the page. */
export function notifyOnDesktop(title: string, body: string, tag: string, show: () => void): void {
  if (notifyObstacle() || Notification.permission !== 'granted') return;
  try {
    const shown = new Notification(title, { body, tag, icon: '/icon.svg' });
    shown.onclick = () => {
      window.focus();
      show();
      shown.close();
    };
  } catch {
    // Some phones have the name but not the act; the page's own notice is enough.
  }
}
