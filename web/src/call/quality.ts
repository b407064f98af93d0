/** How well audio gets through. */
export type Quality = 'unknown' | 'good' | 'fair' | 'poor';

/** How a peer connection's link did since the reading before. */
export interface LinkReading {
  /** Of the packets of the worse direction, as a part of 1. */
  loss: number;
  roundTripMs: number;
  /** What the browser believes it can send; undefined if it does not say. */
  availableBps: number | undefined;
  /** The browser makes the picture worse because of the link. */
  isLimited: boolean;
}

interface Counts {
  received: number;
  lost: number;
}

/** A link is called low after so many bad readings in a row, and well after so many good ones. */
const BAD_READINGS = 3;
const GOOD_READINGS = 4;
/** Between these it stays what it was called. */
const BAD = { loss: 0.1, roundTripMs: 800, available: 0.8 };
const GOOD = { loss: 0.04, roundTripMs: 400, available: 1.2 };

/**
 * Whether a link is too weak for what is sent over it. One bad moment is no news, and
 * neither is one good one.
 */
export class Bandwidth {
  private readonly neededBps: number;
  private row = 0;
  isLow = false;

  constructor(neededBps: number) {
    this.neededBps = neededBps;
  }

  reset(): void {
    this.row = 0;
    this.isLow = false;
  }

  /** Takes the next reading; true if the link is called something else now. */
  take(reading: LinkReading): boolean {
    const speaksAgainst = this.isLow
      ? isGood(reading, this.neededBps)
      : isBad(reading, this.neededBps);
    this.row = speaksAgainst ? this.row + 1 : 0;
    if (this.row < (this.isLow ? GOOD_READINGS : BAD_READINGS)) return false;
    this.row = 0;
    this.isLow = !this.isLow;
    return true;
  }
}

/** Reads a peer connection's statistics, from one time to the next. */
export class QualityGauge {
  private before: Counts | undefined;

  reset(): void {
    this.before = undefined;
  }

  /** What the link did since the last time; undefined the first time. */
  reading(report: RTCStatsReport): LinkReading | undefined {
    const now: Counts = { received: 0, lost: 0 };
    const reading: LinkReading = {
      loss: 0,
      roundTripMs: 0,
      availableBps: undefined,
      isLimited: false,
    };
    for (const stat of report.values()) {
      if (stat.type === 'inbound-rtp') {
        now.received += stat.packetsReceived ?? 0;
        now.lost += Math.max(0, stat.packetsLost ?? 0);
      } else if (stat.type === 'remote-inbound-rtp')
        reading.loss = Math.max(reading.loss, stat.fractionLost ?? 0);
      else if (stat.type === 'outbound-rtp')
        reading.isLimited ||= stat.qualityLimitationReason === 'bandwidth';
      else if (stat.type === 'candidate-pair' && stat.nominated) {
        reading.roundTripMs = (stat.currentRoundTripTime ?? 0) * 1000;
        reading.availableBps = stat.availableOutgoingBitrate;
      }
    }
    const { before } = this;
    this.before = now;
    if (!before) return undefined;
    reading.loss = Math.max(reading.loss, lossSince(before, now));
    return reading;
  }
}

/** How well audio gets through by one reading. */
export function qualityOf(reading: LinkReading | undefined): Quality {
  if (!reading) return 'unknown';
  const { loss, roundTripMs } = reading;
  if (loss > 0.1 || roundTripMs > 800) return 'poor';
  if (loss > 0.03 || roundTripMs > 300) return 'fair';
  return 'good';
}

function lossSince(before: Counts, now: Counts): number {
  const received = Math.max(0, now.received - before.received);
  const lost = Math.max(0, now.lost - before.lost);
  return received + lost > 0 ? lost / (received + lost) : 0;
}

function isBad({ loss, roundTripMs, availableBps }: LinkReading, neededBps: number): boolean {
  if (loss > BAD.loss || roundTripMs > BAD.roundTripMs) return true;
  return availableBps !== undefined && availableBps < neededBps * BAD.available;
}

function isGood({ loss, roundTripMs, availableBps }: LinkReading, neededBps: number): boolean {
  if (loss >= GOOD.loss || roundTripMs >= GOOD.roundTripMs) return false;
  return availableBps === undefined || availableBps > neededBps * GOOD.available;
}
