// A host that no address can have (RFC 2606): what resolves to it was local.
const HERE = 'http://local.invalid';

/**
 * `address` where it leads to a page of this server, without a key in it; otherwise the overview. Nothing that a browser might read as
 * another host comes through: it is taken apart by the rules that browsers use, and what comes out is looked at again.
 */
export function localPath(address: unknown): string {
  if (typeof address !== 'string' || !address.startsWith('/') || !URL.canParse(address, HERE)) return '/';
  const url = new URL(address, HERE);
  url.searchParams.delete('key');
  const path = `${url.pathname}${url.search}`;
  const isLocal = url.origin === HERE && !/^\/[/\\]/.test(path);
  return isLocal && !['/login', '/logout'].includes(url.pathname) ? path : '/';
}
