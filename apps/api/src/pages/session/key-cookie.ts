import type { Config } from '#platform';

/** Where a browser keeps the key between pages. */
export const KEY_COOKIE = 'astrolabe_key';

/**
 * The cookie that holds a key until the browser is closed. Not readable by scripts, not sent along with what other sites start, and where
 * the service is reached over TLS never without it.
 */
export function keyCookie(secret: string, config: Pick<Config, 'PUBLIC_URL'>): string {
  return `${KEY_COOKIE}=${encodeURIComponent(secret)}; ${cookieAttributes(config)}`;
}

/** Makes a browser forget it. */
export function expiredKeyCookie(config: Pick<Config, 'PUBLIC_URL'>): string {
  return `${KEY_COOKIE}=; ${cookieAttributes(config)}; Max-Age=0`;
}

/** What every cookie here is: not for scripts, not for other sites, and over TLS where there is TLS. */
export function cookieAttributes({ PUBLIC_URL: publicUrl }: Pick<Config, 'PUBLIC_URL'>): string {
  return `Path=/; HttpOnly; SameSite=Lax${publicUrl?.startsWith('https:') ? '; Secure' : ''}`;
}
