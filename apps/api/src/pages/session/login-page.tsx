import { Layout } from '../shell/layout.js';

export interface LoginPageProps {
  /** A local path, where to go afterwards. */
  next: string;
  /** What was wrong with the key that was given. */
  problem?: string;
}

export function LoginPage({ next, problem }: LoginPageProps) {
  return (
    <Layout title="Log in">
      <form class="login" method="post" action="/login">
        <input type="hidden" name="next" value={next} />
        {problem !== undefined && (
          <p class="problem" role="alert" id="problem">
            {problem}
          </p>
        )}
        <label for="key">API key</label>
        <input
          id="key"
          name="key"
          type="password"
          required
          autoFocus
          autoComplete="current-password"
          spellcheck={false}
          placeholder="astk_…"
          aria-invalid={problem === undefined ? undefined : 'true'}
          aria-describedby={problem === undefined ? 'hint' : 'problem hint'}
        />
        <p class="note" id="hint">
          A key with the scope <code>read</code>. The first one is printed when the service starts for the first time.
        </p>
        <button type="submit">Log in</button>
      </form>
    </Layout>
  );
}
