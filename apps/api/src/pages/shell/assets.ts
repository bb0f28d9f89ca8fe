import { sha256Hex } from '#platform';
import { reviewKeys } from '../review/review-keys.js';
import { stylesheet } from './stylesheet.js';

/** An astrolabe's rim, its pointer and its pin. */
export const icon = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32" fill="none" stroke="#3858a8" stroke-width="3" stroke-linecap="round">
<circle cx="16" cy="16" r="13"/><path d="M7 22 25 10"/><circle cx="16" cy="16" r="1.5"/></svg>`;

// Named by what is in them: a browser may keep them for ever, and never shows a new page in an old style.
const HASH_CHARACTERS = 12;
const versioned = (path: string, content: string): string => `${path}?v=${sha256Hex(content).slice(0, HASH_CHARACTERS)}`;

export const STYLESHEET_PATH = versioned('/assets/astrolabe.css', stylesheet);
export const REVIEW_KEYS_PATH = versioned('/assets/review-keys.js', reviewKeys);
export const ICON_PATH = versioned('/assets/astrolabe.svg', icon);
