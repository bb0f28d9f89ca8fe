import type { ComponentChildren } from 'preact';
import { ICON_PATH, STYLESHEET_PATH } from './assets.js';

export type Section = 'overview' | 'conversations' | 'statements' | 'losses' | 'review' | 'runs' | 'audit';

const SECTIONS: readonly { section: Section; path: string; label: string }[] = [
  { section: 'overview', path: '/', label: 'Overview' },
  { section: 'conversations', path: '/conversations', label: 'Conversations' },
  { section: 'statements', path: '/statements', label: 'Statements' },
  { section: 'losses', path: '/losses', label: 'Losses' },
  { section: 'review', path: '/review', label: 'Review' },
  { section: 'runs', path: '/runs', label: 'Runs' },
  { section: 'audit', path: '/audit', label: 'Audit' },
];

export interface LayoutProps {
  title: string;
  /** Where it differs from the title: without it, for example, on a page whose title is an id. */
  heading?: ComponentChildren;
  section?: Section;
  /** Whose data it is; undefined before log-in, where there is nothing to navigate to. */
  organization?: string;
  /** The address of a script; its handler needs `MayRunScript`. */
  script?: string;
  children: ComponentChildren;
}

/** The frame of every page: landmarks, navigation, and nothing that needs a script. A page that names one works without it too. */
export function Layout({ title, heading, section, organization, script, children }: LayoutProps) {
  return (
    <html lang="en">
      <head>
        <meta charSet="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <meta name="robots" content="noindex" />
        <title>{`${title} · Astrolabe`}</title>
        <link rel="icon" type="image/svg+xml" href={ICON_PATH} />
        <link rel="stylesheet" href={STYLESHEET_PATH} />
        {script !== undefined && <script defer src={script} />}
      </head>
      <body>
        <a class="skip" href="#main">
          Skip to the content
        </a>
        <header class="top">
          <a class="brand" href="/">
            Astrolabe
          </a>
          {organization !== undefined && <Navigation section={section} organization={organization} />}
        </header>
        <main id="main" tabIndex={-1}>
          <h1>{heading ?? title}</h1>
          {children}
        </main>
      </body>
    </html>
  );
}

function Navigation({ section, organization }: { section: Section | undefined; organization: string }) {
  return (
    <>
      <nav aria-label="Pages">
        <ul>
          {SECTIONS.map((each) => (
            <li>
              <a href={each.path} aria-current={each.section === section ? 'page' : undefined}>
                {each.label}
              </a>
            </li>
          ))}
        </ul>
      </nav>
      <form class="account" method="post" action="/logout">
        <span>{organization}</span>
        <button type="submit" class="quiet">
          Log out
        </button>
      </form>
    </>
  );
}
