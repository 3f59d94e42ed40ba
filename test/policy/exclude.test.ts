import { describe, expect, test } from 'vitest';
import { excludesCredentials, isGrant } from '../../sw/policy/exclude.js';

const excludes = (path: string, headers: Record<string, string> = {}) =>
  excludesCredentials(new Request(`https://app.example${path}`, { method: 'POST', headers }));

describe('W1 a request that must not be kept for later', () => {
  test.each([
    ['supabase-js', '/auth/v1/token?grant_type=refresh_token'],
    ['oidc-client-ts', '/api/token'],
    ['Keycloak', '/realms/app/protocol/openid-connect/token'],
    ['Auth0', '/oauth/token'],
    ['an edge function that takes the grant in its URL', '/api/session?grant_type=password'],
    ['pocketbase, renewing', '/api/collections/users/auth-refresh'],
    ['pocketbase, signing in', '/api/collections/users/auth-with-password'],
    ['Django’s SimpleJWT', '/api/token/refresh/'],
    ['flask-jwt-extended', '/api/refresh'],
    ['Laravel', '/login'],
    ['Rails’ Devise', '/users/sign_in'],
    ['Rails’ Devise, leaving', '/users/sign_out'],
    ['better-auth', '/api/auth/sign-in/email'],
    ['Supabase, signing up', '/auth/v1/signup'],
    ['Supabase, leaving', '/auth/v1/logout?scope=global'],
    ['engine.io', '/socket/?EIO=4&transport=polling&sid=x'],
    ['PostHog, asking for flags', '/ph/flags/?v=2&compression=base64'],
  ])('is one of %s', (_, path) => {
    expect(excludes(path)).toBe(true);
  });

  test.each([
    ['tus', { 'Tus-Resumable': '1.0.0' }],
    ['FilePond, that begins to send chunks', { 'Upload-Length': '300' }],
    ['FilePond in chunks', { 'Upload-Offset': '0' }],
  ])('is a step of an upload by %s', (_, headers) => {
    expect(excludes('/api/files/7', headers)).toBe(true);
  });

  test.each(['/api/notes', '/api/tokens/7', '/api/token-prices', '/api/logins', '/api/blogin', '/api/signatures', '/api/refreshments', '/api/notes?token=1', '/api/designs/sign', '/api/flags/', '/api/flags/7?v=2', '/'])(
    'is none at %s',
    (path) => {
      expect(excludes(path)).toBe(false);
    },
  );
});

describe('W1 a body that asks for a token', () => {
  const bytes = (text: string) => new TextEncoder().encode(text).buffer;

  test.each([
    ['application/x-www-form-urlencoded', 'grant_type=refresh_token&refresh_token=x', true],
    ['application/x-www-form-urlencoded;charset=UTF-8', 'client_id=app&grant_type=password', true],
    ['application/json', '{"client_id":"app","grant_type": "refresh_token"}', true],
    ['application/x-www-form-urlencoded', 'text=a&my_grant_type=b', false],
    ['application/json', '{"text":"what is a grant_type?"}', false],
    ['text/plain', 'grant_type=password', false],
    [undefined, 'grant_type=password', false],
  ])('%s: %s', (contentType, body, asks) => {
    expect(isGrant(contentType, bytes(body))).toBe(asks);
  });
});
