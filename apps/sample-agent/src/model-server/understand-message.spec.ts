import { describe, expect, it } from '@jest/globals';
import { OFFER_ANSWERS, OPENINGS, REACTIONS, REFERENCE_GIVEN, ratingMessage } from '../customers/utterances.js';
import { LOCALES, type Intent, type Locale } from '../northwind/vocabulary.js';
import { detectLocale, extractEntities, understandMessage } from './understand-message.js';

const intentOf = (message: string, offerOpen = false): Intent => understandMessage(message, offerOpen).intent;

describe('understandMessage', () => {
  for (const [purpose, openings] of Object.entries(OPENINGS)) {
    it(`understands what customers say about ${purpose}, in every language`, () => {
      for (const locale of LOCALES) {
        for (const opening of openings[locale]) {
          const expected = purpose === 'small_talk' ? expect.stringMatching(/^(greeting|other)$/) : purpose;
          expect({ opening, intent: intentOf(opening) }).toEqual({ opening, intent: expected });
        }
      }
    });
  }

  it.each(LOCALES)('understands what customers say later on in %s', (locale) => {
    expect(intentOf(`${REFERENCE_GIVEN[locale]} NW1234.`)).toBe('provide_details');
    expect(intentOf(OFFER_ANSWERS.accept[locale], true)).toBe('accept_offer');
    expect(intentOf(OFFER_ANSWERS.decline[locale], true)).toBe('decline_offer');
    expect(intentOf(REACTIONS[locale].confirm)).toBe('confirmation');
    expect(intentOf(REACTIONS[locale].complain)).toBe('dissatisfied');
    expect(intentOf(REACTIONS[locale].ask_for_person)).toBe('asks_for_person');
    expect(understandMessage(ratingMessage(locale, 4), false)).toEqual({ intent: 'rating', rating: 4, closing: false });
    expect(understandMessage(`${REACTIONS[locale].confirm} ${REACTIONS[locale].goodbye}`, false).closing).toBe(true);
  });

  it('accepts an offer only while one is open', () => {
    expect(intentOf("All right, I'll stay.")).toBe('other');
  });

  it('tells the languages apart', () => {
    for (const locale of LOCALES) {
      const detected: Locale[] = OPENINGS.refund[locale].map(detectLocale);
      expect(detected).toEqual([locale, locale]);
    }
  });

  it('finds references and days', () => {
    expect(extractEntities('Please move NW4821 to 2027-05-09.')).toEqual({ bookingReference: 'NW4821', date: '2027-05-09' });
    expect(extractEntities('Please move it.')).toEqual({ bookingReference: null, date: null });
  });
});
