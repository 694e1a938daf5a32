// Headers of what this proxy serves as files: its pages, and the client library, which other sites may load. Not those
// of errors (plugins/guarded-scope).

/** What every page of this proxy is served with: it may load and reach only this proxy, and nobody may frame it. */
export const PAGE_HEADERS = {
  'content-security-policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; " +
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'",
  'x-content-type-options': 'nosniff',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer'
} as const

/** What the client library is served with. Modules are loaded with CORS, classic scripts without. */
export const LIBRARY_HEADERS = {
  'access-control-allow-origin': '*',
  'cross-origin-resource-policy': 'cross-origin',
  'x-content-type-options': 'nosniff'
} as const
