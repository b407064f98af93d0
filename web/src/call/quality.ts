/** How well audio gets through. */
export type Quality = 'unknown' | 'good' | 'fair' | 'poor';

interface Counts {
  received: number;
  lost: number;
}

/** Judges a peer connection by its statistics, from one reading to the next. */
export class QualityGauge {
  private before: Counts | undefined;

  reset(): void {
    this.before = undefined;
  }

  read(report: RTCStatsReport): Quality {
    const now: Counts = { received: 0, lost: 0 };
    let roundTripMs = 0;
    for (const stat of report.values()) {
      if (stat.type === 'inbound-rtp') {
        now.received += stat.packetsReceived ?? 0;
        now.lost += Math.max(0, stat.packetsLost ?? 0);
      }
      if (stat.type === 'candidate-pair' && stat.nominated) {
        roundTripMs = (stat.currentRoundTripTime ?? 0) * 1000;
      }
    }
    const before = this.before;
    this.before = now;
    return before ? judge(before, now, roundTripMs) : 'unknown';
  }
}

function judge(before: Counts, now: Counts, roundTripMs: number): Quality {
  const received = now.received - before.received;
  const lost = Math.max(0, now.lost - before.lost);
  const loss = received + lost > 0 ? lost / (received + lost) : 0;
  if (loss > 0.1 || roundTripMs > 800) return 'poor';
  if (loss > 0.03 || roundTripMs > 300) return 'fair';
  return 'good';
}
