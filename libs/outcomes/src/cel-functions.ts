import { CelScalar, celMethod, listType, type CelFunc } from '@bufbuild/cel';
import { strings } from '@bufbuild/cel/ext';

/** The sum of a list of numbers as a double, 0 of an empty one: the value of several sales. A list with anything else has none. */
const sum = celMethod('sum', listType(CelScalar.DYN), [], CelScalar.DOUBLE, function () {
  let total = 0;
  for (const item of this) {
    if (typeof item !== 'number' && typeof item !== 'bigint') throw new Error('sum() takes a list of numbers');
    total += Number(item);
  }
  return total;
});

/** What expressions may call beside CEL's own functions. */
export const CEL_FUNCTIONS: readonly CelFunc[] = [...strings, sum];
