import type { Locale } from '../northwind/vocabulary.js';
import type { Purpose } from './plan-conversations.js';

/** First messages. A booking reference may be put behind them. */
export const OPENINGS: Record<Purpose, Record<Locale, readonly string[]>> = {
  booking_change: {
    'en-GB': ['I need to change my booking to {date}.', 'Please move my trip to {date}.'],
    'de-DE': ['Ich möchte meine Buchung auf den {date} umbuchen.', 'Bitte meine Reise auf den {date} verschieben.'],
    'fr-FR': ['Je voudrais déplacer mon voyage au {date}.', 'Pouvez-vous changer ma réservation au {date} ?'],
    'es-ES': ['Quiero cambiar mi reserva al {date}.', '¿Puedo mover mi viaje al {date}?'],
  },
  refund: {
    'en-GB': ['I would like a refund for my booking.', 'My trip fell through and I want my money back.'],
    'de-DE': ['Ich hätte gern eine Erstattung für meine Buchung.', 'Meine Reise fällt aus, ich möchte mein Geld zurück.'],
    'fr-FR': ['Je voudrais un remboursement de ma réservation.', 'Mon voyage est annulé, merci de me rembourser.'],
    'es-ES': ['Quiero un reembolso de mi reserva.', 'Mi viaje no sale, quiero el reembolso.'],
  },
  cancel_subscription: {
    'en-GB': ['Please cancel my Plus subscription.', 'I want to cancel my membership.'],
    'de-DE': ['Ich möchte mein Plus-Abo kündigen.', 'Bitte kündigen Sie meine Mitgliedschaft.'],
    'fr-FR': ['Je veux résilier mon abonnement Plus.', 'Merci de résilier mon abonnement.'],
    'es-ES': ['Quiero darme de baja de Plus.', 'Quiero cancelar mi suscripción Plus.'],
  },
  baggage_question: {
    'en-GB': ['How heavy may my suitcase be?', 'What luggage is included in my fare?'],
    'de-DE': ['Wie schwer darf mein Koffer sein?', 'Welches Gepäck ist im Preis enthalten?'],
    'fr-FR': ['Quel poids pour ma valise ?', 'Ma valise est-elle comprise dans le prix ?'],
    'es-ES': ['¿Cuánto puede pesar mi maleta?', '¿Qué equipaje incluye mi tarifa?'],
  },
  upgrade: {
    'en-GB': ['Can I upgrade to business?', 'I would like to fly business.'],
    'de-DE': ['Kann ich ein Upgrade auf Business bekommen?', 'Ich möchte gern Business fliegen.'],
    'fr-FR': ['Je voudrais passer en business.', 'Est-ce que je peux voyager en business ?'],
    'es-ES': ['Quiero viajar en business.', '¿Puedo pasar a business?'],
  },
  complaint: {
    'en-GB': ['The delay yesterday was unacceptable.', 'I want to complain about the delay.'],
    'de-DE': ['Die Verspätung gestern war inakzeptabel.', 'Ich möchte mich über die Verspätung beschweren.'],
    'fr-FR': ['Je veux déposer une plainte pour le retard.', 'Le retard hier est inacceptable, je suis déçu.'],
    'es-ES': ['Quiero poner una queja por el retraso.', '¿Saben que el retraso de ayer fue inaceptable?'],
  },
  asks_for_person: {
    'en-GB': ['I want to talk to a human, please.', 'Can I speak to a person?'],
    'de-DE': ['Ich möchte mit einem Menschen sprechen.', 'Bitte verbinden Sie mich mit einem Mitarbeiter.'],
    'fr-FR': ['Je veux parler à un conseiller.', 'Je voudrais une vraie personne.'],
    'es-ES': ['Quiero hablar con una persona.', 'Quiero hablar con un agente.'],
  },
  small_talk: {
    'en-GB': ['Hello there!', 'asdf jkl qwerty'],
    'de-DE': ['Hallo!', 'äöü und lalala'],
    'fr-FR': ['Bonjour !', 'euh je blablabla'],
    'es-ES': ['Hola!', 'jajaja ñandú'],
  },
};

export const REFERENCE_GIVEN: Record<Locale, string> = {
  'en-GB': 'It is',
  'de-DE': 'Das ist die',
  'fr-FR': "C'est la",
  'es-ES': 'Es la',
};

export const OFFER_ANSWERS: Record<'accept' | 'decline', Record<Locale, string>> = {
  accept: { 'en-GB': "All right, I'll stay.", 'de-DE': 'Gut, ich bleibe.', 'fr-FR': "D'accord, je reste.", 'es-ES': 'Vale, me quedo.' },
  decline: {
    'en-GB': 'No thanks, cancel my subscription please.',
    'de-DE': 'Nein danke, ich will trotzdem kündigen.',
    'fr-FR': 'Non merci, je veux quand même résilier.',
    'es-ES': 'No, gracias, quiero darme de baja.',
  },
};

interface Reactions {
  confirm: string;
  goodbye: string;
  complain: string;
  ask_for_person: string;
}

export const REACTIONS: Record<Locale, Reactions> = {
  'en-GB': {
    confirm: 'Thank you, that worked.',
    goodbye: 'Goodbye!',
    complain: 'That is not what I asked for.',
    ask_for_person: 'Let me speak to a human.',
  },
  'de-DE': {
    confirm: 'Danke, das hat geklappt.',
    goodbye: 'Tschüss!',
    complain: 'Das ist nicht was ich wollte.',
    ask_for_person: 'Ich will mit einem Menschen sprechen.',
  },
  'fr-FR': {
    confirm: "Merci, c'est parfait.",
    goodbye: 'Au revoir !',
    complain: "Ce n'est pas ce que je voulais.",
    ask_for_person: 'Je veux parler à une vraie personne.',
  },
  'es-ES': {
    confirm: 'Gracias, perfecto.',
    goodbye: '¡Adiós!',
    complain: 'Eso no es lo que quería.',
    ask_for_person: 'Quiero hablar con una persona.',
  },
};

export function ratingMessage(locale: Locale, stars: number): string {
  const words = {
    'en-GB': `I rate this ${stars} out of 5.`,
    'de-DE': `Ich gebe ${stars} von 5.`,
    'fr-FR': `Ma note : ${stars} sur 5.`,
    'es-ES': `Mi nota: ${stars} de 5.`,
  };
  return words[locale];
}
