import { describe, expect, it } from 'vitest';
import { Bandwidth, type LinkReading, QualityGauge, qualityOf } from './quality';

const NEEDED = 40_000;
const reading = (change: Partial<LinkReading> = {}): LinkReading => ({
  loss: 0,
  roundTripMs: 20,
  availableBps: 300_000,
  isLimited: false,
  ...change,
});
const GOOD = reading();
const LOSS = reading({ loss: 0.2 });
const SLOW = reading({ roundTripMs: 1200 });
const THIN = reading({ availableBps: 20_000 });
const BETWEEN = reading({ loss: 0.07 });

describe('L10: low bandwidth is told of after a while, and not too soon taken back', () => {
  it.each<[string, LinkReading[], boolean[]]>([
    ['a good link', [GOOD, GOOD, GOOD, GOOD], [false, false, false, false]],
    ['one bad moment', [GOOD, LOSS, LOSS, GOOD, LOSS], [false, false, false, false, false]],
    ['loss', [LOSS, LOSS, LOSS], [false, false, true]],
    ['a long way', [SLOW, SLOW, SLOW], [false, false, true]],
    ['too little for what is sent', [THIN, THIN, THIN], [false, false, true]],
    ['anything bad', [LOSS, SLOW, THIN], [false, false, true]],
    ['neither good nor bad', [BETWEEN, BETWEEN, BETWEEN, BETWEEN], [false, false, false, false]],
    [
      'what is between does not end it',
      [LOSS, LOSS, LOSS, BETWEEN, BETWEEN, BETWEEN, BETWEEN, BETWEEN],
      [false, false, true, true, true, true, true, true],
    ],
    [
      'four good readings in a row end it',
      [LOSS, LOSS, LOSS, GOOD, GOOD, GOOD, LOSS, GOOD, GOOD, GOOD, GOOD],
      [false, false, true, true, true, true, true, true, true, true, false],
    ],
  ])('%s', (_, readings, low) => {
    const bandwidth = new Bandwidth(NEEDED);
    const seen = readings.map((one) => {
      const before = bandwidth.isLow;
      const changed = bandwidth.take(one);
      expect(changed).toBe(before !== bandwidth.isLow);
      return bandwidth.isLow;
    });
    expect(seen).toEqual(low);
  });

  it('begins anew with another connection', () => {
    const bandwidth = new Bandwidth(NEEDED);
    for (const one of [LOSS, LOSS, LOSS]) bandwidth.take(one);
    bandwidth.reset();
    expect(bandwidth.isLow).toBe(false);
    expect(bandwidth.take(LOSS)).toBe(false);
  });
});

describe('L10: a reading is what happened since the last one', () => {
  const report = (...stats: object[]) =>
    new Map(stats.map((one, index) => [String(index), one])) as unknown as RTCStatsReport;
  const inbound = (packetsReceived: number, packetsLost: number) => ({
    type: 'inbound-rtp',
    packetsReceived,
    packetsLost,
  });

  it('takes the worse direction, the chosen pair, and what limits a picture', () => {
    const gauge = new QualityGauge();
    expect(gauge.reading(report(inbound(100, 50)))).toBeUndefined();
    const second = gauge.reading(
      report(
        inbound(190, 60),
        { type: 'remote-inbound-rtp', fractionLost: 0.25 },
        { type: 'outbound-rtp', qualityLimitationReason: 'bandwidth' },
        { type: 'candidate-pair', nominated: false, currentRoundTripTime: 9 },
        {
          type: 'candidate-pair',
          nominated: true,
          currentRoundTripTime: 0.05,
          availableOutgoingBitrate: 120_000,
        },
      ),
    );
    expect(second).toEqual({
      loss: 0.25,
      roundTripMs: 50,
      availableBps: 120_000,
      isLimited: true,
    });
    expect(gauge.reading(report(inbound(280, 70)))?.loss).toBeCloseTo(0.1);
  });

  it('counts that go back are another stream, not loss', () => {
    const gauge = new QualityGauge();
    gauge.reading(report(inbound(1000, 100)));
    expect(gauge.reading(report(inbound(10, 0)))?.loss).toBe(0);
  });

  it.each([
    [undefined, 'unknown'],
    [GOOD, 'good'],
    [reading({ loss: 0.05 }), 'fair'],
    [reading({ roundTripMs: 400 }), 'fair'],
    [LOSS, 'poor'],
    [SLOW, 'poor'],
  ])('%o is %s', (one, quality) => {
    expect(qualityOf(one as LinkReading | undefined)).toBe(quality);
  });
});
