/** Who is signed in. The token outlives a reload. */
export class Session {
  get token(): string | null {
    return localStorage.getItem('token');
  }

  async signIn(user: string): Promise<string> {
    const response = await fetch('/auth/login', { method: 'POST', body: JSON.stringify({ user }) });
    const { token } = (await response.json()) as { token: string };
    localStorage.setItem('token', token);
    return token;
  }

  /** A fresh token for the one that was refused, or null: then a person must sign in. */
  async refresh(): Promise<string | null> {
    const response = await fetch('/auth/refresh', { method: 'POST', headers: { Authorization: `Bearer ${this.token}` } }).catch(() => null);
    if (!response?.ok) return null;
    const { token } = (await response.json()) as { token: string };
    localStorage.setItem('token', token);
    return token;
  }

  signOut(): void {
    localStorage.removeItem('token');
  }
}
