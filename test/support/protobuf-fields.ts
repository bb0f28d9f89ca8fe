/** A field of a protobuf message: its number, and a number or the bytes of what has a length. */
export type Field = [number: number, value: number | Buffer];

/** Reads a message as nothing but fields (protobuf.dev/programming-guides/encoding), so that answers are decoded without the code that wrote them. */
export function fieldsOf(message: Buffer): Field[] {
  const fields: Field[] = [];
  let at = 0;
  const varint = () => {
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
      const byte = message[at++];
      if (byte === undefined) throw new Error('the message is cut off');
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
    }
  };
  while (at < message.length) {
    const tag = varint();
    const number = Math.floor(tag / 8);
    if (tag % 8 === 0) fields.push([number, varint()]);
    else if (tag % 8 === 2) {
      const length = varint();
      if (at + length > message.length) throw new Error('the message is cut off');
      fields.push([number, message.subarray(at, (at += length))]);
    } else throw new Error(`wire type ${tag % 8}`);
  }
  return fields;
}

export const numberIn = (fields: readonly Field[], field: number) => fields.flatMap(([number, value]) => (number === field && typeof value === 'number' ? [value] : [])).at(-1) ?? 0;
export const bytesIn = (fields: readonly Field[], field: number) => fields.flatMap(([number, value]) => (number === field && Buffer.isBuffer(value) ? [value] : [])).at(-1);
export const textIn = (fields: readonly Field[], field: number) => bytesIn(fields, field)?.toString('utf8') ?? '';
