/** `id`, or `id@version`. */
export function parseVersion(name: string): { id: string; version: number | undefined } {
  const [, id = name, version] = /^(.*)@(\d+)$/.exec(name) ?? [];
  return { id, version: version === undefined ? undefined : Number(version) };
}

/** Whether a contract is named by its file: an id has no such ending, and no folder. */
export function isContractFile(name: string): boolean {
  return /\.ya?ml$/.test(name) || name.includes('/');
}
