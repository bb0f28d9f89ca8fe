import { AttributeDraft, type AttributeLimits, type AttributeValue } from '../rows/attribute-draft.js';
import { isNameTooLong, type AttributeName } from '../rows/attribute-name.js';

/** One log record on its way from the wire to a signal: filled by a reader, then filled again. */
export class LogDraft {
  readonly traceId = Buffer.alloc(16);
  readonly spanId = Buffer.alloc(8);
  timeLow = 0;
  timeHigh = 0;
  observedLow = 0;
  observedHigh = 0;
  eventName = '';
  /** What fills a field, such as the conversation. */
  readonly fields: AttributeDraft;
  /** All attributes by name, as text. */
  readonly attributes = Object.create(null) as Record<string, string>;
  // Beside them: to count the names of an object is to list them all, and that for each attribute.
  #count = 0;

  constructor(private readonly limits: AttributeLimits) {
    this.fields = new AttributeDraft(limits, false);
  }

  reset(): void {
    this.traceId.fill(0);
    this.spanId.fill(0);
    this.timeLow = this.timeHigh = this.observedLow = this.observedHigh = 0;
    this.eventName = '';
    this.fields.reset(new Uint8Array(0));
    for (const name of Object.keys(this.attributes)) delete this.attributes[name];
    this.#count = 0;
  }

  add(name: AttributeName, value: AttributeValue): void {
    if (name.isContent || name.isSecret) return;
    this.fields.add(name, value);
    // Emitters from before the record had a field for it put the event's name here.
    if (name.text === 'event.name') this.eventName ||= String(value);
    else if (!isNameTooLong(name) && this.#count < this.limits.attributesMax) {
      if (!(name.text in this.attributes)) this.#count++;
      this.attributes[name.text] = this.fields.cutText(String(value));
    }
  }
}
