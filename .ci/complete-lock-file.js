// Adds to package-lock.json what a registry that carries only some platforms left out of it.
//
// A package with native code names one optional package for each platform. npm drops the ones it cannot fetch from the lock file, and then
// `npm ci` refuses that lock file, here as on the machines that need them. An entry with its version, system and processor is all that npm
// needs: it is skipped where the platform differs, and fetched by name and version where it fits.
//
// Run it after every `npm install` that changes the lock file: node .ci/complete-lock-file.js
import { readFileSync, writeFileSync } from 'node:fs';

const SYSTEMS = { darwin: 'darwin', linux: 'linux', win32: 'win32', windows: 'win32', freebsd: 'freebsd', android: 'android', openharmony: 'openharmony' };
const PROCESSORS = { arm64: 'arm64', x64: 'x64', ia32: 'ia32', arm: 'arm', armv7: 'arm', armv7l: 'arm', ppc64: 'ppc64', ppc64le: 'ppc64', s390x: 's390x', riscv64: 'riscv64', loong64: 'loong64', wasm32: 'wasm32' };
const LIBRARIES = { gnu: 'glibc', gnueabihf: 'glibc', glibc: 'glibc', musl: 'musl', musleabihf: 'musl' };

const path = new URL('../package-lock.json', import.meta.url);
const lock = JSON.parse(readFileSync(path, 'utf8'));
const added = [];
for (const entry of Object.values(lock.packages)) {
  for (const [name, version] of Object.entries(entry.optionalDependencies ?? {})) {
    if (Object.keys(lock.packages).some((place) => place.endsWith(`node_modules/${name}`))) continue;
    const words = name.split('/').at(-1).split('-');
    const [os, cpu, libc] = [SYSTEMS, PROCESSORS, LIBRARIES].map((known) => words.map((word) => known[word]).find(Boolean));
    if (!os && !cpu) throw new Error(`${name}: its name does not tell the platform; add it by hand`);
    const target = { version, ...(cpu && { cpu: [cpu] }), ...(entry.dev && { dev: true }), ...(libc && { libc: [libc] }), optional: true, ...(os && { os: [os] }) };
    lock.packages[`node_modules/${name}`] = target;
    added.push(`${name}@${version}`);
  }
}
lock.packages = Object.fromEntries(Object.entries(lock.packages).sort(([a], [b]) => (a < b ? -1 : 1)));
writeFileSync(path, `${JSON.stringify(lock, null, 2)}\n`);
console.log(added.length === 0 ? 'The lock file is complete.' : `Added ${added.join(', ')}`);
