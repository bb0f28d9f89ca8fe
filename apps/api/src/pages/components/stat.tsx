import type { ComponentChildren } from 'preact';

/** A row of figures that are read at a glance. */
export function Stats({ label, children }: { label: string; children: ComponentChildren }) {
  return (
    <dl class="stats" aria-label={label}>
      {children}
    </dl>
  );
}

export interface StatProps {
  label: string;
  note?: ComponentChildren;
  /** There is no figure yet, and what is shown says so. */
  isEmpty?: boolean;
  children: ComponentChildren;
}

export function Stat({ label, note, isEmpty = false, children }: StatProps) {
  return (
    <div>
      <dt>{label}</dt>
      <dd class={isEmpty ? 'figure none' : 'figure'}>{children}</dd>
      {note !== undefined && <dd class="note">{note}</dd>}
    </div>
  );
}

/** What is said of one thing, by name. */
export function Facts({ facts }: { facts: readonly (readonly [name: string, value: ComponentChildren])[] }) {
  return (
    <dl class="facts">
      {facts.map(([name, value]) => (
        <div>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}
