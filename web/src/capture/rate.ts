/**
 * Keeps what one sender sends within a bound that may move at any time. One change is
 * under way at a time: a browser takes no parameters that were read before another one.
 */
export class SendRate {
  // Given.
  private readonly sender: RTCRtpSender;
  private readonly onRefused: (error: unknown) => void;
  // State.
  private maxBps = 0;
  private busy = false;

  constructor(sender: RTCRtpSender, onRefused: (error: unknown) => void) {
    this.sender = sender;
    this.onRefused = onRefused;
  }

  /** At most so many bits a second. What is refused is told, and can be tried again. */
  async limit(maxBps: number): Promise<void> {
    this.maxBps = maxBps;
    if (this.busy) return;
    this.busy = true;
    let tried: number;
    do {
      tried = this.maxBps;
      await this.set(tried).catch(this.onRefused);
    } while (tried !== this.maxBps);
    this.busy = false;
  }

  private async set(maxBitrate: number): Promise<void> {
    const parameters = this.sender.getParameters();
    // Some browsers have none before they negotiated, and take one all the same.
    const [first, ...others] = parameters.encodings ?? [];
    if (first?.maxBitrate === maxBitrate) return;
    parameters.encodings = [{ ...first, maxBitrate }, ...others];
    await this.sender.setParameters(parameters);
  }
}
