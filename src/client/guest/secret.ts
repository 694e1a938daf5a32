// The secret of the invitation that this page came by: from the fragment of its address, which browsers never send. It
// leaves the address bar at once and stays in this tab.

/** 128 bits in base64url, after the #. */
const FRAGMENT = /^#([A-Za-z0-9_-]{22})$/
const KEY = 'nws.invitation'

function bytesOf(text: string): Uint8Array {
  const bytes = atob(text.replaceAll('-', '+').replaceAll('_', '/'))
  return Uint8Array.from(bytes, character => character.charCodeAt(0))
}

/** A tab may forbid storage. */
function stored(): string {
  try {
    return sessionStorage.getItem(KEY) ?? ''
  } catch {
    return ''
  }
}

/** Takes the secret. @returns undefined: this page has none */
export function takeSecret(): Uint8Array | undefined {
  const fresh = FRAGMENT.exec(location.hash)?.[1]
  if (fresh !== undefined) {
    history.replaceState(history.state, '', location.pathname + location.search)
    try {
      sessionStorage.setItem(KEY, fresh)
    } catch {
      // A reload then needs the code again.
    }
  }
  const text = fresh ?? stored()
  return FRAGMENT.test(`#${text}`) ? bytesOf(text) : undefined
}
