import { LOCALES, type Locale, type Situation } from '../northwind/vocabulary.js';

const PHRASES: Record<Situation, Record<Locale, string>> = {
  refunded: {
    'en-GB': 'Done: {amountEur} EUR for booking {bookingReference} are on their way back to you.',
    'de-DE': 'Erledigt: {amountEur} EUR für die Buchung {bookingReference} sind auf dem Weg zu Ihnen.',
    'fr-FR': "C'est fait : {amountEur} EUR pour la réservation {bookingReference} vous seront remboursés.",
    'es-ES': 'Hecho: le devolvemos {amountEur} EUR de la reserva {bookingReference}.',
  },
  changed: {
    'en-GB': 'Your booking {bookingReference} now travels on {date}.',
    'de-DE': 'Ihre Buchung {bookingReference} gilt jetzt für den {date}.',
    'fr-FR': 'Votre réservation {bookingReference} est maintenant au {date}.',
    'es-ES': 'Su reserva {bookingReference} es ahora para el {date}.',
  },
  retention_offered: {
    'en-GB': 'We would be sorry to lose you. Would you stay for {discountPercent} percent off?',
    'de-DE': 'Wir würden Sie ungern verlieren. Bleiben Sie für {discountPercent} Prozent Rabatt?',
    'fr-FR': 'Nous serions tristes de vous perdre. Resteriez-vous avec {discountPercent} pour cent de remise ?',
    'es-ES': 'Sentiríamos perderle. ¿Se quedaría con un {discountPercent} por ciento de descuento?',
  },
  retained: {
    'en-GB': 'Lovely, your discount of {discountPercent} percent is active.',
    'de-DE': 'Wunderbar, Ihr Rabatt von {discountPercent} Prozent ist aktiv.',
    'fr-FR': 'Parfait, votre remise de {discountPercent} pour cent est active.',
    'es-ES': 'Estupendo, su descuento del {discountPercent} por ciento está activo.',
  },
  cancelled: {
    'en-GB': 'Your subscription is cancelled.',
    'de-DE': 'Ihr Abonnement ist gekündigt.',
    'fr-FR': 'Votre abonnement est résilié.',
    'es-ES': 'Su suscripción está cancelada.',
  },
  upgraded: {
    'en-GB': 'Booking {bookingReference} is now in business for {priceEur} EUR.',
    'de-DE': 'Die Buchung {bookingReference} ist jetzt Business für {priceEur} EUR.',
    'fr-FR': 'La réservation {bookingReference} est maintenant en business pour {priceEur} EUR.',
    'es-ES': 'La reserva {bookingReference} es ahora business por {priceEur} EUR.',
  },
  voucher_given: {
    'en-GB': 'We are sorry. A voucher of {amountEur} EUR is in your account.',
    'de-DE': 'Es tut uns leid. Ein Gutschein über {amountEur} EUR liegt in Ihrem Konto.',
    'fr-FR': 'Nous sommes désolés. Un bon de {amountEur} EUR est sur votre compte.',
    'es-ES': 'Lo sentimos. Tiene un vale de {amountEur} EUR en su cuenta.',
  },
  answered: {
    'en-GB': 'Every fare includes one bag up to {fact}.',
    'de-DE': 'Jeder Tarif enthält ein Gepäckstück bis {fact}.',
    'fr-FR': 'Chaque tarif comprend un bagage de {fact}.',
    'es-ES': 'Todas las tarifas incluyen una maleta de {fact}.',
  },
  declined: {
    'en-GB': 'I am sorry, the rules of this fare do not allow that.',
    'de-DE': 'Es tut mir leid, die Regeln dieses Tarifs erlauben das nicht.',
    'fr-FR': 'Désolé, les règles de ce tarif ne le permettent pas.',
    'es-ES': 'Lo siento, las reglas de esta tarifa no lo permiten.',
  },
  reference_needed: {
    'en-GB': 'With pleasure. What is your booking reference?',
    'de-DE': 'Sehr gern. Wie lautet Ihre Buchungsnummer?',
    'fr-FR': 'Avec plaisir. Quelle est votre référence de réservation ?',
    'es-ES': 'Con mucho gusto. ¿Cuál es su número de reserva?',
  },
  handed_off: {
    'en-GB': 'I am passing you to a colleague who takes it from here.',
    'de-DE': 'Ich übergebe Sie an eine Kollegin, die übernimmt.',
    'fr-FR': 'Je vous passe une collègue qui prend le relais.',
    'es-ES': 'Le paso con un compañero que se ocupará.',
  },
  welcome: {
    'en-GB': 'Hello, this is Northwind Travel. How can I help?',
    'de-DE': 'Hallo, hier ist Northwind Travel. Wie kann ich helfen?',
    'fr-FR': 'Bonjour, ici Northwind Travel. Comment puis-je aider ?',
    'es-ES': 'Hola, aquí Northwind Travel. ¿En qué puedo ayudar?',
  },
  thanks_for_confirming: {
    'en-GB': 'Glad that it worked. Have a good trip!',
    'de-DE': 'Schön, dass es geklappt hat. Gute Reise!',
    'fr-FR': 'Ravi que cela ait marché. Bon voyage !',
    'es-ES': 'Me alegro de que funcionara. ¡Buen viaje!',
  },
  thanks_for_rating: {
    'en-GB': 'Thank you for the rating.',
    'de-DE': 'Danke für die Bewertung.',
    'fr-FR': 'Merci pour votre note.',
    'es-ES': 'Gracias por su valoración.',
  },
  clarify: {
    'en-GB': 'I did not quite get that. What can I do for you?',
    'de-DE': 'Das habe ich nicht ganz verstanden. Was kann ich für Sie tun?',
    'fr-FR': "Je n'ai pas bien compris. Que puis-je faire pour vous ?",
    'es-ES': 'No lo he entendido bien. ¿Qué puedo hacer por usted?',
  },
  tool_failed: {
    'en-GB': 'Our booking system refused that, so I could not do it.',
    'de-DE': 'Unser Buchungssystem hat das abgelehnt, es ging leider nicht.',
    'fr-FR': "Notre système a refusé, je n'ai pas pu le faire.",
    'es-ES': 'Nuestro sistema lo ha rechazado, no he podido hacerlo.',
  },
};

/** The sentence for a situation. A language that the phrasebook lacks is answered in English. */
export function phraseFor(situation: Situation, locale: string, values: Readonly<Record<string, string | number>>): string {
  const known = LOCALES.find((candidate) => candidate === locale) ?? 'en-GB';
  return PHRASES[situation][known].replace(/\{(\w+)\}/g, (_whole, name: string) => String(values[name] ?? ''));
}
